"""Faulty YAML: what is refused before a key is looked at."""

from __future__ import annotations

from collections.abc import Iterator

from goodproject import Fault, swap, whole


def yaml_faults() -> Iterator[Fault]:
    """What is refused before a key is looked at."""
    lol = "a: &a [x, x, x]\n" + "".join(
        f"{b}: &{b} [{', '.join([f'*{a}'] * 9)}]\n"
        for a, b in zip("abcdefg", "bcdefgh", strict=True)
    )
    yield whole("empty", "", ": is empty", "expected 'version: 1'")
    yield whole("only remarks", "# nothing\n", ": is empty")
    yield whole("a list", "- version: 1\n", ":1: holds a list at the top", "expected keys")
    yield whole("only text", "hello\n", ":1: holds 'hello' at the top")
    yield whole("billion laughs", lol, ":1: defines the anchor '&a'", "expected plain values")
    yield whole("alias", "version: 1\ntitle: *t\n", ":2: uses the alias '*t'")
    yield swap("seed: 42", "<<: {seed: 1}", "<<", "unknown key")
    yield whole(
        "python tag",
        "version: 1\ntitle: !!python/object/apply:os.system [id]\n",
        ":2: ",
        "uses the tag 'tag:yaml.org,2002:python/object/apply:os.system'",
    )
    yield whole("own tag", "version: !env HOME\n", ":1: uses the tag '!env'")
    yield whole("tab", "version: 1\nvoices:\n\treader: {preset: a}\n", ":3: a tab stands", "spaces")
    yield whole("tab below text", "version: 1\ntitle: a\n\tb: c\n", ":3: a tab stands")
    yield whole("not UTF-8", b"version: 1\ntitle: caf\xe9\n", ":2: is not UTF-8 text", "save it")
    yield whole("UTF-16", "version: 1\n".encode("utf-16"), ":1: is not UTF-8 text")
    yield whole(
        "control character", "version: 1\ntitle: a\x07b\n", ":2: holds the invisible", "U+0007"
    )
    yield whole("too large", "# " + "x" * (4 * 2**20), ": is too large", "at most 4 MiB")
    yield whole("too deep", "version: 1\nengines: " + "[" * 40, ":2: is nested too deeply", "32")
    yield whole("deep as a bomb", "a: " + "{a: " * 90_000, ":1: is nested too deeply")
    yield whole("two documents", "version: 1\n---\ntitle: x\n", ":2: a second document begins")
    yield whole("quote left open", 'version: 1\ntitle: "The Lamp\n', ":2: a quote is opened")
    yield whole("bracket left open", "version: 1\noutputs: [m4b\ntitle: x\n", ":2: a '[' or '{'")
    yield whole("colon in text", "version: 1\ntitle: Lamps: a story\n", ":2: a ':' stands")
    yield whole("at sign", "version: 1\ntitle: @lamp\n", ":2: a value begins with '@'", "quotes")
    yield whole("a list as a key", "version: 1\n? [a]\n: b\n", ":2: uses a list or map as a key")
    yield whole("empty key", "version: 1\n'': b\n", ":2: has an empty key")
    yield swap("seed: 42", "title: Again", "title", "is written twice", "line 2")
    yield swap(
        "  anna:\n    ref",
        "  reader: {}\n  anna:\n    ref",
        "voices.reader",
        "is written twice",
        "line 14",
    )
    yield swap("seed: 42", "seed: .nan", "seed", "found '.nan'")
    yield swap("speed: 1.5", "speed: 1e999", "engines.tone.speed", "found '1e999'")
