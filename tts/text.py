"""What an engine may be given is any string; what a library takes is less."""

from __future__ import annotations

import unicodedata


def clean(text: str) -> str:
    """``text`` with everything that is no text as spaces, character by character, so that
    offsets stay: control characters (espeak-ng has commands of its own that begin with one),
    lone surrogates (they have no UTF-8 form)."""
    return "".join(" " if unicodedata.category(c) in ("Cc", "Cs") else c for c in text)
