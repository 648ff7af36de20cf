"""The sha256 of a checkpoint's files, for the key; light, and hashed once.

What ``castbook get glm`` brings has its record already. A folder that somebody names
(``checkpoint:``) is hashed when it is first planned with: nine gigabytes take some ten seconds.
After that, ``CACHE/glm-digests.json`` remembers path, size and time of change.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from castbook.errors import StorageError
from castbook.files import write_text
from tts.glm.checkpoint.faults import check_file
from tts.glm.checkpoint.layout import SPEAKER, VOCOS, Layout
from tts.weights import digest_of

_PATTERNS = (
    "llm/config.json", "llm/*.safetensors", "llm/*.safetensors.index.json",
    "speech_tokenizer/config.json", "speech_tokenizer/*.safetensors",
    "speech_tokenizer/*.safetensors.index.json", "flow/config.yaml", "flow/flow.pt",
    "hift/hift.pt", VOCOS, "vq32k-phoneme-tokenizer/tokenizer.model",
    "vq32k-phoneme-tokenizer/tokenizer_config.json", "vq32k-phoneme-tokenizer/added_tokens.json",
)  # fmt: skip


def checkpoint_digests(layout: Layout, record: Path) -> dict[str, str]:
    """sha256 by file name in the checkpoint, whatever it is called on this machine.

    Args:
        record: the file that remembers them.

    Raises:
        StorageError: a file cannot be read.
    """
    known = _read(record)
    files = {
        path.relative_to(layout.root).as_posix(): path
        for pattern in _PATTERNS
        for path in sorted(layout.root.glob(pattern))
    }
    if layout.speaker.is_file():
        files[SPEAKER] = layout.speaker
    fresh = {}
    for path in files.values():
        check_file(path)
        state = path.stat()
        entry = [state.st_size, state.st_mtime_ns]
        if known.get(str(path), [])[:2] != entry:
            fresh[str(path)] = [*entry, digest_of(path)]
    if fresh:
        known |= fresh
        try:
            write_text(record, json.dumps(known, indent=1, sort_keys=True) + "\n")
        except StorageError:
            pass  # planning must not fail because a cache cannot be written: hashed again
    return {name: str(known[str(path)][2]) for name, path in sorted(files.items())}


def _read(record: Path) -> dict[str, list[Any]]:
    """What is remembered; nothing when it makes no sense."""
    try:
        data = json.loads(record.read_text("utf-8"))
        return {
            str(path): [int(size), int(changed), str(sha256)]
            for path, (size, changed, sha256) in data.items()
        }
    except (OSError, ValueError, TypeError, AttributeError):
        return {}
