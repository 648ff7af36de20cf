"""Stretches of masters as sounds of their own."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
from mastering_sounds import speech, wav

from audio.packaging.excerpt import Excerpt
from audio.packaging.sound import ChapterFile
from castbook.errors import BrokenPromise, StorageError

RATE = 44100
HEAD, TAIL = RATE // 2, RATE
FADE = RATE * 8 // 1000


@pytest.fixture(scope="module")
def master(tmp_path_factory: pytest.TempPathFactory) -> ChapterFile:
    """Six seconds: speech between 0.75 s and 4.5 s, room tone of -60 dB around it."""
    samples = speech(6.0, bed_db=-60)
    path = wav(tmp_path_factory.mktemp("excerpt") / "m.flac", samples)
    return ChapterFile(path, "One", len(samples), RATE)


def heard(sound: Excerpt | ChapterFile) -> np.ndarray:
    return np.frombuffer(b"".join(sound.pcm()), "<i2").astype(int)


@pytest.mark.parametrize(
    ("start", "end"), [(0, 6 * RATE), (0, 100_001), (70_000, 70_001), (66_150, 6 * RATE)]
)
def test_the_stretch_is_the_masters_samples_bit_for_bit(
    master: ChapterFile, start: int, end: int
) -> None:
    excerpt = Excerpt(master, "Part", start, end, HEAD, TAIL)
    sound, whole = heard(excerpt), heard(master)
    assert (excerpt.title, excerpt.rate) == ("Part", RATE)
    assert len(sound) == excerpt.frames
    at = excerpt.offset
    assert at == (HEAD if start else 0)
    assert np.array_equal(sound[at : at + end - start], whole[start:end])
    behind = TAIL if end < master.frames else 0
    assert excerpt.frames == at + end - start + behind


def test_room_tone_stands_around_it_and_nothing_clicks(master: ChapterFile) -> None:
    excerpt = Excerpt(master, "Part", 80_000, 150_000, HEAD, TAIL)  # both cuts inside a word
    sound, whole = heard(excerpt), heard(master)
    assert np.array_equal(sound[: HEAD - FADE], whole[: HEAD - FADE])
    assert np.array_equal(sound[-TAIL + FADE :], whole[-TAIL + FADE :])
    speech_step = np.abs(np.diff(whole)).max()
    assert np.abs(np.diff(sound)).max() <= speech_step
    # at a cut in room tone the level stays: two tones of equal power make one of equal power
    quiet = heard(Excerpt(master, "Quiet", 5 * RATE, 5 * RATE + 100, HEAD, TAIL))
    windows = quiet[: len(quiet) // FADE * FADE].reshape(-1, FADE).astype(float)
    levels = 10 * np.log10(np.mean(windows**2, axis=1))
    assert np.ptp(levels) < 3


def test_cuts_nearer_to_an_edge_than_a_fade(master: ChapterFile) -> None:
    for start, end, head, tail in ((5, 100, 3, 2), (1, master.frames - 1, 0, 0)):
        excerpt = Excerpt(master, "Part", start, end, head, tail)
        sound, whole = heard(excerpt), heard(master)
        assert len(sound) == excerpt.frames
        assert np.array_equal(sound[head : head + end - start], whole[start:end])


def test_what_is_no_stretch_is_our_own_mistake(master: ChapterFile) -> None:
    good = Excerpt(master, "Part", 10, 20, HEAD, TAIL)
    for wrong in (
        {"start": 20},
        {"start": -1},
        {"end": master.frames + 1},
        {"head": master.frames + 1},
        {"head": -1, "tail": -1},
    ):
        with pytest.raises(BrokenPromise, match="Part: "):
            dataclasses.replace(good, **wrong)


def test_a_cut_master_is_named(master: ChapterFile, tmp_path: Path) -> None:
    cut = tmp_path / "cut.flac"
    cut.write_bytes(master.path.read_bytes()[:90_000])
    broken = dataclasses.replace(master, path=cut)
    with pytest.raises(StorageError, match=r"cut\.flac: .* delete it and run the same command"):
        heard(Excerpt(broken, "Part", 5 * RATE, 5 * RATE + 10, HEAD, TAIL))
