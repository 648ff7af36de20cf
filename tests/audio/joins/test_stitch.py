"""A stitched chapter: every frame accounted for, in linear time and flat memory."""

from __future__ import annotations

import dataclasses
import subprocess
import sys
import threading
import tracemalloc
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile
from audio_takes import babble, piece, silence, with_edges
from hypothesis import given, settings
from hypothesis import strategies as st

from audio.joins.edit import edit_take
from audio.joins.stitch import Piece, resample, stitch
from castbook.errors import StorageError

_MARK = 30000


def read(path: Path) -> np.ndarray:
    samples, _ = soundfile.read(path, dtype="int16")
    return samples


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("takes")


@settings(max_examples=25, deadline=None)
@given(
    shape=st.lists(
        st.tuples(
            st.sampled_from([22050, 24000, 44100]),
            st.integers(300, 9000),  # frames
            st.integers(0, 500),  # pause
            st.sampled_from([-3.0, 0.0, 4.5]),
        ),
        max_size=5,
    ),
    head=st.integers(0, 100),
    tail=st.integers(0, 100),
    rate=st.sampled_from([24000, 44100]),
)
def test_every_frame_is_accounted_for(
    folder: Path, shape: list[tuple[int, int, int, float]], head: int, tail: int, rate: int
) -> None:
    pieces, expected = [], [np.zeros(round(head * rate / 1000), np.int16)]
    for number, (own, count, pause, gain) in enumerate(shape):
        pcm = np.random.default_rng(number).integers(-9000, 9000, count).astype(np.int16)
        pieces.append(
            piece(folder, pcm, own, pause_ms=pause, gain_db=gain, anchor=f"{number:010x}")
        )
        expected.append(resample(edit_take(pcm, own, gain_db=gain).pcm, own, rate))
        expected.append(np.zeros(round(pause * rate / 1000), np.int16))
    expected.append(np.zeros(round(tail * rate / 1000), np.int16))
    expected.append(np.zeros(-sum(map(len, expected)) % 1024, np.int16))
    out = folder / "chapter.wav"
    listened: list[np.ndarray] = []
    timeline = stitch(
        pieces,
        out,
        rate=rate,
        head_ms=head,
        tail_ms=tail,
        heard=lambda block: listened.append(block.copy()),
    )
    samples = read(out)
    assert np.array_equal(np.concatenate([*listened, silence(0)]), samples)
    assert timeline.frames == len(samples) == sum(map(len, expected))
    assert np.array_equal(samples, np.concatenate(expected))
    assert [cue.anchor for cue in timeline.cues] == [p.anchor for p in pieces]
    for cue, sound in zip(timeline.cues, expected[1::2], strict=False):
        assert np.array_equal(samples[cue.start : cue.end], sound)


def test_marks_sound_where_the_timeline_says(folder: Path) -> None:
    """A click 40 ms into a take, for which the trim leaves everything as it is."""
    rate, clicks = 44100, []
    for number in range(6):
        pcm = silence(0.5 + number / 7, rate)
        pcm[40 * rate // 1000] = _MARK + number
        clicks.append(piece(folder, pcm, rate, pause_ms=100 + number))
    out = folder / "marks.wav"
    timeline = stitch(clicks, out, rate=rate)
    found = np.flatnonzero(np.abs(read(out)) >= _MARK)
    assert [cue.start + 40 * rate // 1000 for cue in timeline.cues] == found.tolist()


@pytest.mark.parametrize("own", [22050, 24000, 48000])
def test_word_times_follow_trim_and_resampling(folder: Path, own: int) -> None:
    sound = with_edges(babble(0.6, own, seed=4), own, seconds=0.3)
    mark = round(0.62 * own)
    sound[mark] = _MARK
    words = ((0, 1, 0), (2, 6, mark), (2, 6, mark - 50), (7, 9, 10**9))
    timeline = stitch([piece(folder, sound, own, words=words)], folder / "w.wav", rate=44100)
    cue = timeline.cues[0]
    heard = int(np.argmax(np.abs(read(folder / "w.wav").astype(int))))
    times = [frame for _, _, frame in cue.words]
    assert times[0] == cue.start and times[-1] == cue.end  # brought inside
    assert abs(times[2] - heard) <= 1
    assert times == sorted(times)


@pytest.mark.parametrize("workers", [2, 5])
def test_workers_change_nothing(folder: Path, workers: int) -> None:
    pieces = [
        piece(folder, with_edges(babble(0.4, seed=n)), pause_ms=n, anchor=f"{n:010x}")
        for n in range(9)
    ]
    before = threading.active_count()  # other tests may have left some
    one = stitch(pieces, folder / "one.wav", rate=44100)
    many = stitch(iter(pieces), folder / "many.wav", rate=44100, workers=workers)
    assert one == many
    assert (folder / "one.wav").read_bytes() == (folder / "many.wav").read_bytes()
    assert threading.active_count() <= before


def test_a_chapter_of_nothing_is_its_silences(folder: Path) -> None:
    timeline = stitch([], folder / "none.wav", rate=8000, head_ms=750, tail_ms=250)
    assert timeline.frames == 8192 and timeline.cues == ()  # eight AAC packets
    assert not read(folder / "none.wav").any()


def test_no_aliases_and_no_images() -> None:
    """8 kHz at 24 kHz comes out as 8 kHz: pydub's own resampling leaves images at −12 dB."""
    time = np.arange(24000) / 24000
    tone = np.rint(20000 * np.sin(2 * np.pi * 8000 * time)).astype(np.int16)
    up = resample(tone, 24000, 44100)
    spectrum = np.abs(np.fft.rfft(up[2000:42000] * np.hanning(40000)))
    hertz = np.fft.rfftfreq(40000, 1 / 44100)
    other = spectrum[np.abs(hertz - 8000) > 50].max()
    assert 20 * np.log10(other / spectrum.max()) < -90


def test_resampling_does_not_wrap_around() -> None:
    square = np.where(np.arange(4000) // 50 % 2, 32767, -32768).astype(np.int16)
    up = resample(square, 24000, 44100).astype(int)
    # an overshoot that wrapped would be a jump of nearly the whole range inside a level
    inside = up[120:160]
    assert np.ptp(inside) < 10000 or np.ptp(up[160:200]) < 10000
    assert up.max() == 32767 and up.min() == -32768


@pytest.mark.parametrize("workers", [1, 3])
def test_a_damaged_take_is_named(folder: Path, tmp_path: Path, workers: int) -> None:
    good = [piece(folder, babble(0.3, seed=n)) for n in range(4)]
    lies = dataclasses.replace(good[2], pcm_sha256="0" * 64)
    with pytest.raises(StorageError, match=rf"{good[2].path.name}.*not those that were stored"):
        stitch([*good[:2], lies, good[3]], tmp_path / "o.wav", rate=44100, workers=workers)
    gone = dataclasses.replace(good[1], path=tmp_path / "gone.flac")
    with pytest.raises(StorageError, match=r"gone\.flac.*missing"):
        stitch([good[0], gone], tmp_path / "o.wav", rate=44100, workers=workers)


def test_memory_does_not_grow_with_the_chapter(folder: Path) -> None:
    # edges of silence: fading sound is slow under tracemalloc
    one = piece(folder, with_edges(babble(0.1, 8000), 8000, 0.05), 8000, pause_ms=20, text="")

    def many(count: int) -> Iterator[Piece]:
        return (one for _ in range(count))

    def peak(count: int) -> int:
        tracemalloc.start()
        stitch(many(count), folder / "long.wav", rate=16000)
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return most

    stitch(many(3), folder / "long.wav", rate=16000)  # imports
    # Threads of a Prefect client that an earlier test left in this process allocate, too: the
    # least of three is ours. The cue itself is what grows; each take has 6,000 bytes of samples.
    assert min((peak(300) - peak(60)) / 240 for _ in range(3)) < 1200


def test_a_folder_that_cannot_be_written_is_named(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="cannot be written"):
        stitch([piece(folder, babble(0.3))], tmp_path / "none" / "o.wav", rate=44100)


@pytest.mark.skipif(sys.platform == "win32", reason="limits file sizes as Unix does")
def test_a_disk_that_fills_up_is_told(folder: Path, tmp_path: Path) -> None:
    """In a process of its own, whose files may not grow over 100 kB."""
    piece_file = piece(folder, with_edges(babble(1.0, seed=8)))
    program = f"""
import resource, signal
from pathlib import Path
from audio.joins.stitch import Piece, stitch
from castbook.errors import StorageError
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
take = Path({str(piece_file.path)!r})
piece = Piece(take, {piece_file.pcm_sha256!r}, 0.0, 350, "a", "A", "", "speech")
try:
    stitch([piece] * 5, Path({str(tmp_path / "o.wav")!r}), rate=44100)
except StorageError as error:
    print("told:", error)
"""
    answer = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert "is the disk full?" in answer.stdout, answer.stderr


def test_the_header_counts_beyond_four_gigabytes(folder: Path) -> None:
    stitch([piece(folder, babble(0.3))], folder / "h.wav", rate=44100)
    assert (folder / "h.wav").read_bytes()[:4] == b"RF64"
