"""Nothing is lost, nothing is said twice, nothing is too long: on hostile and on real texts."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from bookmaking import FIXTURES, project, read, rebuilt, script_of
from hostile import texts
from hypothesis import given, settings
from hypothesis import strategies as st

from book.manuscript import Manuscript, speakable
from book.readers import read_manuscript
from book.readers.inline import printed
from book.spoken.normalise import speak
from castbook.errors import ManuscriptError

CAST = {"anna": ["Anna"], "boris": ["Boris"], "掌柜": []}


def read_or_refuse(text: str, language: str, name: str) -> Manuscript | None:
    """The manuscript, or None for a clean refusal (an unknown name in a script, …)."""
    with TemporaryDirectory() as folder:
        try:
            return read(Path(folder), text, name=name, language=language)
        except ManuscriptError as error:
            assert "\n" not in str(error)
            return None


@settings(max_examples=150, deadline=None)
@given(
    text=texts(),
    language=st.sampled_from(["en", "zh", "fr"]),
    name=st.sampled_from(["b.txt", "b.md", "b.script"]),
    limit=st.sampled_from([5, 23, 120, 400]),
)
def test_every_character_once_and_every_piece_fits(
    text: str, language: str, name: str, limit: int
) -> None:
    manuscript = read_or_refuse(text, language, name)
    if manuscript is None:
        return
    for chapter in manuscript.chapters:
        for paragraph in chapter.paragraphs:
            source = manuscript.sources[paragraph.slice.document].text
            start, end = paragraph.slice.start, paragraph.slice.end
            assert paragraph.printed == printed(source, start, end, paragraph.edits)
    # titles and credits are words too: they must be cut like the rest
    script = script_of(manuscript, project(CAST, language=language), limit=limit)
    assert rebuilt(manuscript, script) == [source.text for source in manuscript.sources]
    assert script.coverage.unexplained == ()
    assert script.coverage.share == 1.0
    total = script.coverage.spoken + script.coverage.skipped + script.coverage.markup
    assert total == script.coverage.characters
    for part in script.chapters:
        for segment in part.segments:
            assert len(segment.spoken) <= limit
            assert speakable(segment.spoken)
            assert segment.spoken == speak(segment.printed, segment.replacements)
            assert segment.spoken == segment.spoken.strip()


@settings(max_examples=60, deadline=None)
@given(text=texts(), where=st.integers(0, 10))
def test_an_inserted_paragraph_changes_no_other_segment(text: str, where: int) -> None:
    """Boundaries are local. Blocks stand between blank lines, so that no line is drawn into
    the paragraph of another."""
    blocks = [block for block in text.split("\n\n") if "\n" not in block.strip("\n")]
    added = "A new paragraph of narration came in from nowhere at all."
    before = read_or_refuse("\n\n".join(blocks), "en", "b.txt")
    after = read_or_refuse("\n\n".join([*blocks[:where], added, *blocks[where:]]), "en", "b.txt")
    if before is None or after is None:
        return
    old, new = (
        [s.printed for c in script_of(m, project(CAST)).chapters for s in c.segments if s.slices]
        for m in (before, after)
    )
    # a heading may become a title line or an entry of the contents by what stands near it
    if len(old) + 1 == len(new):
        assert added in new
        new.remove(added)
        assert old == new


@pytest.mark.parametrize("name", ["孔乙己.md", "sign-of-the-four-1.txt"])
def test_a_real_text_is_read_whole(name: str) -> None:
    language = "zh" if name.endswith(".md") else "en"
    manuscript = read_manuscript((FIXTURES / name,), language=language)
    script = script_of(manuscript, project(language=language))
    assert rebuilt(manuscript, script) == [source.text for source in manuscript.sources]
    assert script.coverage.share == 1.0
    assert script.coverage.spoken_share > 0.7
