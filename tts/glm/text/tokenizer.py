"""The tokenizer of the checkpoint: byte-pair ranks, and added tokens resolved by their names.

No code of the checkpoint is run: ``tokenizer.model`` is lines of ``base64 rank``, split into
words by the cl100k pattern, and ``tokenizer_config.json`` names the tokens beyond them.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, Final, TypeVar

import tiktoken

from castbook.errors import MissingDependency, StorageError
from castbook.files import storage_error
from tts.glm.checkpoint.configs import SpecialTokens

RANKS: Final = "tokenizer.model"
CONFIG: Final = "tokenizer_config.json"
SPECIALS: Final = {  # what they are for, and their names
    "pad": "<|endoftext|>",
    "eoa": "<|user|>",
    "boa": "<|begin_of_audio|>",
    "ats": "<|audio_0|>",
}
MORE: Final = "added_tokens.json"  # older folders keep them there
_SPEECH = re.compile(r"<\|audio_(\d+)\|>")
_PATTERN: Final = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}"
    r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
_AGAIN: Final = "fetch it again: castbook get glm"


_T = TypeVar("_T")


class Tokenizer:
    """Text to ids. Thread-safe: nothing changes after the constructor."""

    def __init__(
        self, ranks: Mapping[bytes, int], added: Mapping[str, int], source: str = "tokenizer"
    ) -> None:
        """From the pieces with their ranks and the added tokens with their ids.

        Raises:
            StorageError: a single byte is missing, two ranks are the same, a special token is
                missing or misplaced; the sentence begins with ``source``.
        """
        self._source = source
        lacking = [byte for byte in range(256) if bytes([byte]) not in ranks]
        if lacking:
            raise StorageError(f"{source}: has no piece for byte {lacking[0]}; {_AGAIN}")
        if len(set(ranks.values())) != len(ranks):
            raise StorageError(f"{source}: two pieces have the same rank; {_AGAIN}")
        self._ranks = tiktoken.Encoding(
            "glm", pat_str=_PATTERN, mergeable_ranks=dict(ranks), special_tokens={}
        )
        self._added = dict(added)
        self._names = {number: name for name, number in self._added.items()}
        # longest first, as the trie of the published tokenizer finds them
        names = sorted(self._added, key=len, reverse=True)
        texts = [re.escape(name) for name in names if not _SPEECH.fullmatch(name)]
        if any(map(_SPEECH.fullmatch, names)):
            texts.insert(0, _SPEECH.pattern.replace("(", "(?:", 1))
        self._split = re.compile(f"({'|'.join(texts)})") if texts else None
        self.specials = self._specials()

    @classmethod
    def load(cls, folder: Path) -> Tokenizer:
        """The tokenizer in ``folder`` of a checkpoint.

        Raises:
            MissingDependency: a file is not there.
            StorageError: a file cannot be read as what it should be, or lacks a token; one
                line with the file, what is wrong, and what to do.
        """
        ranks = _read(folder / RANKS, _parse_ranks)
        added = _read(folder / CONFIG, _parse_added)
        if (folder / MORE).is_file():
            added = {**_read(folder / MORE, _parse_more), **added}
        return cls(ranks, added, str(folder / CONFIG))

    def encode(self, text: str) -> list[int]:
        """Ids of ``text``; the names of added tokens in it become those tokens."""
        if self._split is None:
            return self.plain(text)
        ids: list[int] = []
        for part in self._split.split(text):
            known = self._added.get(part)
            ids += self.plain(part) if known is None else [known]
        return ids

    def plain(self, text: str) -> list[int]:
        """Ids of ``text`` as nothing but text, whatever names of tokens it holds."""
        return self._ranks.encode_ordinary(text)

    def decode(self, ids: Iterable[int]) -> str:
        """The text of ``ids``, added tokens by their names; for people to read."""
        said = b""
        for number in ids:
            name = self._names.get(number)
            said += name.encode() if name else self._ranks.decode_single_token_bytes(number)
        return said.decode("utf-8", "replace")

    def special(self, name: str) -> int:
        """The id of the added token ``name``.

        Raises:
            KeyError: the tokenizer has no such token.
        """
        return self._added[name]

    def knows(self, name: str) -> bool:
        """Whether there is an added token of this name."""
        return name in self._added

    def _specials(self) -> SpecialTokens:
        ids: dict[str, int] = {}
        for use, name in SPECIALS.items():
            if name not in self._added:
                raise StorageError(f"{self._source}: the token {name} is missing; {_AGAIN}")
            ids[use] = self._added[name]
            if ids[use] < ids["pad"]:
                raise StorageError(
                    f"{self._source}: the token {name} is {ids[use]}; expected at least"
                    f" {ids['pad']}, the id of {SPECIALS['pad']}; {_AGAIN}"
                )
        codes = sum(1 for name in self._added if _SPEECH.fullmatch(name))
        for code in range(codes):
            if self._added.get(f"<|audio_{code}|>") != ids["ats"] + code:
                raise StorageError(
                    f"{self._source}: the token <|audio_{code}|> is"
                    f" {self._added.get(f'<|audio_{code}|>', 'missing')}; expected"
                    f" {ids['ats'] + code}: speech tokens lie side by side; {_AGAIN}"
                )
        return SpecialTokens(**ids, ate=ids["ats"] + codes - 1)


def _read(path: Path, parse: Callable[[bytes], _T]) -> _T:
    try:
        content = path.read_bytes()
    except FileNotFoundError as error:
        raise MissingDependency(f"{path}: is not there; castbook get glm brings it") from error
    except OSError as error:
        raise storage_error(error, path) from error
    if content.startswith(b"version https://git-lfs"):
        raise StorageError(f"{path}: is a Git LFS pointer, not the file; {_AGAIN}")
    try:
        return parse(content)
    except (ValueError, KeyError, TypeError, AttributeError, binascii.Error) as error:
        raise StorageError(f"{path}: {error}; {_AGAIN}") from error


def _parse_ranks(content: bytes) -> dict[bytes, int]:
    ranks: dict[bytes, int] = {}
    for number, line in enumerate(content.splitlines(), 1):
        if not line.strip():
            continue
        try:
            piece, rank = line.split()
            ranks[base64.b64decode(piece, validate=True)] = int(rank)
        except ValueError as error:
            raise ValueError(f"line {number} is no base64 piece with its rank") from error
    if not ranks:
        raise ValueError("is empty")
    return ranks


def _parse_added(content: bytes) -> dict[str, int]:
    """Added tokens in the form of ``added_tokens_decoder``: an object of id to token."""
    config = json.loads(content)
    tokens = config.get("added_tokens_decoder") if isinstance(config, dict) else None
    if not isinstance(tokens, dict) or not tokens:
        raise ValueError("has no added_tokens_decoder")
    return dict(_added(tokens.items()))


def _parse_more(content: bytes) -> dict[str, int]:
    """Added tokens in the older form: an object of token to id."""
    tokens = json.loads(content)
    if not isinstance(tokens, dict):
        raise ValueError("is no object of tokens with their ids")
    return dict(_added((str(number), name) for name, number in tokens.items()))


def _added(items: Iterable[tuple[str, Any]]) -> Iterable[tuple[str, int]]:
    for number, token in items:
        name = token.get("content") if isinstance(token, dict) else token
        if not isinstance(name, str) or not name or not number.isdecimal():
            raise ValueError(f"added_tokens_decoder: {number!r} is no token with its id")
        yield name, int(number)
