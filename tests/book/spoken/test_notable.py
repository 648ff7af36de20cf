"""The report of words worth a lexicon entry finds names and polyphones, and not plain words."""

from __future__ import annotations

from pathlib import Path

from bookmaking import project, read, script_of

from book.languages import load_language
from book.spoken.notable import NotableWord, find_notable


def words(folder: Path, text: str, language: str = "en", known: tuple[str, ...] = (),
          **cast: tuple[str, ...]) -> dict[str, NotableWord]:  # fmt: skip
    book = project(cast, language=language)
    script = script_of(read(folder, text, language=language), book)
    names = {key: (key, *aliases) for key, aliases in cast.items()}
    return {w.word: w for w in find_notable(script, load_language(language), names, known)}


ENGLISH = """\
The house of Ravenscroft was old. Nobody in Ravenscroft had seen Mr. Thrale, though
Thrale was said to be rich. They asked Thrale about the façade. Arthur laughed at them,
and so did Arthur’s wife. The The The.
"""


def test_names_and_foreign_words_are_listed(tmp_path: Path) -> None:
    found = words(tmp_path, ENGLISH, thrale=("Thrale",))
    assert {word: w.reason for word, w in found.items()} == {
        "Thrale": "cast",
        "Ravenscroft": "name",
        "façade": "foreign",
    }
    assert next(iter(found)) == "Thrale"
    assert found["Thrale"].count == 3
    assert "Ravenscroft" in found["Ravenscroft"].context
    assert found["façade"].segment.startswith("ch01/")


def test_what_the_lexicon_knows_is_not_listed_again(tmp_path: Path) -> None:
    assert "Ravenscroft" not in words(tmp_path, ENGLISH, known=("ravenscroft",))


def test_polyphones_outside_known_phrases_are_listed(tmp_path: Path) -> None:
    text = "银行的行长走了过来。他行至桥头，单雄信正在那里数钱。\n\n他说：“行。”\n"
    found = words(tmp_path, text, "zh", 单雄信=())
    assert found["单雄信"].reason == "cast"
    assert "shan4" in found["单雄信"].readings[0]
    assert found["行"].reason == "polyphone"
    assert found["行"].count == 2  # 银行 and 行长 are phrases with one reading
    assert {"xing2", "hang2"} <= set(found["行"].readings)
    assert "了" not in found
