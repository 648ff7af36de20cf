"""Books of hooks: made whole, revised, and only what changed is spoken again."""

from __future__ import annotations

from pathlib import Path

import pytest
from hooked import hooks_with_template, post

from book.projectfile import load_project
from castbook.errors import InputError
from flows.local import run_locally
from tasks.hooks import projects
from tasks.hooks.manuscripts import manuscript_text, words_of
from tasks.hooks.projects import Staged, promote, stage_book
from tasks.hooks.revisions import FOLDER, standing

FIRST = "<p>The house stood on the hill. Nobody had lived in it.</p><p>It was cold.</p>"
SECOND = FIRST.replace("It was cold.", "It was very cold.")
NOW = 1_795_000_000.0


def names(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()]


@pytest.fixture
def hooks(tmp_path: Path) -> Path:
    return hooks_with_template(tmp_path / "hooks")


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path / "data"


def test_a_new_book_is_a_project_of_its_template(data: Path, hooks: Path) -> None:
    staged = stage_book(data, post(FIRST, title="Door: a #1 “tale”"), hooks, NOW)
    assert staged.project == data / "projects" / "ghost-a1"
    project = load_project(staged.project)
    assert (project.book.title, project.book.author) == ("Door: a #1 “tale”", "A. Nobody")
    text = (staged.project / "project.yaml").read_text("utf-8")
    assert text.startswith("version: 1   # the template of these tests\n")  # comments stay
    assert names(data / "projects") == ["ghost-a1"]


def test_without_a_template_it_is_as_castbook_new_makes_it(data: Path) -> None:
    staged = stage_book(data, post(FIRST, template="", language="en"), None, NOW)
    project = load_project(staged.project)
    assert (project.book.title, project.book.author) == ("The Door", "A. Nobody")
    assert project.book.language == "en"


@pytest.mark.parametrize("template", ["none", "..", "tone.yaml/.."])
def test_a_template_that_is_none_leaves_nothing(data: Path, hooks: Path, template: str) -> None:
    with pytest.raises(InputError, match="template"):
        stage_book(data, post(FIRST, template=template), hooks, NOW)
    assert names(data / "projects") == []


def test_a_template_that_gives_no_project_leaves_nothing(data: Path, hooks: Path) -> None:
    (hooks / "templates" / "bad.yaml").write_text("version: 1\nnarrator: nobody\n", "utf-8")
    with pytest.raises(InputError, match="template 'bad' gives no project") as said:
        stage_book(data, post(FIRST, template="bad"), hooks, NOW)
    assert str(data) not in str(said.value)
    assert names(data / "projects") == []


def test_a_folder_as_a_template_comes_whole_but_for_its_build(data: Path, hooks: Path) -> None:
    folder = hooks / "templates" / "full"
    (folder / "voices").mkdir(parents=True)
    (folder / "build" / "takes").mkdir(parents=True)
    (folder / "project.yaml").write_text(
        (hooks / "templates" / "tone.yaml").read_text("utf-8"), "utf-8"
    )
    (folder / "voices" / "note.txt").write_text("x", "utf-8")
    (folder / "build" / "takes" / "x.flac").write_bytes(b"x")
    (folder / "away").symlink_to("/etc/hostname")
    staged = stage_book(data, post(FIRST, template="full"), hooks, NOW)
    assert {p.name for p in staged.project.iterdir()} == {
        "project.yaml", "manuscript.html", "voices", "revisions"
    }  # fmt: skip


def test_the_same_payload_is_the_same_revision(data: Path, hooks: Path) -> None:
    first = stage_book(data, post(FIRST), hooks, NOW)
    assert not first.known
    assert stage_book(data, post(FIRST), hooks, NOW + 60) == Staged(
        first.project, first.revision, True
    )
    second = stage_book(data, post(SECOND), hooks, NOW - 60)  # the clock was set back
    assert (second.known, second.revision > first.revision) == (False, True)


def test_a_revision_redoes_what_changed_and_nothing_else(data: Path, hooks: Path) -> None:
    first = stage_book(data, post(FIRST), hooks, NOW)
    assert promote(first.project, first.revision)
    begun = run_locally(first.project)
    segments = sum(chapter.segments for chapter in begun.chapters)
    assert sum(chapter.made for chapter in begun.chapters) == segments == 3

    (first.project / "lexicon.yaml").write_text("version: 1\nwords: {}\n", "utf-8")  # the user's
    second = stage_book(data, post(SECOND), hooks, NOW + 1)
    assert promote(second.project, second.revision)
    assert "very cold" in (second.project / "manuscript.html").read_text("utf-8")
    again = run_locally(second.project)
    assert again.made == 1
    assert (second.project / "lexicon.yaml").is_file()

    # the older one comes again, long after: it stands back, and its text is let go
    assert stage_book(data, post(FIRST), hooks, NOW + 99).revision == first.revision
    assert not promote(first.project, first.revision)
    assert "very cold" in (second.project / "manuscript.html").read_text("utf-8")
    assert (first.project / FOLDER / first.revision).read_bytes() == b""
    assert promote(second.project, second.revision)  # once more, as after a crash
    assert standing(second.project) == second.revision


def test_a_crash_between_manuscript_and_mark_is_mended(
    data: Path, hooks: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tasks.hooks import revisions

    staged = stage_book(data, post(FIRST), hooks, NOW)

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(revisions, "write_text", killed)
        with pytest.raises(KeyboardInterrupt):
            promote(staged.project, staged.revision)
    assert standing(staged.project) == ""
    assert promote(staged.project, staged.revision)
    assert standing(staged.project) == staged.revision


@pytest.mark.parametrize("revision", ["", "../x", "000001", f"{0:015d}-{'a' * 32}"])
def test_a_revision_that_is_none(data: Path, hooks: Path, revision: str) -> None:
    staged = stage_book(data, post(FIRST), hooks, NOW)
    with pytest.raises(InputError, match="revision"):
        promote(staged.project, revision)


def test_who_comes_second_brings_a_revision(
    data: Path, hooks: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tasks.hooks.revisions import stage as drafted

    def late(folder: Path, digest: str, content: bytes, now: float) -> str:
        monkeypatch.setattr(projects, "stage", drafted)
        stage_book(data, post(FIRST), hooks, now)  # another request, meanwhile
        return drafted(folder, digest, content, now)

    monkeypatch.setattr(projects, "stage", late)
    staged = stage_book(data, post(SECOND), hooks, NOW)
    revisions = [p.name for p in (staged.project / FOLDER).iterdir()]
    assert len(revisions) == 2
    assert staged.revision == max(revisions)
    assert names(data / "projects") == ["ghost-a1"]


def test_a_project_of_somebody_else_is_left_alone(data: Path, hooks: Path) -> None:
    mine = data / "projects" / "ghost-a1"
    mine.mkdir(parents=True)
    (mine / "project.yaml").write_text("version: 1\n", "utf-8")
    with pytest.raises(InputError, match="not of this source"):
        stage_book(data, post(FIRST), hooks, NOW)
    assert names(mine) == ["project.yaml"]


def test_pages_and_words() -> None:
    page = manuscript_text(post("<p>a</p>", title="A <b>", author='"x"', language="en"))
    assert "<h1>A &lt;b&gt;</h1>" in page
    assert 'content="&quot;x&quot;"' in page
    assert manuscript_text(post("<h1>Own</h1>")).count("<h1>") == 1
    whole = "<!DOCTYPE html><html><body>x</body></html>"
    assert manuscript_text(post(whole)) == whole
    markdown = post("text", form="markdown")
    assert manuscript_text(markdown) == "# The Door\n\ntext"
    said = words_of(post("<p>b<b>a</b>d</p><script>unseen</script><p>w&ouml;rd<br>next</p>"))
    assert "bad" in said
    assert "unseen" not in said
    assert "wörd\nnext" in said
