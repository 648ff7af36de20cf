"""Chinese print to Chinese speech: one noun a module, words in ``configs/spoken/zh.yaml``."""

from __future__ import annotations

from book.spoken.claims import Claims
from book.spoken.words import Profile


def speak_chinese(claims: Claims, profile: Profile, *, extra: bool) -> None:
    """Takes everything that is said otherwise than it is printed."""
