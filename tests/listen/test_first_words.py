import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.speech import mix, noise, say, silence

from device.listen.by_sound import by_sound
from device.listen.first_words import BEFORE, GUESSED, LONG_MS, PAD, BySound, audible, listen_to, meaning_of, weigh
from device.listen.lexicon import lexicon
from device.listen.moonshine import load_moonshine

LEXICON = lexicon("en")
EVEN = BySound(0.25, 0.25, 0.25, 0.25)
INTERRUPTS = {"stop", "speech"}


@pytest.mark.parametrize(
    ("text", "meaning"),
    [
        ("", "nothing"),
        ("...", "nothing"),
        ("Uh-huh.", "backchannel"),
        ("Mm-hmm,", "backchannel"),
        ("Yeah, okay. Right.", "backchannel"),
        ("I see.", "backchannel"),
        ("I see a problem.", "speech"),
        ("Okay, tell me", "speech"),
        ("Oh, okay, stop.", "stop"),
        ("Stop!", "stop"),
        ("No, the other one", "stop"),
        ("Hold on a minute.", "stop"),
        ("Holding hands", "speech"),
        ("What time is it?", "stop"),
        ("Tell me a joke.", "speech"),
        # What the recogniser writes of people who nod at length, again and again, or laugh.
        ("Okaaay.", "backchannel"),
        ("COOOOOL!", "backchannel"),
        ("Hmmmmm...", "backchannel"),
        ("Nooooo!", "stop"),
        ("Yeah yeah yeah.", "backchannel"),
        ("Mm-hm, mm-hm, mm-hm.", "backchannel"),
        ("Ha ha ha ha", "backchannel"),
        ("Hahaha.", "backchannel"),
        ("Roger that.", "backchannel"),
        ("Totally.", "backchannel"),
        ("Aye aye, captain!", "backchannel"),
        ("Go on.", "backchannel"),
        # It begins with a word that interrupts.
        ("No problem!", "backchannel"),
        ("What a shame.", "backchannel"),
        ("What a long list", "stop"),
        ("No, problem seven", "stop"),
        ("Totally wrong", "speech"),
        ("Go on to the next one", "speech"),
    ],
)
def test_what_words_mean(text, meaning):
    assert meaning_of(text, LEXICON) == meaning


@pytest.mark.parametrize(
    ("text", "meaning"),
    [
        ("Stopp!", "stop"),
        ("Stop.", "stop"),
        ("Warte mal.", "stop"),
        ("Nein, ich meinte zehn Minuten", "stop"),
        ("Ja, okay, stopp.", "stop"),
        ("Moment!", "stop"),
        ("Halt", "stop"),
        ("Wie bitte?", "stop"),
        ("Hör auf", "stop"),
        ("Sei still", "stop"),
        ("Erzähl mir einen Witz", "speech"),
        ("Jazz im Radio", "speech"),
        ("Genaue Angaben", "speech"),
        ("Ich verstehe dich nicht", "speech"),
        ("Mhm.", "backchannel"),
        ("Ja.", "backchannel"),
        ("Ja, genau.", "backchannel"),
        ("Genau!", "backchannel"),
        ("Ach so, okay", "backchannel"),
        ("Alles klar.", "backchannel"),
        ("Ich verstehe.", "backchannel"),
        ("Stimmt", "backchannel"),
    ],
)
def test_what_german_words_mean(text, meaning):
    german = lexicon("de")
    assert german is not None
    assert meaning_of(text, german) == meaning


@pytest.mark.parametrize(
    ("language", "backchannels", "interruptions", "speech"),
    [
        (
            "de",
            ["Jaaa.", "Ja ja ja", "Mhm, mhm.", "Auf jeden Fall!", "Wie schön!", "Na so was", "Haha", "Sprich weiter"],
            ["Neeein!", "Moment mal", "Ja, aber", "Wie spät ist es?", "Was hast du gesagt?"],
            ["Schöne Aussicht", "Ich auch nicht morgen"],
        ),
        (
            "es",
            ["Sí.", "Sí, sí, sí", "Claro que sí.", "Vaaale", "Ajá", "¡Qué bien!", "De acuerdo", "Jajaja", "Ya veo."],
            ["¡Para!", "Espera un momento", "Noooo", "Sí, pero", "¿Qué hora es?", "Cállate", "No, la otra"],
            ["Cuéntame un chiste", "Bueno, pon la radio", "Ya veo el problema"],
        ),
        (
            "fr",
            [
                "Oui.",
                "Ouiii",
                "D\u2019accord.",
                "Ah bon ?",
                "C'est ça",
                "Oh là là",
                "Bien sûr",
                "Quel dommage",
                "Mais oui !",
            ],
            ["Arrête !", "Attends une minute", "Non", "Oui, mais", "Tais-toi", "Excuse-moi", "Quelle heure est-il ?"],
            ["Raconte-moi une blague", "Très bien, mets la radio", "Je vois un problème"],
        ),
        (
            "it",
            ["Sì.", "Sì sì", "Va bene.", "Ho capito", "Davvero?", "Che bello!", "Ma dai!", "Esattooo", "D'accordo"],
            ["Basta!", "Aspetta un attimo", "Nooo", "Sì, ma", "Che ore sono?", "Zitto", "Scusa, come?"],
            ["Raccontami una storia", "Bene, accendi la luce", "Capisco il tedesco"],
        ),
    ],
)
def test_what_words_of_other_languages_mean(language, backchannels, interruptions, speech):
    known = lexicon(language)
    meanings = {
        "backchannel": [text for text in backchannels if meaning_of(text, known) != "backchannel"],
        "stop": [text for text in interruptions if meaning_of(text, known) != "stop"],
        "speech": [text for text in speech if meaning_of(text, known) != "speech"],
    }
    assert not any(meanings.values()), meanings


@pytest.mark.parametrize(
    ("understood", "likely", "lasted_ms", "ended", "kind"),
    [
        (("Stop.", -0.1), EVEN, 400, True, "stop"),
        (("Tell me", -0.1), EVEN, 600, False, "speech"),
        (("Yeah.", -0.1), EVEN, 300, True, "backchannel"),
        # Noise sounds like words to the recogniser, though it is not sure of them.
        (("Thank you.", -0.8), BySound(0.02, 0.02, 0.02, 0.94), 600, True, "nothing"),
        # A real voice which the network has never heard the like of.
        (("No.", -0.1), BySound(0.5, 0.3, 0.1, 0.1), 500, True, "stop"),
        # Half a word, which says nothing to the recogniser.
        (("", -0.9), BySound(0.05, 0.05, 0.85, 0.05), 500, False, "speech"),
        # Early, the evidence is not enough; when the voice has ended, there will not be more of it.
        (("The", -0.5), BySound(0.45, 0.1, 0.4, 0.05), 320, False, "backchannel"),
        (("The", -0.5), BySound(0.45, 0.1, 0.4, 0.05), 320, True, "speech"),
    ],
)
def test_what_a_voice_is(understood, likely, lasted_ms, ended, kind):
    assert weigh(*understood, likely, LEXICON, lasted_ms=lasted_ms, ended=ended).kind == kind


@pytest.mark.parametrize("written", ["Stop.", "Yeah.", "", "What do you want?"])
def test_without_a_lexicon_the_sound_decides(written):
    nods, speaks = BySound(0.7, 0.1, 0.1, 0.1), BySound(0.1, 0.1, 0.7, 0.1)
    assert weigh(written, -0.1, nods, None, lasted_ms=500, ended=True).kind == "backchannel"
    assert weigh(written, -0.1, speaks, None, lasted_ms=500, ended=True).kind == "speech"


@pytest.mark.parametrize(
    ("text", "likely", "lasted_ms", "kind"),
    [
        ("Ova", BySound(0.5, 0.1, 0.3, 0.1), LONG_MS - 1, "backchannel"),
        ("Ova", BySound(0.5, 0.1, 0.3, 0.1), LONG_MS, "speech"),
        ("Okay", BySound(0.5, 0.1, 0.3, 0.1), LONG_MS, "backchannel"),
        ("Ova", BySound(0.3, 0.1, 0.3, 0.3), LONG_MS, "backchannel"),
    ],
)
def test_what_is_long_for_a_nod_is_less_likely_one_unless_it_was_understood_or_is_a_noise(
    text, likely, lasted_ms, kind
):
    assert weigh(text, -0.6, likely, LEXICON, lasted_ms=lasted_ms, ended=True).kind == kind


TEXTS = st.sampled_from(["", "Stop.", "Yeah.", "Mm-hmm", "I was", "Okay, but"])
SHARES = st.tuples(*[st.floats(0.001, 1)] * 4).map(lambda parts: BySound(*(part / sum(parts) for part in parts)))


@given(st.sampled_from(["Stop.", "I was", "Okay, but"]), st.floats(-5, GUESSED), SHARES, st.floats(100, 2000))
def test_words_that_were_guessed_do_not_interrupt(text, confidence, likely, lasted_ms):
    guessed, none = (weigh(t, confidence, likely, LEXICON, lasted_ms=lasted_ms, ended=True) for t in (text, ""))
    assert guessed.score == none.score


@given(TEXTS, st.tuples(st.floats(-3, 0), st.floats(-3, 0)), SHARES, st.floats(100, 2000))
def test_the_surer_the_words_the_more_they_count(text, confidences, likely, lasted_ms):
    unsure, sure = (
        weigh(text, confidence, likely, LEXICON, lasted_ms=lasted_ms, ended=True).score
        for confidence in sorted(confidences)
    )
    if meaning_of(text, LEXICON) in INTERRUPTS:
        assert sure >= unsure


@given(TEXTS, st.floats(-3, 0), SHARES, st.floats(100, 2000), st.floats(100, 2000))
def test_a_voice_that_goes_on_never_needs_more_evidence(text, confidence, likely, some_ms, other_ms):
    kinds = [
        weigh(text, confidence, likely, LEXICON, lasted_ms=ms, ended=ended).kind
        for ms, ended in (
            (min(some_ms, other_ms), False),
            (max(some_ms, other_ms), False),
            (max(some_ms, other_ms), True),
        )
    ]
    decided = [kind in INTERRUPTS for kind in kinds]
    assert decided == sorted(decided)


@given(st.floats(-3, 0), SHARES, st.floats(100, 2000), st.booleans())
def test_a_known_word_never_speaks_against_itself(confidence, likely, lasted_ms, ended):
    stop, none, yeah = (
        weigh(text, confidence, likely, LEXICON, lasted_ms=lasted_ms, ended=ended).score
        for text in ("Stop.", "", "Yeah.")
    )
    assert yeah <= none <= stop


@pytest.mark.parametrize("gain", [0.02, 0.3])
def test_soft_voices_are_heard_like_loud_ones(gain):
    loud = say("stop", dbfs=-12)
    soft = (loud * gain).round().astype(np.int16)
    assert np.abs(audible(soft) - audible(loud)).max() < 0.02


@pytest.mark.parametrize("n", [1, 100, 320, 5000])
def test_silence_stays_silent_and_of_its_length(n):
    heard = audible(np.zeros(n, np.int16))
    assert len(heard) == n + PAD
    assert not heard.any()


@pytest.fixture(scope="module")
def hear(models):
    models("moonshine_tiny_en/encoder_model.ort")
    moonshine = load_moonshine()

    def hear(pcm, *, ended):
        return listen_to(pcm, moonshine, by_sound(), LEXICON, ended=ended).kind

    return hear


def heard(voice, ms=None):
    """Return a voice in a room, up to so long after its onset, or when it has ended."""
    voice = voice if ms is None else voice[: ms * 16]
    pcm = np.concatenate([silence(BEFORE / 16_000), voice, silence(0.15 if ms is None else 0)])
    return mix(pcm, noise(len(pcm) / 16_000, -60))[: len(pcm)]


@pytest.mark.parametrize("voice", ["en-gb", "en-us+f3", "en-gb-scotland"])
@pytest.mark.parametrize("text", ["yeah", "okay", "right", "uh-huh", "sure"])
def test_backchannels_do_not_interrupt(hear, text, voice):
    assert hear(heard(say(text, voice)), ended=True) == "backchannel"


@pytest.mark.parametrize("voice", ["en-gb", "en-us+f3", "en-gb-scotland"])
@pytest.mark.parametrize("text", ["stop", "wait", "no", "hold on", "be quiet", "who is that?"])
def test_short_interruptions_interrupt(hear, text, voice):
    assert hear(heard(say(text, voice)), ended=True) in INTERRUPTS


@pytest.mark.parametrize("text", ["What time is it in Rome?", "Tell me a story about the sea", "I wanted the blue one"])
def test_sentences_interrupt_before_they_end(hear, text):
    assert hear(heard(say(text), 700), ended=False) in INTERRUPTS


@pytest.mark.parametrize("dbfs", [-50, -35, -20])
@pytest.mark.parametrize("ms", [300, 600])
def test_noise_says_nothing(hear, ms, dbfs):
    assert hear(noise(BEFORE / 16_000 + ms / 1000, dbfs), ended=False) == "nothing"


def test_too_little_to_look_at_is_nothing(hear):
    assert hear(silence(0.05), ended=True) == "nothing"
