"""Chapters and files of the page: every figure beside the rule it keeps or breaks. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from tasks.pages import Markup, element, joined
from tasks.reporting.drawing import sparkline
from tasks.reporting.files import ChapterRow, FileRow
from tasks.reporting.numbers import figure, signed, size
from tasks.reporting.tables import Cell, Column, Row, table
from tasks.reporting.values import Values

_FIGURES = (
    ("duration_s", Column("Length", number=True)),
    ("rms_db", Column("RMS", number=True, unit="dB")),
    ("peak_db", Column("Peak", number=True, unit="dB")),
    ("true_peak_db", Column("True peak", number=True, unit="dB")),
    ("lufs", Column("Loudness", number=True, unit="LUFS")),
    ("loudness_range_lu", Column("Range", number=True, unit="LU")),
    ("floor_db", Column("Floor", number=True, unit="dB")),
    ("head_s", Column("Head", number=True, unit="s")),
    ("tail_s", Column("Tail", number=True, unit="s")),
)
_HEADS = tuple(column for _, column in _FIGURES)
_MASTER_NAMES = {"loudness_range_lu": "range_lu"}  # where a master's report has another word


def chapters(values: Values) -> Markup:
    """Every chapter: the measured figures of its encoded file, else those of its master."""
    columns = (
        Column("Chapter"),
        Column("State"),
        *_HEADS,
        Column("Course", wide=True),
    )
    rows: list[Row] = []
    for chapter in values.chapters:
        rows += _chapter_rows(chapter)
    measured = any(file.passed is not None for c in values.chapters for file in c.files)
    about = (
        f"Figures of the encoded files, decoded again; profile {values.profile}. ✗ breaks a rule."
        if measured
        else "Figures of the masters, before encoding: no chapter has a measured file of its own."
    )
    return joined(
        element("p", about, class_="faint"),
        table("Chapters and their measured figures", columns, rows),
        _advice([file for chapter in values.chapters for file in chapter.files]),
    )


def files(values: Values) -> Markup:
    """Files of the whole book: those that sound with their figures, captions by name."""
    if not values.files:
        return element("p", "This run finished no file of the whole book.")
    columns = (Column("File"), Column("Size", number=True), Column("Verdict"), *_HEADS)
    rows = [
        Row((file.name, size(file.bytes), _verdict(file), *_file_figures(file)))
        for file in values.files
        if file.passed is not None
    ]
    others = [f"{f.name} ({size(f.bytes)})" for f in values.files if f.passed is None]
    return joined(
        table("Files of the whole book", columns, rows) if rows else "",
        element("p", f"Not measured: {', '.join(others)}.", class_="faint") if others else "",
        _advice(values.files),
    )


def _chapter_rows(chapter: ChapterRow) -> list[Row]:
    name = joined(f"{chapter.number} ", element("cite", chapter.title))
    state = Cell(
        chapter.state if chapter.complete else chapter.message,
        {"done": "good", "doubtful": "warn"}.get(chapter.state, "bad"),
    )
    spark = sparkline(chapter.spark)
    measured = _one_format([file for file in chapter.files if file.figures])
    if not measured:
        master = {key: chapter.master.get(_MASTER_NAMES.get(key, key)) for key, _ in _FIGURES} | {
            "duration_s": chapter.seconds
        }
        cells = [figure(key, value) for key, value in master.items()]
        if chapter.master:
            name = joined(name, element("small", "master, before encoding"))
        return [Row((name, state, *cells, spark), id=f"chapter-{chapter.number}")]
    rows = []
    for part, file in enumerate(measured, 1):
        words = [f"part {part} of {len(measured)}"] if len(measured) > 1 else []
        words += [_corrected(file)] if file.corrected_db else []
        rows.append(
            Row(
                (
                    joined(name, element("small", ", ".join(words)) if words else ""),
                    state,
                    *_file_figures(file),
                    spark if part == 1 else "",
                ),
                id=f"chapter-{chapter.number}" + (f"-{part}" if part > 1 else ""),
            )
        )
    return rows


def _one_format(measured: Sequence[FileRow]) -> list[FileRow]:
    """The files of the first format: a chapter as MP3 and as FLAC is one chapter, not two parts."""
    formats = [file.name.rpartition(".")[2] for file in measured]
    return [file for file, kind in zip(measured, formats, strict=True) if kind == formats[0]]


def _file_figures(file: FileRow) -> list[Cell]:
    cells = []
    for key, _ in _FIGURES:
        value = file.figures.get(key)
        rule = file.verdict(key)
        if rule is None:
            cells.append(Cell(figure(key, value)))
            continue
        hint = f"{rule.rule}: {rule.measured}, wanted {rule.wanted}"
        if rule.ok:
            cells.append(Cell(figure(key, value), "good", hint))
        else:
            cells.append(Cell(joined("✗ ", figure(key, value)), "bad", f"{hint}: {rule.advice}"))
    return cells


def _verdict(file: FileRow) -> Cell:
    word = "pass" if file.passed else "fail"
    again = element("small", _corrected(file)) if file.corrected_db else ""
    return Cell(joined(word, again), "good" if file.passed else "bad")


def _corrected(file: FileRow) -> str:
    return f"encoded again by {signed(file.corrected_db)} dB"


def _advice(measured: Sequence[FileRow]) -> Markup:
    """Every broken rule in words: with equal advice once."""
    broken = [
        (rule.rule, rule.wanted, rule.advice, file, rule)
        for file in measured
        for rule in file.failures
    ]
    broken.sort(key=lambda row: row[:3])
    items = []
    for (rule, wanted, advice), group in groupby(broken, key=lambda row: row[:3]):
        found = [f"{file.name} ({one.measured})" for _, _, _, file, one in group]
        more = f" and {len(found) - 5} more" if len(found) > 5 else ""
        items.append(
            element(
                "li",
                element("b", rule),
                f" wanted {wanted}; found {', '.join(found[:5])}{more}: {advice}",
            )
        )
    return element("ul", *items, class_="notes bad") if items else Markup("")
