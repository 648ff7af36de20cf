"""What the parity benchmarks of the stages of GLM-TTS return: one row for each comparison."""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Row:
    """One quantity of one case, against the golden numbers."""

    stage: str
    case: str
    quantity: str
    error: float  # the largest absolute difference; for exact comparisons the mismatches
    limit: float  # 0: exact
    detail: str = ""

    @property
    def passed(self) -> bool:
        """Within the limit; NaN never is."""
        return not math.isnan(self.error) and self.error <= self.limit
