"""A draw of voices that nobody had heard, for one look at the verdicts.

Written, and committed, before the look. espeak's variants had all been used by then, so a voice
of this draw is a variant with an accent, a pitch, a range of intonation, a rate, a gap between
words and a size that no earlier voice had: its sound is played up to 15 % slower or 18 % faster
than espeak spoke it, at a rate that makes up for it, which moves all its formants.

- Voices: 30, 20 English and 10 Chinese, drawn with the seed below from **all** variants, robots,
  echoes and whispers among them, each at most once.
- Books: two a language, drawn by the same seed from those that no look, no tuning and no test
  of the verdicts had used: eighteen novels and stories of Project Gutenberg, four volumes of
  Lu Xun (三闲集, 华盖集续编, 而已集, 野草).
- Takes: 10 of each voice in each book; faults by ``verdictfaults.py``, unchanged.
- The look: ``python -m benchmarks.verdicts BOOK… --unseen --takes 10``, once. What comes out
  stands in ``docs/measurements.md``; nothing is tuned on these takes. Beside the whole, which is
  what counts, it names the voices whose variant has no ``echo`` line in espeak's file.

The look was made on 2026-11-21, so these voices are known now: another look needs another seed.
"""

from __future__ import annotations

import random
from typing import Final

from benchmarks.verdicttakes import Speaker
from castbook.errors import MissingDependency
from tts.espeak_voices import package_folder, read_names

SEED: Final = "castbook verdicts, issue 6"
ENGLISH, CHINESE = 20, 10
ACCENTS: Final = (
    *("en-us", "en-gb", "en-gb-x-rp", "en-gb-scotland", "en-gb-x-gbclan", "en-gb-x-gbcwmd"),
    *("en-029", "en-us-nyc"),
)
ENGLISH_BOOKS: Final = (
    *("1064_the_masque_of_the_red_death", "1245_night_and_day"),
    *("1327_elizabeth_and_her_german_garden", "16357_mary_a_fiction", "171_charlotte_temple"),
    *("18581_adrift_in_new_york_tom_and_florence_braving_the_world", "2166_king_solomons_mines"),
    *("238_dear_enemy", "2775_the_good_soldier", "2807_to_have_and_to_hold", "2891_howards_end"),
    *("3457_the_man_of_the_forest", "434_the_circular_staircase", "45_anne_of_green_gables"),
    *("543_main_street", "766_david_copperfield", "78_tarzan_of_the_apes"),
    "8867_the_magnificent_ambersons",
)
CHINESE_BOOKS: Final = ("三闲集", "华盖集续编", "而已集", "野草")


def unseen() -> tuple[Speaker, ...]:
    """The voices."""
    folder = package_folder()
    if folder is None:
        raise MissingDependency("the package espeakng-loader is not installed")
    names = read_names(folder / "espeak-ng-data")
    rng = random.Random(SEED)
    variants = rng.sample(sorted(names.variants.values()), ENGLISH + CHINESE)
    return tuple(
        _voice(variant, rng.choice(ACCENTS) if number < ENGLISH else "cmn", rng)
        for number, variant in enumerate(variants)
    )


def books() -> tuple[str, ...]:
    """The names of the books' files, without their ends."""
    rng = random.Random(f"{SEED}, books")
    return (*rng.sample(ENGLISH_BOOKS, 2), *rng.sample(CHINESE_BOOKS, 2))


def _voice(variant: str, accent: str, rng: random.Random) -> Speaker:
    return Speaker(
        "espeak",
        f"{accent}+{variant}",
        "zh" if accent == "cmn" else "en",
        speed=rng.randint(140, 210),
        manner=(
            ("pitch", rng.randint(25, 75)),
            ("range", rng.randint(20, 90)),
            ("gap", rng.choice((0, 0, 0, 10, 20, 30))),
        ),
        size=round(rng.uniform(0.85, 1.18), 2),
    )


if __name__ == "__main__":
    print("\n".join((*books(), *(speaker.name for speaker in unseen()))))
