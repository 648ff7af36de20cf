"""Identity, rounding, and files that give back what was put in or say that they cannot."""

from __future__ import annotations

import errno
import hashlib
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from audio.pcm import pcm_sha256, read_flac, to_pcm, write_flac
from castbook.errors import BrokenPromise, StorageError

samples = hnp.arrays(np.int16, st.integers(1, 3000), elements=st.integers(-32768, 32767))


def test_the_digest_is_of_little_endian_samples_alone() -> None:
    pcm = np.array([0, 1, -1, 32767, -32768], np.int16)
    expected = hashlib.sha256(bytes.fromhex("00000100ffffff7f0080")).hexdigest()
    assert pcm_sha256(pcm) == expected
    assert pcm_sha256(pcm.astype(">i2").astype(np.int16)) == expected
    assert pcm_sha256(np.repeat(pcm, 2)[::2]) == expected  # not contiguous


@given(pcm=samples)
def test_rounding_gives_16_bit_audio_back_exactly(pcm: np.ndarray) -> None:
    back, clipped = to_pcm(pcm.astype(np.float32) / 32768)
    assert clipped == 0
    assert np.array_equal(back, pcm)


def test_rounding_clips_and_counts() -> None:
    pcm, clipped = to_pcm(np.array([1.5, -1.5, 1.0, -1.0, np.nan, np.inf, 0.25]))
    assert pcm.tolist() == [32767, -32768, 32767, -32768, 0, 32767, 8192]
    assert clipped == 4  # full scale itself is not clipping


def test_rounding_leaves_its_argument_alone() -> None:
    floats = np.array([2.0, np.nan])
    to_pcm(floats)
    assert floats[0] == 2.0 and np.isnan(floats[1])


@given(pcm=samples, rate=st.sampled_from([16000, 22050, 24000, 32000, 44100, 48000]))
def test_flac_gives_back_what_was_written(
    tmp_path_factory: pytest.TempPathFactory, pcm: np.ndarray, rate: int
) -> None:
    path = tmp_path_factory.mktemp("flac") / "take.flac"
    write_flac(path, pcm, rate)
    first = path.read_bytes()
    back, found = read_flac(path)
    assert found == rate and back.dtype == np.int16 and np.array_equal(back, pcm)
    write_flac(path, pcm, rate)
    assert path.read_bytes() == first


def test_an_empty_take_survives_or_is_refused_but_never_silently_changed(tmp_path: Path) -> None:
    path = tmp_path / "empty.flac"
    write_flac(path, np.zeros(0, np.int16), 24000)
    try:
        pcm, _ = read_flac(path)
    except StorageError:
        return
    assert pcm.size == 0


@pytest.mark.parametrize("keep", [0, 3, 50, 1000, -1])
def test_a_damaged_file_is_named(tmp_path: Path, keep: int) -> None:
    path = tmp_path / "take.flac"
    rng = np.random.default_rng(1)
    write_flac(path, rng.integers(-9000, 9000, 30000).astype(np.int16), 24000)
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2] if keep < 0 else content[:keep])
    with pytest.raises(StorageError, match=r"take\.flac: .*damaged.*run the same command again"):
        read_flac(path)


def test_a_missing_file_and_foreign_formats_are_refused(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="missing"):
        read_flac(tmp_path / "none.flac")
    for subtype, channels in (("PCM_24", 1), ("PCM_16", 2)):
        path = tmp_path / f"{subtype}{channels}.flac"
        soundfile.write(path, np.zeros((100, channels)), 24000, subtype=subtype)
        with pytest.raises(StorageError, match="not mono 16-bit FLAC"):
            read_flac(path)


def test_a_full_disk_keeps_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(self: Path, content: object) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(OSError, match="No space"):
        write_flac(tmp_path / "take.flac", np.zeros(10, np.int16), 24000)


def test_floats_and_stereo_are_our_own_mistake(tmp_path: Path) -> None:
    for wrong in (np.zeros(10, np.float32), np.zeros((10, 2), np.int16)):
        with pytest.raises(BrokenPromise):
            write_flac(tmp_path / "take.flac", wrong, 24000)  # type: ignore[arg-type]
