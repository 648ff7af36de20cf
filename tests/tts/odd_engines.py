"""Engines that do what engines should not, for test_host.py. One class; an option says what."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from importlib import import_module
from pathlib import Path

import numpy as np

from tts.engine import (
    Capabilities,
    Engine,
    EngineError,
    Failure,
    Pcm,
    Preset,
    Request,
    Speech,
    Voice,
)


class OddEngine(Engine):
    name = "odd"

    @property
    def capabilities(self) -> Capabilities:
        return Capabilities(
            rate=8000, languages=("*",), limit=99, unit="characters",
            slots=self.options.get("slots", 1), reports=self.options.get("reports", False),
            streams=self.options.get("streams", False),
        )  # fmt: skip

    def fingerprint(self) -> str:
        return "odd"

    def presets(self) -> Sequence[Preset]:
        return (Preset("it", ("*",), "x"),)

    def load(self) -> None:
        act = self.options.get("load")
        if act == "noise":
            print("a library says hello")
            os.write(1, b"\x00\xff garbage " * 1000)
            os.system("echo a program says hello")
        elif act == "no weights":
            raise EngineError("weights are missing: castbook get odd", "dead")
        elif act == "import":
            import_module("a_package_that_nobody_has")
        elif act == "exit":
            print("last words before the end", file=sys.stderr)
            os._exit(7)
        elif act == "sleep":
            time.sleep(60)
        elif act == "grandchild":
            self.sleeper = subprocess.Popen(["sleep", "300"])
            print("grandchild", self.sleeper.pid, file=sys.stderr)
        self.unloaded = self.options.get("unloaded")

    def prepare(self, voice: Voice) -> None:
        self.clip = voice.reference
        if voice.preset == "broken":
            raise EngineError("its clip is silent", "permanent")

    def synthesize(self, requests: Sequence[Request]) -> Iterator[tuple[str, Speech | Failure]]:
        if self.options.get("log"):
            print(f"call of {len(requests)}", file=sys.stderr)
        for request in requests:
            act = request.text.split()[0]
            if act == "noise":
                print("talking while working")
                os.write(1, b"\x10\x00\x00\x00 not a frame")
            elif act == "segfault":
                signal.raise_signal(signal.SIGSEGV)
            elif act == "exit":
                sys.exit("a library that calls exit")
            elif act == "raise":
                raise RuntimeError("something broke")
            elif act == "dead" and request.try_number == 0:
                raise EngineError("the device is lost", "dead")
            elif act == "skip":
                continue
            elif act == "freeze":
                signal.raise_signal(signal.SIGSTOP)
            elif act == "hold":
                ctypes.PyDLL(None).sleep(300)  # a PyDLL keeps the interpreter's lock
            elif act == "slow":
                for _ in range(20):
                    time.sleep(0.1)
                    self.progress(request.id)
            elif act == "float":
                yield request.id, Speech(np.zeros(5), 8000)
                continue
            elif act == "echo":
                assert self.clip is not None
                yield request.id, Speech(self.clip.pcm, self.clip.rate)
                continue
            yield "999999", Speech(np.zeros(1, np.int16), 8000)  # never asked for
            yield request.id, Speech(np.full(int(act) if act.isdigit() else 5, 3, np.int16), 8000)

    def stream(self, request: Request) -> Iterator[Pcm]:
        """``many``: chunk after chunk without end, each written down; else what it says."""
        act, *more = request.text.split()
        counted = Path(self.options.get("counted", os.devnull))
        try:
            if act == "refuse":
                raise EngineError("no word in it", "permanent")
            for number in range(100_000 if act == "many" else int(act)):
                with counted.open("a") as file:
                    file.write(f"{number}\n")
                yield np.full(100, number % 1000, np.int16)
                time.sleep(self.options.get("pause_s", 0.005))
            if more == ["dead"] and request.try_number == 0:
                raise EngineError("the device is lost", "dead")
            if more == ["raise"]:
                raise RuntimeError("something broke")
            if more == ["exit"]:
                sys.exit("a library that calls exit")
            if more == ["float"]:
                yield np.zeros(5)  # type: ignore[misc]  # what the contract forbids
        finally:
            with counted.open("a") as file:
                file.write("closed\n")

    def unload(self) -> None:
        if self.unloaded:
            Path(self.unloaded).write_text("unloaded")
