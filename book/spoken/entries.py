"""One entry of a lexicon: a word, how it is said, and where that holds."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from book.manuscript import NARRATOR
from book.project import Slug
from castbook.phonemes import Alphabet

APOSTROPHES = str.maketrans("’ʼ", "''")  # folded: a word is found however it is typed

_MARKS = frozenset("⟦⟧[]")  # enclose phonemes in spoken text, here and in engines
Word = Annotated[str, Field(min_length=1, max_length=200)]


class Entry(BaseModel):
    """How one word is said, and where."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    word: Word = Field(description="as it is printed; may be several words")
    say: Word | None = Field(None, description="as it is spoken, respelled")
    phonemes: Word | None = Field(None, description="its sounds, for engines that read them")
    alphabet: Alphabet = Field("ipa", description="of phonemes: ipa, espeak, pinyin or glm")
    language: str | None = Field(None, description="only in this language, such as en or en-GB")
    character: Slug | None = Field(None, description="only when this key of cast speaks")
    engine: Slug | None = Field(None, description="only for this engine")
    whole_word: bool = Field(True, description="false: inside longer words too")
    case: bool = Field(False, description="true: only with the same capitals")

    @property
    def scope(self) -> tuple[str, str | None, str | None, str | None]:
        """What must differ between two entries of one file."""
        word = " ".join(self.word.translate(APOSTROPHES).split())
        return (
            word if self.case else word.casefold(),
            self.language and self.language.casefold(),
            self.character,
            self.engine,
        )

    @property
    def mistake(self) -> tuple[str, str] | None:
        """What is wrong with the entry and what was expected, if anything."""
        if not self.word.strip() or (self.say is not None and not self.say.strip()):
            return "is only white space", "a word and how it is said"
        if self.say is None and self.phonemes is None:
            return "is missing", "the word as it is spoken, or phonemes:"
        if self.phonemes is not None and (not self.phonemes.strip() or _MARKS & {*self.phonemes}):
            return "has phonemes that cannot be marked in a text", "sounds without brackets"
        return None

    def fits(self, language: str, speaker: str | None, engine: str) -> bool:
        """Whether the entry holds for a text in ``language`` spoken so."""
        if self.language is not None:
            wanted, given = self.language.casefold(), language.casefold()
            if given != wanted and not given.startswith(f"{wanted}-"):
                return False
        if self.character is not None and self.character != (speaker or NARRATOR):
            return False
        return self.engine is None or self.engine == engine
