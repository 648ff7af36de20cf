"""Wrong books: one clear line or a book, never anything else."""

from __future__ import annotations

import io
import time
import zipfile
from pathlib import Path

import pytest
from epubmaking import (
    SENTENCE,
    assert_whole,
    chapter,
    contents,
    epub,
    pack,
    page,
    read_book,
    texts,
    titles,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from book.readers.archive import LARGEST_MEMBER, open_archive
from castbook.errors import ManuscriptError

GOOD = {"c.xhtml": chapter("One"), "d.xhtml": chapter("Two")}
ENTRIES = [("One", "c.xhtml"), ("Two", "d.xhtml")]


def refusal(content: bytes) -> str:
    """The one line with which a book is refused."""
    with pytest.raises(ManuscriptError) as caught:
        contents(content)
    message = str(caught.value)
    assert "\n" not in message and message.startswith(("book.epub: ", "book.epub!"))
    return message


def encryption(algorithm: str) -> dict[str, str]:
    return {
        "META-INF/encryption.xml": '<encryption xmlns="urn:oasis:names:tc:opendocument:xmlns:'
        'container" '
        'xmlns:enc="http://www.w3.org/2001/04/xmlenc#"><enc:EncryptedData><enc:EncryptionMethod '
        f'Algorithm="{algorithm}"/></enc:EncryptedData></encryption>'
    }


def test_locked_books_are_refused_with_advice() -> None:
    aes = encryption("http://www.w3.org/2001/04/xmlenc#aes128-cbc")
    for members in (aes, {"META-INF/rights.xml": "<r/>"}, {"META-INF/sinf.xml": "<s/>"}):
        message = refusal(epub(GOOD, members=members))
        assert "locked" in message and "unprotected copy" in message


@pytest.mark.parametrize(
    "algorithm", ["http://www.idpf.org/2008/embedding", "http://ns.adobe.com/pdf/enc#RC"]
)
def test_obfuscated_fonts_lock_nothing(algorithm: str) -> None:
    assert contents(epub(GOOD, members=encryption(algorithm))).sources


def test_bombs_are_refused_before_they_go_off() -> None:
    bomb = b"<p>" + b" " * (30 * 2**20) + b"</p>"
    started = time.process_time()
    assert "times" in refusal(epub({"c.xhtml": bomb}))
    many = {f"x/{i}": "" for i in range(20_100)}
    assert "members" in refusal(epub(GOOD, members=many))
    tags = "<b/>" * 1_100_000
    assert "larger than any book" in refusal(pack_stored(epub({"c.xhtml": page(tags)})))
    assert time.process_time() - started < 30


def pack_stored(content: bytes) -> bytes:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return pack({n: archive.read(n) for n in archive.namelist()}, compress=False)


def test_a_member_that_lies_about_its_length_is_refused() -> None:
    content = bytearray(pack({"a": "x" * 5000}))
    central = content.rindex(b"PK\x01\x02")
    content[central + 24 : central + 28] = (100).to_bytes(4, "little")
    archive = open_archive(bytes(content), "a.zip")
    with pytest.raises(ManuscriptError, match="damaged"):
        archive.read("a")


@pytest.mark.parametrize("name", ["../x", "/etc/x", "a/../../x", "C:\\x", "..\\x"])
def test_names_that_leave_the_archive_are_refused(name: str) -> None:
    assert "outside" in refusal(epub(GOOD, members={name: "x"}))


def test_limits_of_members() -> None:
    assert LARGEST_MEMBER < 2**30
    with pytest.raises(ManuscriptError, match="no member"):
        open_archive(pack({"a": "b"}), "a.zip").read("c")


def test_encrypted_members_are_refused() -> None:
    content = bytearray(epub(GOOD))
    for mark, flags in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        at = content.find(mark)
        while at >= 0:
            content[at + flags] |= 1
            at = content.find(mark, at + 4)
    assert "password" in refusal(bytes(content))


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", b"no archive", b"PK\x05\x06" + bytes(18)])
def test_what_is_no_archive(content: bytes) -> None:
    refusal(content)


def test_missing_and_empty_documents_are_warnings(tmp_path: Path) -> None:
    pages = {**GOOD, "e.xhtml": "  "}
    made = epub(pages, entries=[*ENTRIES, ("Gone", "gone.xhtml")])
    with zipfile.ZipFile(io.BytesIO(made)) as archive:
        members = {n: archive.read(n) for n in archive.namelist()}
    members["OPS/book.opf"] = (
        members["OPS/book.opf"]
        .replace(
            b"</manifest>",
            b'<item id="g" href="gone.xhtml" media-type="application/xhtml+xml"/></manifest>',
        )
        .replace(b"</spine>", b'<itemref idref="g"/><itemref idref="nowhere"/></spine>')
    )
    manuscript = read_book(tmp_path, pack(members))
    assert titles(manuscript) == ["One", "Two"]
    told = " ".join(manuscript.warnings)
    assert "gone.xhtml" in told and "e.xhtml: the document is empty" in told and "'Gone'" in told


@pytest.mark.parametrize(
    "broken",
    [
        f"<html><body><h2>One</h2><p>{SENTENCE}<br>On &nbsp; & on<p>More</body>",
        f"<html><title/><body><a id='x'/><h2>One</h2><p>{SENTENCE}</i></p><p>More</p>",
        f"\ufeff<html><body><h2>One</h2><p>{SENTENCE}</p><p>More &bogus; &#x1F;</p>",
    ],
)
def test_broken_markup_is_read_as_a_browser_would(tmp_path: Path, broken: str) -> None:
    manuscript = read_book(tmp_path, epub({"c.xhtml": broken, "d.xhtml": chapter("Two")}))
    assert titles(manuscript) == ["One", "Two"]
    assert any(SENTENCE in text for text in texts(manuscript))
    assert any(text.startswith("More") for text in texts(manuscript))
    assert any("not well-formed" in warning for warning in manuscript.warnings)


def test_entities_are_never_resolved(tmp_path: Path) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("the secret", encoding="utf-8")
    laughs = "".join(f'<!ENTITY l{i + 1} "{f"&l{i};" * 10}">' for i in range(12))
    text = (
        f'<!DOCTYPE html [<!ENTITY l0 "lol"><!ENTITY s SYSTEM "{secret.as_uri()}">{laughs}]>'
        f"<html><body><p>{SENTENCE} &s; &l12;</p></body></html>"
    )
    manuscript = read_book(tmp_path, epub({"c.xhtml": text}))
    assert texts(manuscript) == [f"{SENTENCE} &s; &l12;"]


def test_deep_nesting_is_read_or_refused(tmp_path: Path) -> None:
    for depth in (200, 20_000):
        body = "<div>" * depth + f"<p>{SENTENCE}</p>" + "</div>" * depth
        made = pack_stored(epub({"c.xhtml": page(body)}))
        if depth < 250:
            assert texts(read_book(tmp_path, made)) == [SENTENCE]
        else:
            assert "nested" in refusal(made)


@pytest.mark.parametrize(
    ("encoding", "declared"),
    [
        ("utf-8", "utf-8"), ("utf-8-sig", ""), ("utf-16", "utf-16"), ("cp1252", "iso-8859-1"),
        ("utf-8", "iso-8859-1"), ("cp1252", "utf-8"), ("utf-8", "nonsense"), ("cp1252", ""),
    ],
)  # fmt: skip
def test_encodings_right_and_wrong(tmp_path: Path, encoding: str, declared: str) -> None:
    mark = f' encoding="{declared}"' if declared else ""
    words = "“The café — déjà vu”, said Zoë to François. " * 5
    text = f'<?xml version="1.0"{mark}?><html><body><p>{words}</p></body></html>'
    manuscript = read_book(tmp_path, epub({"c.xhtml": text.encode(encoding)}))
    assert texts(manuscript) == [words.strip()]


def test_books_without_text_say_so() -> None:
    picture = page('<p><img src="1.jpg" alt="Page one"/></p>')
    message = refusal(epub({"a.xhtml": picture, "b.xhtml": picture}))
    assert "2 pictures" in message and "OCR" in message
    assert "no text" in refusal(epub({"a.xhtml": page("")}))
    refusal(epub({}))
    refusal(pack({"mimetype": "application/epub+zip"}))


def test_paths_are_forgiven(tmp_path: Path) -> None:
    text = chapter("One")
    items = "".join(
        f'<item id="{key}" href="{href}" media-type="application/xhtml+xml"/>'
        for key, href in (("a", "Text/Gro%C3%9Fe%20Stadt.xhtml"), ("b", "../OPS/text\\B.XHTML"))
    )
    book = (
        '<package xmlns="http://www.idpf.org/2007/opf"><metadata/><manifest>'
        f'{items}</manifest><spine><itemref idref="a"/><itemref idref="b"/></spine></package>'
    )
    members = {
        "META-INF/container.xml": '<container><rootfile full-path="ops/Book.opf"/></container>',
        "OPS/book.opf": book,
        "OPS/text/Große Stadt.xhtml": text,
        "OPS/text/b.xhtml": chapter("Two"),
    }
    assert titles(read_book(tmp_path, pack(members))) == ["One", "Two"]


def test_duplicate_ids_and_no_container(tmp_path: Path) -> None:
    text = page(f'<h2 id="x">One</h2><p>{SENTENCE}</p><h2 id="x">Two</h2><p>{SENTENCE}</p>')
    made = epub({"c.xhtml": text}, entries=[("One", "c.xhtml#x"), ("Two", "c.xhtml#y")])
    manuscript = read_book(tmp_path, made)
    assert any("no such place" in warning for warning in manuscript.warnings)
    assert_whole(manuscript)
    no_container = epub(GOOD, entries=ENTRIES, members={"META-INF/container.xml": "<broken"})
    assert titles(read_book(tmp_path, no_container)) == ["One", "Two"]


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_damaged_bytes_are_a_book_or_one_line(data: st.DataObject) -> None:
    made = bytearray(pack_stored(epub(GOOD, entries=ENTRIES)))
    for _ in range(data.draw(st.integers(1, 6))):
        at = data.draw(st.integers(0, len(made) - 1))
        made[at : at + data.draw(st.integers(1, 4))] = data.draw(st.binary(max_size=6))
    try:
        contents(bytes(made))
    except ManuscriptError as error:
        assert "\n" not in str(error)
