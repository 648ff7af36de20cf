"""The table of faulty projects: one change each to the good one, and the line it must give.

``Fault.error`` is how that line begins (after the folder), ``Fault.says`` what it goes on to
say. Commands are tested with the same table.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from goodproject import ANCHOR, LIBRARY, OTHER, PROJECT, Fault, swap, whole
from yamlfaults import yaml_faults


def _keys() -> Iterator[Fault]:
    """What the schema refuses."""
    yield swap("title: The Lamp", "titel: The Lamp", "titel", "unknown key", "mean 'title'?")
    yield swap("gain_db: -1.5", "gain: 1", "voices.reader.gain", "unknown key", "mean 'gain_db'?")
    yield swap(
        "confidence: 0.8",
        "confidense: 0.8",
        "casting.confidense",
        "unknown key",
        "mean 'confidence'?",
    )
    yield swap(
        "{sentence: 300}", "{breath: 3}", "pauses.breath", "unknown key", "expected sentence"
    )
    yield swap("title: The Lamp", "title: 1984", "title", "found 1984", "text", 'quotes: "1984"')
    yield swap("title: The Lamp", "title:", "title", "found nothing", "expected text")
    yield swap("title: The Lamp", "title: '  '", "title", "found '  '", "expected some text")
    yield swap("title: The Lamp", "title: ''", "title", "found ''", "expected some text")
    yield swap("title: The Lamp", f"title: {'x' * 2001}", "title", "found 'xxx", "2000 characters")
    yield swap("author: A. Writer", "author: [A, B]", "author", "found a list", "expected text")
    yield swap("{name: Lamps, part: 2}", "Lamps", "series", "found 'Lamps'", "expected keys")
    yield swap("part: 2", "part: [2]", "series.part", "found a list", "a whole number, a number")
    yield swap(
        "[text/one.md, text/two.md]", "{a: b}", "manuscript", "found a map", "text or a list"
    )
    yield swap("text/two.md", "7", "manuscript[2]", "found 7", "expected text")
    yield swap("{tone: {speed: 1.5}}", "{tone: fast}", "engines.tone", "found 'fast'", "keys")
    yield swap("{tone: {speed: 1.5}}", "[tone]", "engines", "found a list", "keys")
    yield swap("seed: 42", "seed: -1", "seed", "found -1", "at least 0")
    yield swap("seed: 42", "seed: 4.2", "seed", "found 4.2", "a whole number")
    yield swap("seed: 42", "seed: '42'", "seed", "found '42'", "a whole number")
    yield swap("gain_db: -1.5", "gain_db: 99", "voices.reader.gain_db", "found 99", "at most 24")
    yield swap(
        "preset: reed",
        "preset: reed, parameters: {pitch: [1]}",
        "voices.reader.parameters.pitch",
        "found a list",
        "a number",
    )
    yield swap(
        "basis: self",
        "basis: mine",
        "voices.anna.consent.basis",
        "found 'mine'",
        "self, licensed, public-domain or synthetic",
    )
    yield swap(
        "Fire!}",
        "Fire!, txt: x}",
        "voices.boris.styles.alarm.txt",
        "unknown key",
        "reference or transcript",
    )
    yield swap("gender: f", "gender: female", "cast.anna.gender", "found 'female'", "m, f or x")
    yield swap(
        "aliases: [Mr. Boris]",
        "aliases: Mr. Boris",
        "cast.boris.aliases",
        "found 'Mr. Boris'",
        "a list",
    )
    yield swap(
        "  anna: {voice: anna, ",
        "  Miss Anna: {voice: anna, ",
        "cast.Miss Anna",
        "is not a usable name",
        "no spaces",
    )
    yield swap("confidence: 0.8", "confidence: 80", "casting.confidence", "found 80", "at most 1")
    yield swap(
        "unsure: narrator", "unsure: gues", "casting.unsure", "found 'gues'", "mean 'guess'?"
    )
    yield swap("sentence: 300", "sentence: 1h", "pauses.sentence", "found '1h'", "a whole number")
    yield swap("rate: 44100", "rate: 44000", "rate", "found 44000", "44100 or 48000")
    yield swap("profile: draft", "profile: draught", "profile", "no profile 'draught'", "'draft'?")
    yield swap("outputs: [m4b]", "outputs: [m4b, mp4]", "outputs[2]", "found 'mp4'", "'mp3'?")
    yield swap("outputs: [m4b]", "outputs: []", "outputs", "found a list", "at least one")
    yield swap("opening: true", "opening: yes", "credits.opening", "found 'yes'", "mean true?")
    yield swap("disclosure: default", "disclosure: none", "disclosure", "found 'none'")
    yield swap("disclosure: default", "disclosure: {none: ''}", "disclosure.none", "found ''")
    yield swap("year: 1890", "year: long ago", "metadata.year", "found 'long ago'", "whole number")
    yield swap("version: 1", "version: 2", "version", "version 2 was written for a newer castbook")
    yield swap("version: 1", "version: one", "version", "found 'one'", "expected 1")
    yield swap("version: 1", "version: true", "version", "found true", "expected 1")
    no_version = PROJECT.removeprefix("version: 1\n")
    yield whole("no version", no_version, ": version: is missing", "the line 'version: 1'")
    yield whole("no title", PROJECT.replace("title: The Lamp\n", ""), ": title: is missing")
    no_voices = "version: 1\ntitle: T\nauthor: A\nlanguage: en\nmanuscript: text/one.md\n"
    yield whole(
        "no voices",
        no_voices + "narrator: a\nvoices: {}\n",
        ":7: voices: found a map",
        "at least one",
    )


def _names() -> Iterator[Fault]:
    """Names that refer to nothing, or to two things."""
    yield swap("language: en", "language: english", "language", "found 'english'", "mean 'en'?")
    yield swap("language: en", "language: en_GB", "language", "found 'en_GB'", "mean 'en-GB'?")
    yield swap(
        "narrator: reader",
        "narrator: raeder",
        "narrator",
        "no voice 'raeder'",
        "did you mean 'reader'?",
    )
    yield swap(
        "narrator_character: anna",
        "narrator_character: ana",
        "narrator_character",
        "no character 'ana'",
        "did you mean 'anna'?",
    )
    yield swap(
        "{voice: boris,", "{voice: borsi,", "cast.boris.voice", "no voice 'borsi'", "'boris'?"
    )
    yield swap(
        "[Mr. Boris]",
        "[Mr. Boris, miss  anna]",
        "cast.boris.aliases[2]",
        "'miss  anna' is also a name of cast.anna",
    )
    yield swap("[Mr. Boris]", "[ANNA]", "cast.boris.aliases[1]", "'ANNA' is also a name")
    yield swap(
        "  boris: {voice: boris,",
        "  narrator: {voice: boris,",
        "cast.narrator",
        "is the word for the narration",
        "set by 'narrator:'",
    )
    yield swap(
        "{preset: reed, gain_db: -1.5}",
        "{gain_db: 1}",
        "voices.reader",
        "has no sound",
        "exactly one of preset, reference or styles",
    )
    yield swap(
        "preset: reed, ",
        "preset: reed, styles: {a: {reference: cover.jpg, transcript: x}}, ",
        "voices.reader",
        "has both preset and styles",
    )
    yield swap(
        "{preset: reed, gain_db: -1.5}",
        "{styles: {}, consent: {basis: self}}",
        "voices.reader.styles",
        "is empty",
        "at least one style",
    )
    yield swap(
        "preset: reed,",
        "preset: reed, transcript: Hm.,",
        "voices.reader.transcript",
        "belongs to a reference, not to preset",
    )
    yield swap(
        "  anna:\n    reference: voices/anna.wav\n    transcript: Come at once.\n    consent: "
        "{basis: self}\n",
        "  anna: {reference: voices/anna.wav, transcript: Come.}\n",
        "voices.anna.consent",
        "is missing",
        "on what ground",
    )
    yield swap(
        "  anna:\n    reference: voices/anna.wav\n    transcript: Come at once.\n    consent: "
        "{basis: self}\n",
        "  anna: {reference: voices/anna.wav, consent: {basis: self}}\n",
        "voices.anna.transcript",
        "is missing",
        "the words spoken",
    )


def _paths() -> Iterator[Fault]:
    """Files that are not there, or not where a project may reach."""
    outside = "lies outside the project"
    absolute = "is an absolute path"
    yield swap(
        "[text/one.md, text/two.md]",
        "text/on.md",
        "manuscript",
        "no file 'text/on.md'",
        "did you mean 'one.md'?",
    )
    yield swap("[text/one.md, text/two.md]", "text", "manuscript", "'text' is a folder")
    yield swap("[text/one.md, text/two.md]", "[]", "manuscript", "is empty", "at least one file")
    yield swap(
        "text/two.md", "../outside/secret.md", "manuscript[2]", f"'../outside/secret.md' {outside}"
    )
    yield swap("text/two.md", "/etc/passwd", "manuscript[2]", f"'/etc/passwd' {absolute}")
    yield swap("text/two.md", "~/book.md", "manuscript[2]", f"'~/book.md' {absolute}")
    yield swap("text/two.md", "'C:\\book.md'", "manuscript[2]", f"'C:\\\\book.md' {absolute}")
    yield swap("text/two.md", f"{'x' * 300}.md", "manuscript[2]", "no file 'xxx")
    yield swap("text/two.md", '"a\\0b"', "manuscript[2]", "found 'a\\x00b'", "a path")
    yield swap(
        "reference: voices/anna.wav",
        "reference: ../../etc/anna.wav",
        "voices.anna.reference",
        f"'../../etc/anna.wav' {outside}",
    )
    yield swap(
        "voices/boris-calm.wav",
        "voices/boris-clam.wav",
        "voices.boris.styles.calm.reference",
        "no file",
        "mean 'boris-calm.wav'?",
    )
    yield swap(
        "record: consents/boris.yaml",
        "record: ../outside/secret.md",
        "voices.boris.consent.record",
        f"'../outside/secret.md' {outside}",
    )
    yield swap("cover: cover.jpg", "cover: /cover.jpg", "cover", f"'/cover.jpg' {absolute}")
    yield swap(
        "cover: cover.jpg", "cover: cover.png", "cover", "no file 'cover.png'", "'cover.jpg'?"
    )
    yield swap(
        "lexicon: lexicon.yaml",
        "lexicon: ../outside/secret.md",
        "lexicon",
        f"'../outside/secret.md' {outside}",
    )
    yield swap("library: ../library", "library: /library", "library", f"'/library' {absolute}")
    yield swap("library: ../library", "library: ../libary", "library", "no folder '../libary'")
    yield swap(
        "library: ../library",
        "library: ../outside",
        "library",
        "'../outside' is no library",
        "a library.yaml in it",
    )
    for name, place, line in (
        ("text/two.md", "manuscript[2]", 6),
        ("voices/anna.wav", "voices.anna.reference", 16),
        ("cover.jpg", "cover", 33),
        ("lexicon.yaml", "lexicon", 29),
    ):
        yield Fault(
            f"{place}: a link out of the project",
            f"project/project.yaml:{line}: {place}: {name!r} {outside}",
            links={
                f"project/{name}": str(
                    Path(*[".."] * name.count("/"), "..", "outside", "secret.md")
                )
            },
        )
    yield Fault(
        "a link to itself",
        "project/project.yaml:33: cover: no file 'cover.jpg'",
        links={"project/cover.jpg": "cover.jpg"},
    )
    yield Fault(
        "no manuscript",
        "project/project.yaml:6: manuscript[1]: no file 'text/one.md'",
        files={"project/text/one.md": None},
    )
    yield Fault(
        "no project.yaml",
        "project/project.yaml: does not exist",
        files={"project/project.yaml": None},
    )


def _library() -> Iterator[Fault]:
    """Mistakes of the shared folder are named where they are written."""
    file = "library/library.yaml"
    for old, new, line, place, message in (
        ("{preset: oak}", "{preset: [oak]}", 3, "voices.host.preset", "found a list"),
        ("clips/guest.wav", "clips/gest.wav", 4, "voices.guest.reference", "no file"),
        ("clips/guest.wav", "../outside/secret.md", 4, "voices.guest.reference", "'../outside"),
        ("words.yaml", "word.yaml", 5, "lexicon", "no file 'word.yaml'"),
        ("lexicon: words.yaml", "title: Shared", 5, "title", "belongs to one book"),
        ("version: 1", "version: 3", 1, "version", "version 3 was written for a newer"),
    ):
        yield Fault(
            f"library, {place}: {new}",
            f"{file}:{line}: {place}: {message}",
            files={"library/library.yaml": LIBRARY.replace(old, new)},
        )


def _beside() -> Iterator[Fault]:
    """casting.yaml, retakes.yaml and lexicon.yaml."""
    casting, retakes, lexicon = (f"project/{n}.yaml" for n in ("casting", "retakes", "lexicon"))
    for file, list_name in ((casting, "castings"), (retakes, "retakes")):
        yield swap(
            f"anchor: {ANCHOR}",
            "anchor: ch03/0142",
            f"{list_name}[1].anchor",
            "'ch03/0142' is not an anchor",
            "a form like",
            file=file,
        )
        yield swap(f"{{anchor: {ANCHOR}, ", "{", f"{list_name}[1].anchor", "is missing", file=file)
        yield swap("version: 1", "version: 9", "version", "version 9 was written for", file=file)
    yield swap(
        "speaker: boris",
        "speaker: bors",
        "castings[1].speaker",
        "no character 'bors'",
        "anna, boris or narrator",
        "mean 'boris'?",
        file=casting,
    )
    yield swap(
        "style: alarm",
        "style: alarmed",
        "castings[1].style",
        "no style",
        "mean 'alarm'?",
        file=casting,
    )
    yield swap(
        "speaker: narrator",
        "speaker: narrator, style: calm",
        "castings[2].style",
        "voice 'reader' has no styles",
        file=casting,
    )
    yield swap(OTHER, ANCHOR, "castings[2].anchor", "the same anchor as castings[1]", file=casting)
    yield swap(
        "text: Fire in the hall",
        "txt: Fire",
        "castings[1].txt",
        "unknown key",
        "'text'?",
        file=casting,
    )
    yield Fault(
        "casting.yaml without a list",
        f"{casting}:2: castings: found 'all'",
        ("a list",),
        {casting: "version: 1\ncastings: all\n"},
    )
    yield Fault(
        "casting.yaml is a folder",
        f"{casting}: is not a file",
        files={casting: None, f"{casting}/x": "x"},
    )
    yield swap("count: 2", "count: 0", "retakes[1].count", "found 0", "at least 1", file=retakes)
    yield swap("count: 2", "count: twice", "retakes[1].count", "found 'twice'", file=retakes)
    yield swap("ab" * 32, "abc", "accepted[1].key", "found 'abc'", "64 hex digits", file=retakes)
    yield swap(
        "accepted:",
        f"  - {{anchor: {ANCHOR}}}\naccepted:",
        "retakes[2].anchor",
        "the same anchor as retakes[1]",
        file=retakes,
    )
    yield swap(
        "say: luh-STRAHD, ", "", "entries[1].say", "is missing", "as it is spoken", file=lexicon
    )
    yield swap("language: en", "language: e", "entries[1].language", "found 'e'", file=lexicon)
    yield swap(
        "say: luh-STRAHD",
        "say: luh-STRAHD, sya: x",
        "entries[1].sya",
        "unknown key",
        "mean 'say'?",
        file=lexicon,
    )
    yield swap(
        "language: en}",
        "case: maybe}",
        "entries[1].case",
        "found 'maybe'",
        "true or false",
        file=lexicon,
    )
    yield swap("THAD-ee-us", "[THAD]", "words.Thaddeus", "found a list", "text", file=lexicon)
    yield swap(
        "{word: Lestrade, say: luh-STRAHD, language: en}",
        "{word: thaddeus, say: x}",
        "entries[1].word",
        "'thaddeus' is defined twice",
        "see line 3",
        file=lexicon,
    )


FAULTS: tuple[Fault, ...] = (
    *yaml_faults(),
    *_keys(),
    *_names(),
    *_paths(),
    *_library(),
    *_beside(),
)
