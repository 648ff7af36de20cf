"""castbook: a manuscript becomes a full-cast audiobook.

The basement of the house: version, settings, the one exception tree, and the few
primitives every room shares. Imports nothing of ours.
"""

from __future__ import annotations

__version__ = "0.1.0"
