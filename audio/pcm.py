"""Samples: their identity, their rounding, and the FLAC files they rest in.

Everything between an engine and a master is mono 16-bit PCM. A sound's identity is the
sha256 of its samples, never of a file: encoders and headers may change, samples do not.
"""

from __future__ import annotations

import hashlib
import io
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from castbook.errors import BrokenPromise, StorageError

Pcm = NDArray[np.int16]

FULL_SCALE = 32768.0
# libsndfile's 0…1 is FLAC level 0…8. Level 0 costs half the CPU of level 8 on 3 s of speech
# and its files are 3 % larger (measured 2026-11-21); takes are many and cheap to store.
_FLAC_LEVEL = 0.0


def pcm_sha256(pcm: Pcm) -> str:
    """sha256 of the samples as little-endian 16-bit integers, 64 hex digits."""
    return hashlib.sha256(np.ascontiguousarray(pcm, dtype="<i2").data).hexdigest()


def to_pcm(samples: NDArray[np.floating]) -> tuple[Pcm, int]:
    """Float samples (n,), −1…1, to 16 bits, rounded to nearest without dither.

    Returns:
        (int16 (n,), how many samples had to be clipped). Reading 16-bit audio as floats
        and coming back gives the same integers; not-a-number becomes silence and counts
        as clipped.
    """
    scaled = np.rint(np.asarray(samples) * FULL_SCALE)
    broken = np.isnan(scaled)
    clipped = int(np.count_nonzero(np.abs(scaled) > FULL_SCALE) + np.count_nonzero(broken))
    scaled[broken] = 0
    np.clip(scaled, -FULL_SCALE, FULL_SCALE - 1, out=scaled)
    return scaled.astype(np.int16), clipped


def write_flac(path: Path, pcm: Pcm, rate: int) -> None:
    """Writes mono samples as 16-bit FLAC. Equal samples give equal bytes.

    Encoded in memory first (a take is a hundred kilobytes), so that a full disk is an
    ``OSError`` that says so, which libsndfile's own errors do not.

    Raises:
        OSError: the file cannot be written.
        BrokenPromise: not one-dimensional int16.
    """
    import soundfile

    if pcm.dtype != np.int16 or pcm.ndim != 1:
        raise BrokenPromise(f"a take is mono int16, this is {pcm.dtype} {pcm.shape}")
    memory = io.BytesIO()
    with soundfile.SoundFile(
        memory,
        "w",
        rate,
        channels=1,
        subtype="PCM_16",
        format="FLAC",
        compression_level=_FLAC_LEVEL,
    ) as file:
        file.write(np.ascontiguousarray(pcm))
    path.write_bytes(memory.getbuffer())


def read_flac(path: Path) -> tuple[Pcm, int]:
    """The samples of one of our own files, and their rate in Hz.

    Raises:
        StorageError: the file is missing, damaged, cut short, or not mono 16-bit FLAC.
    """
    import soundfile

    try:
        with soundfile.SoundFile(path) as file:
            if (file.format, file.subtype, file.channels) != ("FLAC", "PCM_16", 1):
                raise _damaged(path, "it is not mono 16-bit FLAC")
            promised = file.frames
            pcm: Pcm = file.read(dtype="int16")
            rate = int(file.samplerate)
    except soundfile.LibsndfileError as error:
        raise _damaged(path, str(error) if path.exists() else "the file is missing") from error
    if len(pcm) != promised:
        raise _damaged(path, f"{len(pcm)} of {promised} frames are left")
    return pcm, rate


def _damaged(path: Path, why: str) -> StorageError:
    return StorageError(
        f"{path}: this take is damaged ({why}); delete the file and run the same command again: "
        "castbook makes it anew"
    )
