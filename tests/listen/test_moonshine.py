import re
import threading

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.speech import noise, say, silence

from device.listen.moonshine import EXPECTED, Moonshine, _loop, _read_tokens, load_moonshine
from device.listen.moonshine_networks import BEGIN
from device.model_files.files import ModelError

SENTENCES = [
    "What time is it?",
    "Turn the volume up to fifty percent.",
    "Set a timer for five minutes.",
    "Tell me a joke.",
    "Cancel the pasta timer.",
    "Stop.",
    "How are you?",
    "What day is it today?",
]


def words(text):
    return re.findall(r"[a-z0-9']+", text.lower().replace("50%", "fifty percent").replace("per cent", "percent"))


def errors(said, heard):
    """Count the words to change, add or take away: Levenshtein's distance."""
    row = list(range(len(heard) + 1))
    for i, word in enumerate(said, 1):
        before, row[0] = row[0], i
        for j, other in enumerate(heard, 1):
            before, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, before + (word != other))
    return row[-1]


@pytest.fixture(scope="module")
def moonshine(models):
    models("moonshine_tiny_en/encoder_model.ort")
    return load_moonshine()


def test_word_error_rate(moonshine):
    wrong = sum(errors(words(text), words(moonshine.transcribe(say(text)))) for text in SENTENCES)
    assert wrong / sum(len(words(text)) for text in SENTENCES) < 0.2


@pytest.mark.parametrize(
    ("said", "voice", "heard"),
    [
        ("Hey Jarvis, what time is it?", "en-gb-x-rp", "What time is it?"),  # without: "Change office, …"
        ("Hey Jarvis, what time is it?", "en-gb", "What time is it?"),
        ("Alexa, what time is it?", "en-us", "What time is it?"),  # without: "I like so. …"
        ("Hey Jarvis.", "en-gb-x-rp", ""),  # without: "Hey, John V."
        ("Hey, what time is it?", "en-gb", "Okay, what time is it?"),
        ("What time is it?", "en-gb", "What time is it?"),
    ],
)
def test_whom_the_speaker_means_is_no_part_of_what_they_say(moonshine, said, voice, heard):
    assert moonshine.transcribe(say(said, voice), addresses=("alexa", "hey jarvis")) == heard


def test_what_comes_after_the_address_is_looked_for_among_the_hypotheses(moonshine):
    asked = []
    moonshine.transcribe(
        say("Hey Jarvis, cancel.", "en-gb-x-rp"), lambda text: asked.append(text) or 0, ("hey jarvis",)
    )
    assert asked
    assert not any("arvi" in text or text[:1].islower() for text in asked)


@pytest.mark.parametrize("gain_db", [-20, -35])
def test_quiet_speech_is_understood(moonshine, gain_db):
    pcm = (say("What time is it?") * 10 ** (gain_db / 20)).astype(np.int16)
    assert moonshine.transcribe(pcm) == "What time is it?"


@pytest.mark.parametrize(
    "pcm",
    [
        silence(0),
        silence(2),
        say("Stop.")[:1500],
        noise(0.5, -70),
        *(noise(seconds, dbfs) for seconds in (0.3, 1, 3) for dbfs in (-50, -30, -15)),
        np.tile(np.hanning(160) * 20000, 3).astype(np.int16).repeat(20)[: 16_000 * 2],
        (3000 * np.sin(np.arange(32_000) * 2 * np.pi * 50 / 16_000)).astype(np.int16),
    ],
)
def test_no_words_where_nobody_speaks(moonshine, pcm):
    assert moonshine.transcribe(pcm) == ""


@pytest.mark.parametrize("text", ["Hey Jarvis.", "Hey Jarvis stop.", "Hey Jarvis, what time is it?"])
def test_it_tells_the_wake_word_from_what_sounds_like_it(moonshine, text):
    found = moonshine.begins_with(framed(say(text)), "hey jarvis")
    assert found.phrase - found.written > -5
    for other in ("Hey, Charlie is at the door.", "What time is it?"):
        found = moonshine.begins_with(framed(say(other)), "hey jarvis")
        assert found.phrase - found.written < -8
        assert found.written > -3


def framed(pcm):
    """Return speech with a little silence around it, full scale 1."""
    return np.pad(pcm.astype(np.float32) / 32768, 1600)


def test_speech_in_silence_and_noise(moonshine):
    pcm = (
        np.concatenate([silence(1), say("What time is it?"), silence(1)])
        + noise(5, -60)[: len(say("What time is it?")) + 32_000]
    )
    assert moonshine.transcribe(pcm) == "What time is it?"


def test_long_speech_is_cut_and_whole(moonshine):
    first, then = say("What time is it?"), say("Tell me a joke.")
    pcm = np.concatenate([first, silence(27), then, silence(5), first])
    assert moonshine.transcribe(pcm) == "What time is it? Tell me a joke. What time is it?"


def test_of_what_is_nearly_as_likely_what_is_understood_is_taken(moonshine):
    pcm = say("cancel", "en-us+f3")
    asked = []

    def understood(text):
        asked.append(text)
        return text.strip(".!?").lower() == "cancel"

    assert moonshine.transcribe(pcm, understood).strip(".!?").lower() == "cancel"
    # What is not likely is not taken, though it were understood.
    assert "banana" not in moonshine.transcribe(pcm, lambda text: "banana" in text.lower()).lower()
    assert len(asked) > 1


def test_what_is_understood_at_once_takes_no_second_look(moonshine, monkeypatch):
    monkeypatch.setattr("device.listen.moonshine.likeliest", lambda *_, **__: pytest.fail("looked again"))
    assert moonshine.transcribe(say("What time is it?"), lambda _: EXPECTED) == "What time is it?"


def test_noise_is_not_made_into_what_is_understood(moonshine):
    for dbfs in (-50, -30, -15):
        assert moonshine.transcribe(noise(1, dbfs), bool) == ""


class Table:
    """Networks whose next token is by a table of what came before; what is missing ends."""

    def __init__(self, after):
        self.tokens, self._after = len(TOKENS), after

    def encode(self, audio):
        return np.zeros((1, 1), np.float32), {}

    def begin(self, states, keys, length):
        return _Going(self._after)


class _Going:
    def __init__(self, after):
        self._after, self._at = after, [()]

    def step(self, tokens):
        self._at = [at if token == BEGIN else (*at, TOKENS[token]) for at, token in zip(self._at, tokens, strict=True)]
        rows = np.full((len(self._at), len(TOKENS)), -20.0)
        for row, at in zip(rows, self._at, strict=True):
            for token, p in self._after.get(at, {"</s>": 0.95}).items():
                row[TOKENS.index(token)] = np.log(p)
        return rows

    def keep(self, which):
        self._at = [self._at[i] for i in which]


TOKENS = ["<unk>", "<s>", "</s>", "Coal", " man", "Call", " mum"]


def tabled(monkeypatch, tmp_path, after):
    """Return a `Moonshine` whose networks go by a table."""
    monkeypatch.setattr("device.listen.moonshine.Networks", lambda *_: Table(after))
    file = tmp_path / "tokenizer.bin"
    file.write_bytes(b"".join(bytes([len(token)]) + token.encode() for token in TOKENS))
    return Moonshine(tmp_path, tmp_path, file)


def mums(text):
    return EXPECTED if "mum" in text else 0


def test_speech_that_passes_for_silence_is_looked_at_for_what_is_understood(monkeypatch, tmp_path):
    one = tabled(monkeypatch, tmp_path, {(): {"</s>": 0.7, "Coal": 0.2, "Call": 0.1}, ("Call",): {" mum": 0.6}})
    assert one.transcribe(say("Call mum.")) == ""
    assert one.transcribe(say("Call mum."), lambda _: 0) == ""
    assert one.transcribe(say("Call mum."), mums) == "Call mum"
    assert one.transcribe(silence(1), mums) == ""


def test_what_is_expected_outweighs_some_likelihood_and_not_more(monkeypatch, tmp_path):
    heard = {("Coal",): {" man": 0.9}, ("Call",): {" mum": 0.9}}
    near = tabled(monkeypatch, tmp_path, {(): {"Coal": 0.8, "Call": 0.02}, **heard})
    assert near.transcribe(say("Call mum."), mums) == "Call mum"
    # It is no surer of it for that.
    assert near.hear(say("Call mum."), mums).confidence < -1
    far = tabled(monkeypatch, tmp_path, {(): {"Coal": 0.8, "Call": 0.004}, **heard})
    assert far.transcribe(say("Call mum."), mums) == "Coal man"


@pytest.mark.parametrize(
    ("likely", "understood", "opinions"),
    [(0.9, None, 1), (0.4, None, 2), (0.4, mums, 1), (0.4, lambda _: 1, 2), (0.2, mums, 2)],
)
def test_a_second_opinion_is_asked_for_if_one_is_worth_it(monkeypatch, tmp_path, likely, understood, opinions):
    one = tabled(monkeypatch, tmp_path, {(): {"Call": likely}, ("Call",): {" mum": 0.9}})
    asked = []
    monkeypatch.setattr(Table, "encode", lambda _, audio: (asked.append(1) or np.zeros((1, 1), np.float32), {}))
    assert one.transcribe(say("Call mum."), understood) == "Call mum"
    assert len(asked) == opinions


@pytest.mark.parametrize(("understood", "opinions"), [(mums, 1), (lambda text: "mum" in text, 2), (lambda _: 0, 2)])
def test_a_closer_look_is_taken_only_where_nothing_expected_was_found(monkeypatch, tmp_path, understood, opinions):
    heard = {("Coal",): {" man": 0.4}, ("Call",): {" mum": 0.9}}
    one = tabled(monkeypatch, tmp_path, {(): {"Coal": 0.5, "Call": 0.3}, **heard})
    asked = []
    monkeypatch.setattr(Table, "encode", lambda _, audio: (asked.append(1) or np.zeros((1, 1), np.float32), {}))
    assert one.transcribe(say("Call mum."), understood) == "Call mum"
    assert len(asked) == opinions


def test_what_was_surely_said_takes_no_second_look_though_other_words_would_be_likelier(monkeypatch, tmp_path):
    heard = {("Coal",): {" man": 0.98}, ("Coal", " man"): {"</s>": 0.98}, ("Call",): {" mum": 0.9}}
    one = tabled(monkeypatch, tmp_path, {(): {"Coal": 0.95, "Call": 0.05}, **heard})
    assert one.transcribe(say("Call mum."), lambda text: 2 if "mum" in text else 1) == "Coal man"
    assert one.transcribe(say("Call mum."), lambda text: 2 if "mum" in text else 0) == "Coal man"


def test_several_threads_at_once(moonshine):
    texts = ["What time is it?", "Stop.", "Tell me a joke."]
    heard = {}

    def listen(text):
        heard[text] = moonshine.transcribe(say(text))

    threads = [threading.Thread(target=listen, args=(text,)) for text in texts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert heard == {text: text for text in texts}


@pytest.mark.parametrize("pcm", [np.zeros(16_000, np.float32), np.zeros((16_000, 2), np.int16)])
def test_other_audio_is_refused(moonshine, pcm):
    with pytest.raises(ValueError, match=re.escape(str(pcm.shape))):
        moonshine.transcribe(pcm)


def test_missing_and_broken_files_are_named(models, tmp_path):
    encoder, decoder, tokenizer = (
        models(f"moonshine_tiny_en/{file}")
        for file in ("encoder_model.ort", "decoder_model_merged.ort", "tokenizer.bin")
    )
    with pytest.raises(ModelError, match=r"nowhere.*models fetch"):
        Moonshine(tmp_path / "nowhere", decoder, tokenizer)
    broken = tmp_path / "tokenizer.bin"
    broken.write_bytes(tokenizer.read_bytes()[:-3])
    with pytest.raises(ModelError, match=r"tokenizer\.bin is truncated"):
        Moonshine(encoder, decoder, broken)
    broken.write_bytes(b"\x01a")
    with pytest.raises(ModelError, match="do not belong together"):
        Moonshine(encoder, decoder, broken)


@given(st.lists(st.binary(max_size=300)))
def test_token_file(tmp_path_factory, tokens):
    path = tmp_path_factory.mktemp("tokens") / "tokenizer.bin"
    path.write_bytes(
        b"".join((bytes([len(t)]) if len(t) < 128 else bytes([len(t) % 128 + 128, len(t) // 128])) + t for t in tokens)
    )
    assert _read_tokens(path) == tokens


@given(st.lists(st.integers(3, 9), min_size=1, max_size=8), st.lists(st.integers(10, 20), max_size=5))
def test_loops_are_found(phrase, start):
    assert _loop([*start, *phrase * 4]) > 0
    assert _loop([*start, *phrase]) in (0, *range(3, len(phrase)))
