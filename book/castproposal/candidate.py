"""Someone who may belong to the cast: what is known of them before lines are given out."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field


@dataclass(slots=True)
class Candidate:
    """Someone who seems to speak."""

    forms: Counter[str] = field(default_factory=Counter)  # written -> how often, anywhere
    tags: Counter[str] = field(default_factory=Counter)  # written -> beside a verb of speech
    beats: int = 0
    calls: int = 0
    told: int = 0  # how often the narration names them
    articled: int = 0  # of these, behind "the"
    gender: str = ""  # as the names say
    titled: bool = False
    role: bool = False  # called by what they are: the landlady
    last: str = ""  # surname, where one is known

    @property
    def name(self) -> str:
        """The form that most tags use; a name before what somebody is."""
        return max(
            self.forms, key=lambda f: (not f[0].islower(), self.tags[f], self.forms[f], -len(f), f)
        )

    def absorb(self, other: Candidate) -> None:
        """Makes one person of two."""
        self.forms.update(other.forms)
        self.tags.update(other.tags)
        self.beats += other.beats
        self.calls += other.calls
        self.told += other.told
        self.articled += other.articled
        self.titled |= other.titled
