"""What is wrong and what is weak about clips and transcripts."""

from __future__ import annotations

import numpy as np
import pytest
from audio_takes import babble, silence

from audio.pcm import to_pcm
from audio.recordings.checks import Quality, Refusal, check_clip
from audio.recordings.transcripts import check_transcript

RATE = 24000


def speech(*, pause: float = 0.2, head: float = 0.1, tail: float = 0.1) -> np.ndarray:
    """Five seconds and the pauses."""
    parts = [silence(head), babble(2.5, seed=1), silence(pause), babble(2.5, seed=2), silence(tail)]
    return np.concatenate(parts) / 32768.0


def judged(samples: np.ndarray, rate: int = RATE) -> Quality | Refusal:
    channels = np.asarray(samples, np.float32)
    channels = channels[:, None] if channels.ndim == 1 else channels
    return check_clip(channels, to_pcm(channels.mean(1))[0], rate)


def test_good_speech_has_nothing_against_it() -> None:
    quality = judged(speech())
    assert isinstance(quality, Quality)
    assert quality.warnings == ()
    assert quality.speech_s == pytest.approx(5.2, abs=0.2)


NOISE = np.random.default_rng(5).normal(0, 0.1, 5 * RATE)
TIME = np.arange(5 * RATE) / RATE


@pytest.mark.parametrize(
    ("samples", "says"),
    [
        (np.zeros(5 * RATE), "silent"),
        (NOISE, "nobody speaks in the clip: its level never changes"),
        (0.3 * np.sin(TIME * 3000), "nobody speaks in the clip: its level never changes"),
        (0.3 * np.sin(TIME * 3000) * (TIME > 2.5), "nobody speaks in the clip: nothing in it"),
        (np.concatenate((speech()[:19000], np.zeros(4 * RATE))), "s of the clip are speech"),
        (np.clip(speech() * 300, -1, 1), "overdriven throughout"),
        (np.stack((speech(), -speech()), 1), "cancel each other out"),
    ],
)
def test_what_no_voice_can_be_learnt_from(samples: np.ndarray, says: str) -> None:
    refused = judged(samples)
    assert isinstance(refused, Refusal) and says in refused.message
    assert refused.expected and refused.hint


@pytest.mark.parametrize(
    ("samples", "rate", "says"),
    [
        (speech(pause=1.6), RATE, "a pause of 1.6 s in the clip"),
        (speech(head=1.5), RATE, "begins with 1.5 s of silence"),
        (speech(tail=2.0), RATE, "ends with 2.0 s of silence"),
        (speech()[RATE // 2 + 800 : -RATE // 8], RATE, "inside a word"),
        (np.append(speech()[: 2 * RATE], np.zeros(33000)), RATE, "are speech; 3 to 10"),
        (speech()[:-2400:3], RATE // 3, "only 8000 Hz, as a telephone"),
        (speech() * 0.1, RATE, "very soft"),
        (speech() + 0.01 * np.sin(2 * np.pi * 50 * np.arange(len(speech())) / RATE)
         + 0.01 * np.sin(2 * np.pi * 150 * np.arange(len(speech())) / RATE)
         + 0.01 * np.sin(2 * np.pi * 250 * np.arange(len(speech())) / RATE), RATE, "mains hums"),
    ],
)  # fmt: skip
def test_what_is_weak_is_told_with_what_to_do(samples: np.ndarray, rate: int, says: str) -> None:
    quality = judged(samples, rate)
    assert isinstance(quality, Quality)
    assert any(says in warning for warning in quality.warnings), quality


ENGLISH = "Come at once if convenient; if inconvenient, come all the same. I shall be waiting."
CHINESE = "鲁镇的酒店的格局，是和别处不同的：都是当街一个曲尺形的大柜台。"


@pytest.mark.parametrize(
    ("transcript", "language", "speech_s"),
    [(ENGLISH, "en", 5.0), (CHINESE, "zh", 6.5), (CHINESE, "en", 6.5), (ENGLISH, "zh", 5.0)],
)
def test_words_as_long_as_the_speech_are_taken(
    transcript: str, language: str, speech_s: float
) -> None:
    assert check_transcript(transcript, language, speech_s, speech_s) == (None, ())


@pytest.mark.parametrize(
    ("transcript", "speech_s", "says"),
    [
        ("holmes.txt", 5.0, "is the name of a file"),
        ("1\n00:00:01,000 --> 00:00:04,000\nCome at once.", 5.0, "times of subtitles"),
        ("… — !", 5.0, "it has no word"),
        (ENGLISH * 5, 5.0, "75 words cannot be said in 5.0 s"),
        ("Come at once.", 9.0, "3 words cannot last 9.0 s"),
        (CHINESE * 4, 6.0, "112 characters cannot be said in 6.0 s"),
        ("来。", 6.0, "1 character cannot last 6.0 s"),
    ],
)
def test_words_of_another_length_are_refused(transcript: str, speech_s: float, says: str) -> None:
    refused, _ = check_transcript(transcript, "en", speech_s, speech_s)
    assert refused is not None and says in refused.message


@pytest.mark.parametrize(
    ("transcript", "speech_s", "says"),
    [
        (ENGLISH + " " + ENGLISH, 5.6, "is more written than said?"),
        ("Come at once, if it is convenient.", 8.0, "are words missing?"),
        ("[laughs] " + ENGLISH, 5.0, "'[laughs]'"),
        ("*sighs* " + ENGLISH, 5.0, "'*sighs*'"),
    ],
)
def test_odd_transcripts_are_told(transcript: str, speech_s: float, says: str) -> None:
    refused, odd = check_transcript(transcript, "en", speech_s, speech_s)
    assert refused is None and len(odd) == 1 and says in odd[0]
