"""The cast that a new project begins with."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from bookmaking import FIXTURES, read

from book.proposal import CastProposal, propose_cast
from book.readers import read_manuscript


def roles(proposal: CastProposal) -> dict[str, tuple[str | None, int]]:
    return {c.key: (c.gender, c.lines) for c in proposal.characters}


STORY = """\
“Come in,” said Mr. Holmes. “It is cold.”

“Thank you,” said Mrs. Hudson. She closed the door behind her.

“You know my methods, Watson,” Holmes remarked.

“I do,” said I.

“Then look, Watson,” said Sherlock Holmes.

“I see nothing,” I answered.

“Once more, Watson!” cried Holmes.

“Nothing,” I said. “It is too dark, Holmes.” Sherlock Holmes laughed.

“So it is,” said Mrs. Hudson. “I will bring the lamp.”

“Do,” I said.

“Well?” asked Holmes. Mr. Holmes rose.

“I see,” I cried.
"""


def test_one_person_of_several_names_and_the_one_who_tells(tmp_path: Path) -> None:
    proposal = propose_cast(read(tmp_path, STORY), "en")
    assert roles(proposal) == {"holmes": ("m", 6), "watson": (None, 6), "mrs-hudson": ("f", 3)}
    assert proposal.narrator_character == "watson"
    assert proposal.first_person == 5
    holmes = proposal.characters[0]
    assert holmes.name == "Sherlock Holmes"
    assert set(holmes.aliases) == {"Sherlock Holmes", "Mr. Holmes", "Holmes"}


def test_members_of_a_family_are_kept_apart(tmp_path: Path) -> None:
    lines = [
        f"“It is late,” said {name}. “Very late.”"
        for name in ("Mr. Bennet", "Mrs. Bennet", "Jane Bennet", "Mary Bennet")
        for _ in range(2)
    ]
    proposal = propose_cast(read(tmp_path, "\n\n".join(lines)), "en")
    assert roles(proposal) == {
        "mr-bennet": ("m", 4), "mrs-bennet": ("f", 4), "jane-bennet": ("f", 4),
        "mary-bennet": ("f", 4),
    }  # fmt: skip


def test_a_bare_family_name_means_the_man_and_a_full_form_ties_its_parts(tmp_path: Path) -> None:
    names = ("Miss Bingley", "Mr. Bingley", "Bingley", "Mrs. Lynde", "Mrs. Rachel", "Rachel Lynde")
    lines = [f"“It is late,” said {name}. “Very late.”" for name in names for _ in range(2)]
    lines.append("There stood Mrs. Rachel Lynde. Nobody spoke but Mrs. Rachel Lynde.")
    proposal = propose_cast(read(tmp_path, "\n\n".join(lines)), "en")
    assert {frozenset(c.aliases) | {c.name}: (c.gender, c.lines) for c in proposal.characters} == {
        frozenset({"Miss Bingley"}): ("f", 4),
        frozenset({"Mr. Bingley", "Bingley"}): ("m", 8),
        frozenset({"Mrs. Lynde", "Mrs. Rachel", "Rachel Lynde", "Mrs. Rachel Lynde"}): ("f", 12),
    }


def test_a_shorter_chinese_name_is_the_longer_one_that_ends_so(tmp_path: Path) -> None:
    names = ("赵七爷", "七爷", "七斤嫂", "七斤")
    lines = [f"天黑下来了。{name}便说道，“天晚了，回去罢。”" for name in names for _ in range(3)]
    proposal = propose_cast(read(tmp_path, "\n\n".join(lines), language="zh"), "zh")
    assert {c.key for c in proposal.characters} in (
        {"赵七爷", "七斤嫂", "七斤"},
        {"七爷", "七斤嫂", "七斤"},
    )
    seventh = next(c for c in proposal.characters if c.key.endswith("七爷"))
    assert {seventh.key, *seventh.aliases} == {"赵七爷", "七爷"}
    assert seventh.lines == 6


def test_words_that_begin_sentences_are_no_names(tmp_path: Path) -> None:
    text = "“No,” he said. Then Tom said, “Yes.”\n\n“Oh,” said Tom. The rain said nothing.\n" * 3
    assert list(roles(propose_cast(read(tmp_path, text), "en"))) == ["tom"]


def test_the_first_chapter_of_a_novel() -> None:
    """Watson is called by name once only: too little to know that it is he who tells."""
    manuscript = read_manuscript((FIXTURES / "sign-of-the-four-1.txt",), language="en")
    proposal = propose_cast(manuscript, "en")
    (holmes,) = proposal.characters
    assert (holmes.key, holmes.name, holmes.gender) == ("holmes", "Sherlock Holmes", "m")
    assert 40 <= holmes.lines <= 50  # what "I" says is not his
    assert proposal.narrator_character is None
    assert proposal.first_person == 15


def test_a_chinese_story() -> None:
    manuscript = read_manuscript((FIXTURES / "孔乙己.md",), language="zh")
    proposal = propose_cast(manuscript, "zh")
    assert {key: gender for key, (gender, _) in roles(proposal).items()} == {
        "孔乙己": "m", "掌柜": "m",
    }  # fmt: skip
    assert min(c.lines for c in proposal.characters) >= 8
    assert proposal.narrator_character is None


def test_a_script_brings_its_own_cast(tmp_path: Path) -> None:
    text = "ANNA: Come in, it is late already.\nBORIS: No.\nANNA: Why?\nBORIS: It is late.\n"
    proposal = propose_cast(read(tmp_path, text), "en")
    assert roles(proposal) == {"anna": ("f", 2), "boris": (None, 2)}
    assert proposal.characters[0].sample == "Come in, it is late already."


@pytest.mark.parametrize("text", ["It rained all day.", "“Who?” “You.” “Me?”"])
def test_a_book_where_nobody_is_named(text: str, tmp_path: Path) -> None:
    assert propose_cast(read(tmp_path, text), "en").characters == ()


def test_the_same_under_every_hash_seed(tmp_path: Path) -> None:
    """Python orders sets of words anew in each process: nothing may depend on it."""
    (tmp_path / "book.txt").write_text(STORY, encoding="utf-8")
    code = (
        "from pathlib import Path; from book.readers import read_manuscript;"
        "from book.proposal import propose_cast;"
        f"print(propose_cast(read_manuscript((Path({str(tmp_path / 'book.txt')!r}),)), 'en'))"
    )
    root = Path(__file__).parents[2]
    results = {
        subprocess.run(
            [sys.executable, "-c", code], env={"PYTHONHASHSEED": seed, "PYTHONPATH": str(root)},
            capture_output=True, check=True, text=True, timeout=60,
        ).stdout
        for seed in ("1", "2")
    }  # fmt: skip
    assert len(results) == 1
