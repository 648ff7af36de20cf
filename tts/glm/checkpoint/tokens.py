"""The added tokens of the text tokenizer, and the ids of those with a meaning of their own.

Resolved by name from the tokenizer's files; imports nothing heavy. The official ids (59246,
59253, 59260, 61498 … 94265) are what one expects to find, not what is assumed.
"""

from __future__ import annotations

import base64
import binascii
import re
from pathlib import Path

from tts.glm.checkpoint.configs import SpecialTokens
from tts.glm.checkpoint.faults import check_file, damaged, unfit
from tts.glm.checkpoint.tensorfiles import read_json

_NAMES = {"pad": "<|endoftext|>", "eoa": "<|user|>", "boa": "<|begin_of_audio|>"}


def read_ranks(folder: Path) -> int:
    """Checks ``tokenizer.model`` and returns how many pieces of text it knows.

    Raises:
        MissingDependency, StorageError: it is not there, or no vocabulary of byte pairs.
    """
    path = folder / "tokenizer.model"
    check_file(path)
    wanted = "lines of a piece in base64 and its rank"
    single, ranks = 0, set()
    for number, line in enumerate(path.read_bytes().splitlines(), start=1):
        try:
            piece, rank = line.split()
            single += len(base64.b64decode(piece, validate=True)) == 1
            ranks.add(int(rank))
        except (ValueError, binascii.Error) as error:
            raise damaged(path, f"line {number} makes no sense", wanted) from error
    if len(ranks) == 0 or ranks != set(range(len(ranks))):
        raise damaged(path, f"{len(ranks)} ranks with gaps", "ranks from 0 without gaps")
    if single != 256:
        raise damaged(path, f"{single} pieces of one byte", "all 256: some text has no ids")
    return len(ranks)


def read_added(folder: Path) -> dict[str, int]:
    """The added tokens: id by name, from ``tokenizer_config.json`` or ``added_tokens.json``.

    Raises:
        MissingDependency, StorageError: there are none, or they make no sense.
    """
    path = folder / "tokenizer_config.json"
    data = read_json(path)
    try:
        decoder = data.get("added_tokens_decoder", {})
        added = {str(entry["content"]): int(number) for number, entry in decoder.items()}
        if (folder / "added_tokens.json").is_file():
            extra = read_json(folder / "added_tokens.json")
            added |= {str(name): int(number) for name, number in extra.items()}
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise damaged(path, "added tokens that make no sense", "id → {content: name}") from error
    if not added:
        raise unfit(path, "no added_tokens_decoder", "the added tokens of the tokenizer")
    if len(set(added.values())) != len(added):
        raise damaged(path, "two added tokens with one id", "an id for each")
    return added


def read_special(folder: Path) -> SpecialTokens:
    """The ids of end, begin and speech tokens.

    Raises:
        MissingDependency, StorageError: one is missing, or they are not as the model needs
            them: above all text, the speech tokens in one run.
    """
    path = folder / "tokenizer_config.json"
    pieces, added = read_ranks(folder), read_added(folder)
    for name in (*_NAMES.values(), "<|audio_0|>"):
        if name not in added:
            raise unfit(path, f"no token {name}", "the tokenizer of this checkpoint")
    pad = added[_NAMES["pad"]]
    if pad < pieces:
        raise unfit(path, f"id {pad} for <|endoftext|>", f"{pieces} or more: others are text")
    first = added["<|audio_0|>"]
    codes = sum(1 for name in added if re.fullmatch(r"<\|audio_\d+\|>", name))
    for code in range(codes):
        if added.get(f"<|audio_{code}|>") != first + code:
            raise unfit(
                path, f"<|audio_{code}|> is not id {first + code}", "speech tokens in a run"
            )
    special = SpecialTokens(
        pad, added[_NAMES["eoa"]], added[_NAMES["boa"]], first, first + codes - 1
    )
    if min(special.eoa, special.boa, first) < pad:
        raise unfit(path, "special tokens before <|endoftext|>", "them after it")
    return special
