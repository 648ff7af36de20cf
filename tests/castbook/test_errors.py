from __future__ import annotations

import re
from pathlib import Path

import pytest

from castbook import errors
from castbook.errors import (
    BrokenPromise,
    CastbookError,
    EnvironmentFault,
    InputError,
    ProjectError,
    SegmentFailure,
    SelectionError,
    StorageError,
    Unavailable,
)

TREE = [
    value
    for value in vars(errors).values()
    if isinstance(value, type) and issubclass(value, CastbookError)
]


@pytest.mark.parametrize(
    ("error", "line"),
    [
        (ProjectError("unknown key"), "unknown key"),
        (
            ProjectError(
                "no such voice 'holms'",
                path=Path("projects/x/project.yaml"),
                line=12,
                place="cast.holmes.voice",
                expected="a key of voices",
                hint="did you mean holmes?",
            ),
            "projects/x/project.yaml:12: cast.holmes.voice: no such voice 'holms'; "
            "expected a key of voices; did you mean holmes?",
        ),
        (ProjectError("empty", path="book.txt", hint="write one"), "book.txt: empty; write one"),
        (ProjectError("empty", line=3, expected="text"), "empty; expected text"),
    ],
)
def test_one_line_with_file_place_expectation_and_advice(error: InputError, line: str) -> None:
    assert str(error) == line


def test_every_error_is_drawn_in_the_docstring_and_every_drawing_exists() -> None:
    drawn = re.findall(r"── (\w+)", errors.__doc__ or "")
    assert sorted(drawn) == sorted(e.__name__ for e in TREE if e is not CastbookError)


@pytest.mark.parametrize("error", TREE)
def test_exit_codes_are_those_of_the_command_line(error: type[CastbookError]) -> None:
    at_fault = issubclass(error, InputError | EnvironmentFault)
    kept = issubclass(
        error, SelectionError | StorageError | Unavailable
    )  # 1: the same command goes on
    assert error.exit_code == (2 if at_fault and not kept else 1)


def test_the_branches_do_not_meet() -> None:
    branches = (InputError, EnvironmentFault, SegmentFailure, BrokenPromise)
    for error in TREE:
        assert error is CastbookError or sum(issubclass(error, b) for b in branches) == 1
