"""After the weights of an engine came: does it speak on this machine?

An engine may name a module (``Engine.selftest``) that speaks a sentence or two and prints what
came of it, to paste in a report. It runs in a process of its own, because it loads what only an
engine's own process loads.
"""

from __future__ import annotations

import subprocess
import sys

from tts.registry import BUILT_IN, engine_class

_PATIENCE_S = 1800.0  # a large model on a slow core


def run_selftest(name: str) -> int:
    """The exit code of the engine's self-test, whose output goes where ours does; 0 for what
    has none.

    Args:
        name: of an engine, or of anything else that has weights.
    """
    module = engine_class(name).selftest if name in BUILT_IN else None
    if module is None:
        return 0
    sys.stdout.flush()  # what was said before it stands before it
    try:
        done = subprocess.run([sys.executable, "-m", module], timeout=_PATIENCE_S)
    except subprocess.TimeoutExpired:
        print(f"the self-test of {name} had no end after {_PATIENCE_S:.0f} s", file=sys.stderr)
        return 1
    return 1 if done.returncode else 0
