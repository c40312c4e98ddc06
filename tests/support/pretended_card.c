/* A pretended sound card for ALSA: fixed rate, channels and format, paced by the monotonic clock. See pretended_cards.py.
 *
 * A microphone hears a tone on one channel, or a file, and what was played into the same `air`. */
#define PIC 1
#include <alsa/asoundlib.h>
#include <alsa/control_external.h>
#include <alsa/pcm_external.h>
#include <fcntl.h>
#include <math.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#define AIR 262144 /* samples that it keeps */
#define DELAY_S 0.015 /* from loudspeaker to microphone, longer than a transfer is early */

typedef struct { /* what a loudspeaker has played, at its own pace */
    double began, rate;
    int64_t written;
    float samples[AIR];
} air;

typedef struct {
    snd_pcm_ioplug_t io;
    long rate, channels, channel, busy, ppm;
    double level, began, phase;
    int running;
    int64_t moved; /* frames since it was started */
    int16_t *file;
    int64_t length;
    air *air;
} card;

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static double pace(card *c) { return (double)c->rate * (1 + (double)c->ppm * 1e-6); }

static int start(snd_pcm_ioplug_t *io) {
    card *c = io->private_data;
    struct itimerspec every = {{0, 2000000}, {0, 2000000}};
    c->began = now();
    c->running = 1;
    if (c->air && io->stream == SND_PCM_STREAM_PLAYBACK) {
        /* What was queued before the start is played from now on. */
        c->air->began = c->began - (double)(c->air->written - c->moved) / pace(c);
        c->air->rate = pace(c);
    }
    if (io->stream == SND_PCM_STREAM_CAPTURE) c->moved = 0;
    return timerfd_settime(io->poll_fd, 0, &every, NULL);
}

static int stop(snd_pcm_ioplug_t *io) {
    card *c = io->private_data;
    c->running = 0;
    return 0;
}

static int prepare(snd_pcm_ioplug_t *io) {
    card *c = io->private_data;
    c->running = 0;
    c->moved = 0;
    return 0;
}

static snd_pcm_sframes_t pointer(snd_pcm_ioplug_t *io) {
    card *c = io->private_data;
    if (!c->running) return 0;
    return (snd_pcm_sframes_t)((uint64_t)((now() - c->began) * pace(c)) % io->buffer_size);
}

static double around(card *c, double at) { /* what the loudspeaker in the same air plays then */
    air *a = c->air;
    if (!a || a->rate == 0) return 0;
    double frame = (at - DELAY_S - a->began) * a->rate;
    int64_t whole = (int64_t)floor(frame);
    if (whole < 0 || whole + 1 >= a->written || whole < a->written - AIR) return 0;
    double part = frame - (double)whole;
    return (1 - part) * a->samples[whole % AIR] + part * a->samples[(whole + 1) % AIR];
}

static double heard(card *c) {
    double value = around(c, c->began + (double)c->moved / pace(c));
    if (c->file) return value + (c->moved < c->length ? c->file[c->moved] / 32768.0 : 0);
    c->phase += 2 * M_PI * 440 / (double)c->rate;
    return value + sin(c->phase) * c->level;
}

static snd_pcm_sframes_t transfer(
    snd_pcm_ioplug_t *io, const snd_pcm_channel_area_t *areas, snd_pcm_uframes_t offset, snd_pcm_uframes_t frames) {
    card *c = io->private_data;
    for (snd_pcm_uframes_t f = 0; f < frames; f++, c->moved++) {
        double value = io->stream == SND_PCM_STREAM_CAPTURE ? heard(c) : 0;
        for (unsigned n = 0; n < io->channels; n++) {
            char *at = (char *)areas[n].addr + (areas[n].first + (offset + f) * areas[n].step) / 8;
            if (io->stream == SND_PCM_STREAM_CAPTURE) {
                double part = fmax(-1, fmin(1, (long)n == c->channel ? value : 0));
                if (io->format == SND_PCM_FORMAT_S16_LE) *(int16_t *)at = (int16_t)lrint(part * 32767);
                else *(int32_t *)at = (int32_t)lrint(part * 2147483647.0);
            } else if (n == 0 && c->air) {
                double sample = io->format == SND_PCM_FORMAT_S16_LE ? *(int16_t *)at / 32768.0 : *(int32_t *)at / 2147483648.0;
                c->air->samples[c->air->written % AIR] = (float)sample;
                c->air->written++;
            }
        }
    }
    return (snd_pcm_sframes_t)frames;
}

static int closed(snd_pcm_ioplug_t *io) {
    close(io->poll_fd);
    free(io->private_data);
    return 0;
}

static int ready(snd_pcm_ioplug_t *io, struct pollfd *poll, unsigned count, unsigned short *events) {
    uint64_t ticks;
    (void)poll, (void)count;
    if (read(io->poll_fd, &ticks, sizeof ticks) < 0) { }
    snd_pcm_sframes_t there = snd_pcm_avail_update(io->pcm);
    int playing = io->stream == SND_PCM_STREAM_PLAYBACK;
    *events = there < 0 || (snd_pcm_uframes_t)there >= io->period_size ? (playing ? POLLOUT : POLLIN) : 0;
    return 0;
}

static const snd_pcm_ioplug_callback_t callbacks = {
    .start = start, .stop = stop, .pointer = pointer, .transfer = transfer, .prepare = prepare, .close = closed,
    .poll_revents = ready,
};

static void *mapped(const char *path, int64_t *size, int flags) {
    int file = open(path, flags, 0600);
    if (file < 0) return NULL;
    if (flags & O_CREAT && ftruncate(file, *size) < 0) { }
    *size = lseek(file, 0, SEEK_END);
    void *memory = mmap(NULL, (size_t)*size, PROT_READ | (flags & O_RDWR ? PROT_WRITE : 0), MAP_SHARED, file, 0);
    close(file);
    return memory == MAP_FAILED ? NULL : memory;
}

SND_PCM_PLUGIN_DEFINE_FUNC(pretended) {
    snd_config_iterator_t i, next;
    card *c = calloc(1, sizeof *c);
    const char *format = "S16_LE", *direction = "both", *file = NULL, *through = NULL;
    (void)root;
    c->rate = 48000, c->channels = 1, c->level = 0.25;
    snd_config_for_each(i, next, conf) {
        snd_config_t *n = snd_config_iterator_entry(i);
        const char *id;
        if (snd_config_get_id(n, &id) < 0) continue;
        if (!strcmp(id, "rate")) snd_config_get_integer(n, &c->rate);
        else if (!strcmp(id, "channels")) snd_config_get_integer(n, &c->channels);
        else if (!strcmp(id, "channel")) snd_config_get_integer(n, &c->channel);
        else if (!strcmp(id, "busy")) snd_config_get_integer(n, &c->busy);
        else if (!strcmp(id, "ppm")) snd_config_get_integer(n, &c->ppm);
        else if (!strcmp(id, "level")) snd_config_get_ireal(n, &c->level);
        else if (!strcmp(id, "format")) snd_config_get_string(n, &format);
        else if (!strcmp(id, "direction")) snd_config_get_string(n, &direction);
        else if (!strcmp(id, "file")) snd_config_get_string(n, &file);
        else if (!strcmp(id, "air")) snd_config_get_string(n, &through);
    }
    int fault = c->busy ? -EBUSY : 0;
    if (!strcmp(direction, stream == SND_PCM_STREAM_PLAYBACK ? "capture" : "playback")) fault = -ENOENT;
    if (fault) {
        free(c);
        return fault;
    }
    if (file) {
        c->file = mapped(file, &c->length, O_RDONLY);
        c->length /= 2;
    }
    int64_t size = sizeof(air);
    if (through) c->air = mapped(through, &size, O_RDWR | O_CREAT);
    c->io.version = SND_PCM_IOPLUG_VERSION, c->io.name = "pretended card", c->io.callback = &callbacks;
    c->io.private_data = c;
    c->io.poll_fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC), c->io.poll_events = POLLIN;
    if ((fault = snd_pcm_ioplug_create(&c->io, name, stream, mode)) < 0) {
        free(c);
        return fault;
    }
    unsigned formats = (unsigned)snd_pcm_format_value(format);
    unsigned access[] = {SND_PCM_ACCESS_RW_INTERLEAVED, SND_PCM_ACCESS_MMAP_INTERLEAVED};
    unsigned rate = (unsigned)c->rate, channels = (unsigned)c->channels;
    snd_pcm_ioplug_set_param_list(&c->io, SND_PCM_IOPLUG_HW_ACCESS, 2, access);
    snd_pcm_ioplug_set_param_list(&c->io, SND_PCM_IOPLUG_HW_FORMAT, 1, &formats);
    snd_pcm_ioplug_set_param_minmax(&c->io, SND_PCM_IOPLUG_HW_CHANNELS, channels, channels);
    snd_pcm_ioplug_set_param_minmax(&c->io, SND_PCM_IOPLUG_HW_RATE, rate, rate);
    snd_pcm_ioplug_set_param_minmax(&c->io, SND_PCM_IOPLUG_HW_PERIOD_BYTES, 64, 1 << 20);
    snd_pcm_ioplug_set_param_minmax(&c->io, SND_PCM_IOPLUG_HW_BUFFER_BYTES, 256, 1 << 24);
    snd_pcm_ioplug_set_param_minmax(&c->io, SND_PCM_IOPLUG_HW_PERIODS, 2, 1024);
    *pcmp = c->io.pcm;
    return 0;
}
SND_PCM_PLUGIN_SYMBOL(pretended);

/* Its mixer: a capture volume. */

static int elements(snd_ctl_ext_t *ext) { (void)ext; return 1; }
static int list(snd_ctl_ext_t *ext, unsigned offset, snd_ctl_elem_id_t *id) {
    (void)ext, (void)offset;
    snd_ctl_elem_id_set_interface(id, SND_CTL_ELEM_IFACE_MIXER);
    snd_ctl_elem_id_set_name(id, "Mic Capture Volume");
    return 0;
}
static snd_ctl_ext_key_t find(snd_ctl_ext_t *ext, const snd_ctl_elem_id_t *id) { (void)ext, (void)id; return 0; }
static int attribute(snd_ctl_ext_t *ext, snd_ctl_ext_key_t key, int *type, unsigned *access, unsigned *count) {
    (void)ext, (void)key;
    *type = SND_CTL_ELEM_TYPE_INTEGER, *access = SND_CTL_EXT_ACCESS_READWRITE, *count = 1;
    return 0;
}
static int range(snd_ctl_ext_t *ext, snd_ctl_ext_key_t key, long *least, long *most, long *step) {
    (void)ext, (void)key;
    *least = 0, *most = 100, *step = 1;
    return 0;
}
static int get(snd_ctl_ext_t *ext, snd_ctl_ext_key_t key, long *value) { (void)ext, (void)key; *value = 50; return 0; }
static int set(snd_ctl_ext_t *ext, snd_ctl_ext_key_t key, long *value) { (void)ext, (void)key, (void)value; return 0; }
static int event(snd_ctl_ext_t *ext, snd_ctl_elem_id_t *id, unsigned *mask) {
    (void)ext, (void)id, (void)mask;
    return -EAGAIN;
}
static const snd_ctl_ext_callback_t mixer = {
    .elem_count = elements, .elem_list = list, .find_elem = find, .get_attribute = attribute,
    .get_integer_info = range, .read_integer = get, .write_integer = set, .read_event = event,
};

SND_CTL_PLUGIN_DEFINE_FUNC(pretended) {
    snd_ctl_ext_t *ext = calloc(1, sizeof *ext);
    (void)root, (void)conf;
    ext->version = SND_CTL_EXT_VERSION, ext->callback = &mixer, ext->poll_fd = -1;
    strcpy(ext->id, "pretended"), strcpy(ext->driver, "pretended"), strcpy(ext->name, "pretended card");
    strcpy(ext->longname, "pretended card"), strcpy(ext->mixername, "pretended card");
    int fault = snd_ctl_ext_create(ext, name, mode);
    if (fault < 0) return fault;
    *handlep = ext->handle;
    return 0;
}
SND_CTL_PLUGIN_SYMBOL(pretended);
