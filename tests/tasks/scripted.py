"""Segments and chapters made by hand, for tests of what is said about speakers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from book.anchors import anchor_chapter
from book.script import PauseReason, ScriptChapter, Segment

Spec = tuple[str, int | None, PauseReason]  # text, number of its quotation, what ends it


def chapter(number: int, specs: Sequence[Spec], **changes: Any) -> ScriptChapter:
    """A chapter whose quotations nobody knows, unless ``changes`` says otherwise."""
    anchors = anchor_chapter([text for text, _, _ in specs])
    segments = tuple(
        Segment(
            **{
                "chapter": number,
                "number": i,
                "anchor": anchor,
                "slices": (),
                "printed": text,
                "spoken": text,
                "replacements": (),
                "language": "en",
                "kind": "narration" if quotation is None else "speech",
                "speaker": None,
                "rule": "narration" if quotation is None else "turns, unsure",
                "confidence": 1.0 if quotation is None else 0.5,
                "style": None,
                "pause_ms": 300,
                "pause_reason": end,
                "quotation": quotation,
                **(changes if quotation is not None else {}),
            }
        )
        for i, ((text, quotation, end), anchor) in enumerate(zip(specs, anchors, strict=True), 1)
    )
    return ScriptChapter(number, f"Chapter {number}", segments)
