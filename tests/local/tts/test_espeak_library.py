import threading

import pytest

from device.local.tts import espeak_library
from device.local.tts.espeak_library import VoiceError


def test_stop_reaches_the_library():
    library = espeak_library.library()
    job = espeak_library.Job(b"one hundred and eleven thousand, " * 300, library.resolve("en-gb"), 165)
    library.jobs.put(job)
    job.pieces.get()
    job.stop()
    pieces = 0
    while job.pieces.get() is not None:
        pieces += 1
    # All of it would be about twelve thousand pieces.
    assert pieces < 6_000
    # Nor is anything left of it in what comes next.
    assert library.phonemes("hello world", library.resolve("en-us")) == "həlˈoʊ wˈɜːld"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("hello world", "həlˈoʊ wˈɜːld"),
        ("seven, two. Three", "sˈɛvən tˈuː θɹˈiː"),
        ("", ""),
        ("\0", ""),
        ("...", ""),
    ],
)
def test_phonemes(text, said):
    library = espeak_library.library()
    assert library.phonemes(text, library.resolve("en-us")) == said


def test_a_word_of_another_language_leaves_no_mark():
    library = espeak_library.library()
    assert not set("()") & set(library.phonemes("привет こんにちは", library.resolve("en-us")))


def test_phonemes_and_speech_do_not_get_in_each_other_s_way():
    library = espeak_library.library()
    voices = {"en-us": "həlˈoʊ", "de": "hˈɛloː"}
    found, lengths = {}, []

    def ask(name, said):
        found[name] = {library.phonemes("hello", library.resolve(name)) for _ in range(20)}

    def speak():
        for _ in range(5):
            job = espeak_library.Job(b"one two three four", library.resolve("en-gb"), 300)
            library.jobs.put(job)
            length = 0
            while (piece := job.pieces.get()) is not None:
                length += len(piece)
            lengths.append(length)

    threads = [threading.Thread(target=ask, args=item) for item in voices.items()]
    threads.append(threading.Thread(target=speak))
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert found == {name: {said} for name, said in voices.items()}
    # The rate is that of each job, whatever came between: at the usual one it would be almost twice as long.
    assert max(lengths) < 1.2 * min(lengths)


def test_missing_library(monkeypatch):
    monkeypatch.setattr(espeak_library, "LIBRARY", "libespeak-nowhere.so.1")
    with pytest.raises(VoiceError, match=r"libespeak-nowhere.*apt install libespeak-ng1"):
        espeak_library.Library()
