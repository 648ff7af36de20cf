"""Are sounds where captions, chapters and overlays say, to the end of a long book?

    python -m benchmarks.timelines [--hours 10] [--chapters 40] [--json]

A book of the tone engine with a click of one sample where each segment's speech begins. Every
book file is decoded from its first byte to its last (no seeking), and in the first and the last
chapter each click is looked for where the file's own words say that it is:

- M4B, MP3 of the whole book, Opus: the chapter marks in the file, and the captions of the book;
- MP3 of one chapter: its lyrics (LRC);
- EPUB: ``clipBegin`` of the media overlay, in the chapter's own audio.

By design sound begins 40 ms after the edge of its caption (``audio/joins/edit.py`` keeps them);
the figures are what is left after that.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
import tempfile
import zipfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from audio import ffmpeg
from audio.timeline import Timeline
from benchmarks.books import write_project
from benchmarks.longbooks import Quiet
from tasks.outcome import BookReport
from tasks.production import Production
from tasks.runners import LocalRunner

KEPT_MS = 40.0  # of quiet before the first sound of a take
BAR_MS = 2.0
_SEARCH_MS = 25.0  # to either side; nothing else that sharp is so near
_SECONDS = 3  # of a segment
_RATE = 44100


@dataclass(frozen=True, slots=True)
class Found:
    """The clicks of one chapter in one file."""

    file: str  # "M4B"
    said_by: str  # "chapters", "captions"
    where: str  # "first chapter"
    clicks: int
    worst_ms: float
    median_ms: float


@dataclass(frozen=True, slots=True)
class Stretch:
    """A chapter inside a file: where it begins, and when each of its sounds is said to begin."""

    where: str
    begin_s: float
    end_s: float
    marks_s: tuple[float, ...]  # from the file's beginning


def make_book(place: Path, hours: float, chapters: int) -> BookReport:
    """The book with every kind of file."""
    per_chapter = max(3, round(hours * 3600 / (_SECONDS + 0.35) / chapters))
    project = write_project(
        place / "project",
        chapters=chapters,
        segments=per_chapter,
        options={"seconds": _SECONDS, "marks": True},
        extra={
            "outputs": ["m4b", "mp3", "mp3-book", "opus", "epub", "captions"],
            "normaliser": "off",
            "disclosure": {"none": "a benchmark"},
            "rate": _RATE,
        },
    )
    with Production(project) as production, LocalRunner(2, chapters=3) as runner:
        report = production.run(runner, Quiet())
    if report.failed or report.finished < report.total:
        raise SystemExit(f"the benchmark's own book failed: {report.message}")
    return report


# -- decoding ------------------------------------------------------------------------------------


def decode(source: Path, stretches: Sequence[Stretch]) -> list[NDArray[np.int16]]:
    """The samples of each stretch; all of the file is decoded, and the rest thrown away."""
    arguments = ["-i", ffmpeg.url(source), "-map", "0:a:0", "-ar", str(_RATE), "-ac", "1"]
    arguments += ["-c:a", "pcm_s16le", "-f", "s16le", "pipe:1"]
    wanted = [(round(s.begin_s * _RATE), round(s.end_s * _RATE)) for s in stretches]
    kept: list[list[NDArray[np.int16]]] = [[] for _ in stretches]
    at = 0
    with ffmpeg.decoding(arguments, timeout_s=7200) as decoded:
        for block in decoded.blocks(1 << 18):
            samples = np.frombuffer(block[: len(block) & ~1], "<i2")
            for (begin, end), pieces in zip(wanted, kept, strict=True):
                low, high = max(begin - at, 0), min(end - at, len(samples))
                if low < high:
                    pieces.append(samples[low:high].copy())
            at += len(samples)
    return [np.concatenate(pieces) if pieces else np.empty(0, np.int16) for pieces in kept]


def errors_ms(samples: NDArray[np.int16], begin_s: float, marks_s: Iterable[float]) -> list[float]:
    """How far each click lies from where it is said to be (ms; positive is late)."""
    sharp = np.abs(np.diff(samples.astype(np.int32), 2, prepend=[0, 0]))
    around = round(_SEARCH_MS * _RATE / 1000)
    found = []
    for mark in marks_s:
        said = round((mark - begin_s + KEPT_MS / 1000) * _RATE)
        low = max(0, said - around)
        window = sharp[low : said + around]
        found.append(float("inf") if window.size == 0 else (low + int(window.argmax()) - said))
    return [error * 1000 / _RATE for error in found]


# -- what the files say ----------------------------------------------------------------------------


def chapters_in(source: Path) -> list[float]:
    """Where the chapters of a file begin (seconds), as ffmpeg shows them: its own copies of them
    are moved by the encoder delay of an MP3."""
    arguments = ["-loglevel", "info", "-i", ffmpeg.url(source), "-map", "0:a:0", "-t", "0"]
    said = ffmpeg.run([*arguments, "-f", "null", "-"], timeout_s=120).stderr.partition("Output #0")
    return [float(start) for start in re.findall(r"Chapter #0:\d+: start ([\d.]+)", said[0])]


def captions_in(text: str) -> list[float]:
    """The begin of every caption of a WebVTT (seconds)."""
    found = re.findall(r"^(?:(\d+):)?(\d\d):(\d\d\.\d{3}) -->", text, re.MULTILINE)
    return [int(h or 0) * 3600 + int(m) * 60 + float(s) for h, m, s in found]


def lyrics_in(text: str) -> list[float]:
    """The time of every line of an LRC (seconds)."""
    found = re.findall(r"^\[(\d+):(\d\d\.\d+)\](?=.)", text, re.MULTILINE)
    return [int(m) * 60 + float(s) for m, s in found]


def clips_in(smil: str) -> list[float]:
    """``clipBegin`` of every clip of a media overlay (seconds)."""
    found = re.findall(r'clipBegin="(\d+):(\d\d):(\d\d\.\d{3})"', smil)
    return [int(h) * 3600 + int(m) * 60 + float(s) for h, m, s in found]


# -- the comparison --------------------------------------------------------------------------------


def compare(report: BookReport) -> list[Found]:
    """Every file of the book against what is said about it."""
    files = [c.files for c in report.chapters if c.files is not None]
    timelines = [Timeline.from_json(f.timeline.read_bytes()) for f in files]
    lengths = [t.frames / t.rate for t in timelines]
    begins = [sum(lengths[:n]) for n in range(len(lengths))]
    ends = (0, "first chapter"), (len(files) - 1, "last chapter")
    paths = [published.path for published in report.files]
    by_suffix = {path.suffix: path for path in paths}
    singles = sorted(
        path for path in paths if path.parts[-2:-1] == ("mp3",) and path.suffix == ".mp3"
    )
    captions = captions_in(by_suffix[".vtt"].read_text("utf-8"))

    def stretches(starts: Sequence[float] | None) -> list[Stretch]:
        """Marks of both chapters: by the file's own chapter times, or by the captions."""
        found = []
        for index, where in ends:
            begin, end = begins[index], begins[index] + lengths[index]
            if starts is None:
                marks = tuple(c for c in captions if begin - 0.001 <= c < end)
            else:
                cues = (cue.start / _RATE for cue in timelines[index].cues)
                marks = tuple(starts[index] + cue for cue in cues)
            found.append(Stretch(where, begin, end, marks))
        return found

    results = []
    books = {"M4B": by_suffix[".m4b"], "Opus": by_suffix[".opus"]}
    books["MP3 of the book"] = next(path for path in paths if path.parent.name == "mp3-book")
    for name, path in books.items():
        both = stretches(None)
        sounds = decode(path, both)
        for said_by, marked in (("captions", both), ("chapters", stretches(chapters_in(path)))):
            for stretch, samples in zip(marked, sounds, strict=True):
                results.append(_found(name, said_by, stretch, samples))
    for index, where in ends:
        lyrics = lyrics_in(singles[index].with_suffix(".lrc").read_text("utf-8"))
        single = Stretch(where, 0.0, lengths[index], tuple(lyrics))
        results.append(_found("MP3", "lyrics", single, decode(singles[index], [single])[0]))
    with zipfile.ZipFile(by_suffix[".epub"]) as book, tempfile.TemporaryDirectory() as place:
        overlays = sorted(n for n in book.namelist() if n.endswith(".smil"))
        sounds_ = sorted(n for n in book.namelist() if n.endswith(".m4a"))
        for index, where in ends:
            # a chapter's first clip begins with the chapter, before its head of room tone
            clips = clips_in(book.read(overlays[index]).decode("utf-8"))[1:]
            single = Stretch(where, 0.0, lengths[index], tuple(clips))
            audio = Path(book.extract(sounds_[index], place))
            results.append(_found("EPUB", "overlay", single, decode(audio, [single])[0]))
    return results


def _found(file: str, said_by: str, stretch: Stretch, samples: NDArray[np.int16]) -> Found:
    wrong = np.abs(errors_ms(samples, stretch.begin_s, stretch.marks_s))
    if wrong.size == 0:
        return Found(file, said_by, stretch.where, 0, float("inf"), float("inf"))
    return Found(
        file,
        said_by,
        stretch.where,
        clicks=wrong.size,
        worst_ms=round(float(wrong.max()), 3),
        median_ms=round(float(np.median(wrong)), 3),
    )


def main() -> int:
    """Makes the book, prints the table; 1 when a click lies further off than the bar."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--hours", type=float, default=10.0)
    parser.add_argument("--chapters", type=int, default=40)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="castbook-timelines-") as place:
        report = make_book(Path(place), options.hours, options.chapters)
        files = [c.files for c in report.chapters if c.files is not None]
        hours = sum(f.frames / f.rate for f in files) / 3600
        results = compare(report)
    if options.json:
        rows = [{s: getattr(r, s) for s in Found.__slots__} for r in results]
        print(json.dumps({"hours": hours, "found": rows}, indent=1))
    else:
        print(f"{hours:.2f} h, {len(files)} chapters")
        print(f"{'file':16} {'by':10} {'where':14} {'clicks':>6} {'worst ms':>9} {'median':>7}")
        for row in results:
            print(
                f"{row.file:16} {row.said_by:10} {row.where:14} {row.clicks:6}"
                f" {row.worst_ms:9.3f} {row.median_ms:7.3f}"
            )
    return 0 if all(row.worst_ms <= BAR_MS for row in results) else 1


if __name__ == "__main__":
    sys.exit(main())
