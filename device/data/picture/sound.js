// The tracks' sound: unpacked when it is first asked for, and played from any point.

const BLOCK = 1024; // samples of a block; device/simulation/picture/adpcm.py packs them
const CHANGES = [-1, -1, -1, -1, 2, 4, 6, 8];

/** Return packed sound, base64 of gzip of blocks, as `samples` floats. */
export async function unpack(packed, samples, sizes) {
    const zipped = new Blob([Uint8Array.from(atob(packed), (c) => c.charCodeAt(0))]);
    const unzipped = zipped.stream().pipeThrough(new DecompressionStream("gzip"));
    const bytes = new DataView(await new Response(unzipped).arrayBuffer());
    const sound = new Float32Array(samples);
    for (let at = 0, start = 0; start < samples; start += BLOCK, at += 4 + BLOCK / 2) {
        let value = bytes.getInt16(at, true);
        let size = bytes.getUint8(at + 2);
        for (let i = 0; i < BLOCK && start + i < samples; i++) {
            const code = (bytes.getUint8(at + 4 + (i >> 1)) >> (i & 1 ? 4 : 0)) & 15;
            const step = ((2 * (code & 7) + 1) * sizes[size]) >> 3;
            value = Math.max(-32768, Math.min(32767, code & 8 ? value - step : value + step));
            size = Math.max(0, Math.min(sizes.length - 1, size + CHANGES[code & 7]));
            sound[start + i] = value / 32768;
        }
    }
    return sound;
}

/** Plays tracks together, each of which can be heard or not. */
export class Player {
    /** `sound` is `{rate, samples, steps, tracks: {name: packed}}`; `heard` says which tracks are, by their names. */
    constructor(sound, heard) {
        this.sound = sound;
        this.heard = heard;
        this.at = 0;
        this.sources = [];
        this.onend = () => {};
    }

    get playing() {
        return this.sources.length > 0;
    }

    /** Where it is, in seconds. */
    get currentTime() {
        if (!this.playing) return this.at;
        return Math.min(this.seconds, this.from + Math.max(0, this.context.currentTime - this.began));
    }

    get seconds() {
        return this.sound.samples / this.sound.rate;
    }

    /** Go somewhere, and go on playing if it does. */
    seek(seconds) {
        this.at = Math.max(0, Math.min(this.seconds, seconds));
        if (this.playing) this.start();
    }

    async play() {
        await (this.ready ??= this.load());
        await this.context.resume();
        if (this.at >= this.seconds - 0.01) this.at = 0;
        this.start();
    }

    pause() {
        this.at = this.currentTime;
        this.stop();
    }

    hear(track, on) {
        this.heard[track] = on;
        if (this.gains) this.gains[track].gain.value = on ? 1 : 0;
    }

    async load() {
        const { rate, samples, steps, tracks } = this.sound;
        this.context = new AudioContext();
        this.buffers = {};
        this.gains = {};
        for (const [track, packed] of Object.entries(tracks)) {
            this.buffers[track] = this.context.createBuffer(1, samples, rate);
            this.buffers[track].copyToChannel(await unpack(packed, samples, steps), 0);
            this.gains[track] = this.context.createGain();
            this.gains[track].gain.value = this.heard[track] ? 1 : 0;
            this.gains[track].connect(this.context.destination);
        }
    }

    start() {
        this.stop();
        this.from = this.at;
        this.began = this.context.currentTime;
        this.sources = Object.entries(this.buffers).map(([track, buffer]) => {
            const source = this.context.createBufferSource();
            source.buffer = buffer;
            source.connect(this.gains[track]);
            source.start(this.began, this.from);
            return source;
        });
        this.sources[0].onended = () => {
            this.at = this.seconds;
            this.sources = [];
            this.onend();
        };
    }

    stop() {
        for (const source of this.sources) {
            source.onended = null;
            source.stop();
        }
        this.sources = [];
    }
}
