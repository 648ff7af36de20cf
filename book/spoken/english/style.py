"""How English is said where two ways are right: a table of choices for each profile.

``fiction`` speaks as a British narrator reads a novel; ``general`` as WeTextProcessing's
grammars put it, for news, manuals and whatever was written for them.
"""

from __future__ import annotations

from dataclasses import dataclass

from book.spoken.english.numbers import (
    LARGEST,
    cardinal,
    decimal,
    digits,
    is_spoken_whole,
    ordinal,
    year,
)


@dataclass(frozen=True, slots=True)
class Style:
    """The choices."""

    minus: str = "minus"
    inner_and: bool = True  # one hundred and five thousand
    ordinal_and: bool = True  # the hundred and first
    bare_thousand: bool = False  # 1,012: thousand and twelve
    minus_decimal: str = "minus"
    zero_digit: str = "zero"  # after a decimal point and in 007
    zero_year: str = "oh"  # 1905
    zero_minute: str = "oh"  # 7:05
    year_and: bool = True  # 2005: two thousand and five
    one_quarter: bool = False  # 1 1/4: one and one quarter, not one and a quarter
    cents: bool = True  # $7.05: seven dollars and five cents, not seven point oh five dollars
    day_first: bool = False  # May 24: the twenty-fourth of May
    keeps_stop: bool = True  # "etc." at a sentence's end is a full stop as well
    anywhere: bool = False  # Rev., Mt., Co., Jan. are said in full wherever they stand
    half_a: bool = True  # 1/2 a pint: half a mile
    initials: bool = True  # J. R. R.: J R R
    first_year: int = 1000  # four digits below it are a number
    last_year: int = 2199  # and beyond it, unless something says year
    american: bool = False  # kilometers
    loud: bool = True  # STOP: stop; nooo: no; B-b-but

    def whole(self, number: int) -> str:
        """A cardinal."""
        if self.bare_thousand and 1000 <= number < 2000:
            return cardinal(number).removeprefix("one ")
        return cardinal(number, inner=self.inner_and)

    def nth(self, number: int) -> str:
        """An ordinal."""
        if number > LARGEST:
            return f"{digits(str(number))}th"
        words = ordinal(number)
        return words if self.ordinal_and else words.replace(" and ", " ")

    def amount(self, text: str) -> str:
        """Digits with commas and a point, a leading minus."""
        if text[:1] in "-−–":
            minus = self.minus_decimal if "." in text else self.minus
            return f"{minus} {self.amount(text[1:])}"
        whole, point, _ = text.partition(".")
        if point:
            return decimal(text, self.head(whole), self.zero_digit)
        return self.head(text)

    def head(self, text: str) -> str:
        """A whole number as printed."""
        if not text:
            return ""
        if is_spoken_whole(text):
            return self.whole(int(text.replace(",", "")))
        return digits(text, self.zero_digit)

    def year(self, text: str) -> str:
        """A year; before 1000 a plain number."""
        if len(text) > 4:
            return self.head(text)
        said = year(int(text), self.zero_year)
        return said if self.year_and else said.replace(" and ", " ")


STYLES = {
    "fiction": Style(),
    "general": Style(
        minus="negative",
        zero_year="zero",
        zero_minute="o",
        year_and=False,
        one_quarter=True,
        inner_and=False,
        ordinal_and=False,
        bare_thousand=True,
        zero_digit="oh",
        cents=False,
        day_first=True,
        keeps_stop=False,
        anywhere=True,
        half_a=False,
        initials=False,
        first_year=1100,
        last_year=2999,
        american=True,
        loud=False,
    ),
}
