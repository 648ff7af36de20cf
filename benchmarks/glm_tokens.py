"""A small tokenizer in the official form, for checkpoints of random weights.

A real byte-pair vocabulary (all bytes, frequent English pieces, some Chinese characters), and
the added tokens in the order of the official ids: end of text, roles, begin of audio, phonemes,
then the speech tokens. Nothing is copied from the official files: the phoneme names are made
from the initials and finals of pinyin.
"""

from __future__ import annotations

import base64
import json
from pathlib import Path

_PIECES = (  # each can be merged from a pair of earlier ones
    "th he in er an re on at en nd st or ou is it ar es ed to al ng of as ve me le se ing and the"
    " that was his her with you not ion ent for had but all"
)
_CHINESE = "的一是了我不人在他有这个上们来到时大地为子中你说生国年着就那和要她出也得里后自以会"
_INITIALS = "B P M F D T N L G K H J Q X ZH CH SH R Z C S"
_FINALS = (
    "A O E AI EI AO OU AN EN ANG ENG ER I IA IE IAO IOU IAN IN IANG ING IONG U UA UO UAI UEI UAN"
    " UEN UANG UENG ONG V VE VAN VN II III"
)
_ROLES = ("[MASK]", "[gMASK]", "[sMASK]", "<sop>", "<eop>", "<|system|>", "<|user|>")
_OTHERS = ("<|assistant|>", "<|observation|>", "<|begin_of_image|>", "<|end_of_image|>")
_SOUND = ("<|begin_of_video|>", "<|end_of_video|>", "<|begin_of_audio|>", "<|end_of_audio|>")


def ranks() -> list[bytes]:
    """The pieces of the vocabulary; the place of one in the list is its rank and id."""
    pieces: dict[bytes, None] = {bytes([value]): None for value in range(256)}
    for character in _CHINESE:
        encoded = character.encode()
        pieces[encoded[:2]] = pieces[encoded] = None
    for piece in _PIECES.split():
        for end in range(2, len(piece) + 1):
            pieces[piece[:end].encode()] = None
        pieces[b" " + piece[:1].encode()] = None
        for end in range(2, len(piece) + 1):
            pieces[b" " + piece[:end].encode()] = None
    return list(pieces)


def added(codes: int) -> list[str]:
    """The added tokens, in the order of their ids.

    Args:
        codes: how many speech tokens.
    """
    phonemes = [f"<|{name}|>" for name in _INITIALS.split()]
    phonemes += [f"<|{final}{tone}|>" for final in _FINALS.split() for tone in range(1, 6)]
    speech = [f"<|audio_{number}|>" for number in range(codes)]
    return ["<|endoftext|>", *_ROLES, *_OTHERS, *_SOUND, *phonemes, *speech]


def vocabulary(codes: int) -> int:
    """Ids in all: what the embedding of the language model needs at least."""
    return len(ranks()) + len(added(codes))


def identifier(name: str, codes: int) -> int:
    """The id of an added token."""
    return len(ranks()) + added(codes).index(name)


def write_tokenizer(folder: Path, codes: int) -> None:
    """``tokenizer.model`` and ``tokenizer_config.json``."""
    folder.mkdir(parents=True, exist_ok=True)
    pieces = ranks()
    lines = [f"{base64.b64encode(p).decode()} {rank}\n" for rank, p in enumerate(pieces)]
    (folder / "tokenizer.model").write_text("".join(lines), "ascii")
    flags = {"lstrip": False, "normalized": False, "rstrip": False, "single_word": False}
    decoder = {
        str(len(pieces) + number): {"content": name, **flags, "special": True}
        for number, name in enumerate(added(codes))
    }
    config = {
        "added_tokens_decoder": decoder,
        "additional_special_tokens": ["<|endoftext|>", *_ROLES, *_OTHERS, *_SOUND],
        "eos_token": "<|endoftext|>",
        "pad_token": "<|endoftext|>",
        "model_max_length": 128000,
        "padding_side": "left",
        "tokenizer_class": "ChatGLM4Tokenizer",
    }
    (folder / "tokenizer_config.json").write_text(json.dumps(config, indent=1), "utf-8")
