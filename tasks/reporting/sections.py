"""The parts of the page, each from its values. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import groupby

from audio.mastering.gauge import COURSE_S
from tasks.pages import Markup, element, joined
from tasks.reporting.durations import Outlier
from tasks.reporting.files import ChapterRow, FileRow
from tasks.reporting.numbers import counted, figure, percent, signed, size
from tasks.reporting.plots import bar, duration_plot, loudness_plot, slug, sparkline
from tasks.reporting.tables import Cell, Column, Row, table
from tasks.reporting.takecards import player, take_cards
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


def chips(values: Values) -> Mapping[str, Markup]:
    """Every character's name in its colour."""
    return {
        row.character: element("span", row.name, class_=f"chip c{row.colour}", lang=values.language)
        for row in values.cast
    }


def attention(values: Values) -> Markup:
    """What waits for a person: notes on the book, then every doubtful or failed segment."""
    notes = [
        element(
            "li",
            element("b", note.kind),
            " ",
            element("a", note.segment, href=f"#seg-{slug(note.segment)}") if note.segment else "",
            " ",
            note.text,
            class_=note.kind if note.kind == "problem" else None,
        )
        for note in values.notes
    ]
    parts = [element("ul", *notes, class_="notes")] if notes else []
    if values.troubles:
        parts.append(take_cards(values.troubles, values.sounds, chips(values)))
    if not parts:
        parts.append(element("p", "Nothing waits for you: no doubtful take, none failed."))
    if values.heard is not None:
        heard = [
            element("li", f"{name.replace('_', ' ')}: {n}") for name, n in values.heard.items()
        ]
        parts.append(element("h3", "Heard by a machine"))
        parts.append(element("ul", *heard, class_="notes"))
    return joined(*parts)


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
    """Files that hold the whole book."""
    columns = (Column("File"), Column("Size", number=True), Column("Verdict"), *_HEADS)
    rows = [
        Row((file.name, size(file.bytes), _verdict(file), *_file_figures(file)))
        for file in values.files
    ]
    if not rows:
        return element("p", "This run finished no file of the whole book.")
    return joined(table("Files of the whole book", columns, rows), _advice(values.files))


def loudness(values: Values) -> Markup:
    """The course of the whole book, with a slider that reads it."""
    course = values.course
    if not course.mean:
        return element("p", "No finished chapter has a recorded course yet.")
    rms = {c.number: c.master["rms_db"] for c in values.chapters if "rms_db" in c.master}
    seconds = round(course.size * COURSE_S)
    target = "" if values.target_db is None else f", dashes: target {signed(values.target_db)} dB"
    legend = (
        f"RMS of every {COURSE_S:g} s, {counted(course.size, 'window')} ({seconds} s) per point."
        " Band: quietest to loudest; line: mean energy; steps: the whole chapter"
        f"{target}. Shades are chapters."
    )
    slider = element(
        "input",
        type="range",
        id="moment",
        min=0,
        max=len(course.mean) - 1,
        value=0,
        aria_label="Moment of the book",
    )
    return element(
        "figure",
        loudness_plot(course, rms, values.target_db),
        Markup(slider.removesuffix("</input>")),
        element("p", "Move the slider, or point at the plot.", id="readout"),
        element("figcaption", legend),
    )


def durations(values: Values) -> Markup:
    """Seconds against characters, and the segments that stand out."""
    if not values.spoken:
        return element("p", "Nothing is spoken yet.")
    colours = {row.character: row.colour for row in values.cast}
    speaking = {row.character for row in values.spoken}
    names = {row.character: row for row in values.cast if row.character in speaking}
    legend = [
        element(
            "li",
            element(
                "button",
                row.name,
                type="button",
                class_=f"chip c{row.colour}",
                data_colour=f"c{row.colour}",
                aria_pressed="false",
                lang=values.language,
            ),
        )
        for row in names.values()
    ]
    about = (
        "Across: characters of spoken text. Up: seconds of the take. One dot per segment; a ring"
        " marks a segment far from the pace of its own voice."
    )
    return joined(
        element(
            "figure",
            duration_plot(values.spoken, values.outliers, colours),
            element(
                "ul", *legend, id="dots-legend", class_="legend", aria_label="Show one character"
            ),
            element("figcaption", about),
        ),
        _outliers(values.outliers, values),
    )


def _outliers(found: Sequence[Outlier], values: Values) -> Markup:
    if not found:
        return element("p", "No segment stands out.")
    columns = (
        Column("Segment"),
        Column("Character"),
        Column("Seconds", number=True),
        Column("Expected", number=True, unit="s"),
        Column("Text", wide=True),
        Column("Listen", wide=True),
    )
    names = chips(values)
    troubled = {trouble.id for trouble in values.troubles}
    rows = [
        Row(
            (
                element("a", o.spoken.id, href=f"#seg-{slug(o.spoken.id)}")
                if o.spoken.id in troubled
                else o.spoken.id,
                names.get(o.spoken.character, o.spoken.character),
                f"{o.spoken.seconds:.1f} ({o.ratio:.1f}×)",
                f"{o.expected_s:.1f}",
                element("span", o.spoken.text, lang=values.language),
                player(values.sounds.get(o.spoken.key), f"take of {o.spoken.id}"),
            ),
            id=f"out-{slug(o.spoken.id)}",
        )
        for o in found
    ]
    heading = element("h3", f"{counted(len(found), 'segment')} far from the voice's pace")
    return joined(
        heading, table("Segments that are longer or shorter than expected", columns, rows)
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
    if file.passed is None:
        return Cell("not measured")
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


def percent_bar(parts: Sequence[tuple[str, str, float]]) -> Markup:
    """A bar with its legend: (class, words, share)."""
    legend = [
        element("li", element("span", "", class_=f"swatch {name}"), f"{words} {percent(share)}")
        for name, words, share in parts
    ]
    return joined(
        bar((name, share) for name, _, share in parts), element("ul", *legend, class_="legend")
    )
