"""A forking process whose jobs do what they are told: ``python -m odd_work``."""

from __future__ import annotations

import os
import signal
import sys
import time

from tts.forks import Header, Refusal, Work, serve


def setup(header: Header) -> tuple[Header, Work]:
    """Loads nothing; ``header["loading"]`` may ask for trouble."""
    match header.get("loading"):
        case "refuse":
            raise Refusal("there are no weights")
        case "raise":
            raise ValueError("odd weights")
        case "die":
            os._exit(3)
    calls: list[int] = []

    def work(job: Header) -> tuple[Header, bytes]:
        calls.append(1)
        match job["do"]:
            case "refuse":
                raise Refusal("never")
            case "raise":
                raise ValueError("not now")
            case "exit":
                os._exit(7)
            case "die":
                os.kill(os.getpid(), signal.SIGSEGV)
            case "sleep":
                time.sleep(60)
        return {"said": job["do"], "calls": len(calls), "pid": os.getpid()}, bytes(
            job.get("size", 0)
        )

    return {"loaded": True}, work


if __name__ == "__main__":
    serve(setup, sys.argv[1:])
