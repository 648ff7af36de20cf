"""``castbook label``: a language model is asked who says the lines nobody is sure of.

OpenAI-compatible chat completions. The model gets passages with numbered quotations and may
answer with numbers and keys of the cast only. What comes back is believed when it agrees with
the speakers that the text states (``book/speakers/windows.py``); anything else — a service
that fails, lies, answers in prose, stops in the middle — costs the answers and never the book:
those lines stay unsure. Answers are written after every request; an equal request is never
sent twice.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from book.anchors import Anchor
from book.labels import LABELS_FILE, Label, read_labels, with_labels, write_labels
from book.project import Labeller, Project
from book.script import Script
from book.speakers.windows import (
    FEWEST_STATED,
    FEWEST_STATED_IN_ALL,
    UNKNOWN,
    Marks,
    Window,
    examine,
    find_windows,
    halves,
    wanted,
)
from book.yamltext import one_line
from castbook.canonical import digest as digest_of
from castbook.errors import ProjectError
from tasks.chat import Refused, Truncated, open_client, post, read_answers

if TYPE_CHECKING:
    import httpx

_INSTRUCTIONS = """\
You label the speakers of a novel. In the passage every quotation has a number such as ⟨q7⟩
before it. For every number answer with the key of the character who speaks that quotation,
or "unknown" if it is nobody of the list or cannot be told. Answer with JSON only."""


@dataclass
class Labelling:
    """What asking brought."""

    asked: int = 0  # requests sent
    known: int = 0  # windows answered in an earlier run
    labels: int = 0  # unsure quotations with a speaker now
    unknown: int = 0  # … of which the model says that it does not know
    problems: list[str] = field(default_factory=list)

    @property
    def clean(self) -> bool:
        """Whether every window has its answers."""
        return not self.problems


def label_script(
    project: Project,
    script: Script,
    *,
    say: Callable[[str], None] = lambda text: None,
) -> Labelling:
    """Asks about every window with an unsure quotation and keeps what can be believed.

    Args:
        say: told before each request.

    Raises:
        ProjectError: no model is configured, the cast is empty, or the key is not set.
    """
    settings = _settings(project)
    path = project.folder / LABELS_FILE
    labels = read_labels(path, project)
    answered = {(label.window, label.anchor) for label in labels}
    done = Labelling()
    doubtful: list[tuple[Window, dict[str, str], str]] = []  # too few stated to judge alone
    marks = Marks(0, 0)
    windows = list(find_windows(script, settings.quotes))
    with open_client(settings) as client:
        for number, window in enumerate(windows, 1):
            body = _request(settings, project, window)
            digest = digest_of(body)[:16]
            if all((digest, q.anchor) in answered for q in window.questions if q.unsure):
                done.known += 1
                continue
            say(f"asking about {len(window.questions)} lines ({number} of {len(windows)})")
            try:
                answers = _ask(client, settings, project, window, done)
            except Refused as error:
                done.problems.append(f"chapter {window.chapter}: {error}")
                continue
            own = examine(window, answers)
            marks = Marks(marks.stated + own.stated, marks.contradicted + own.contradicted)
            if own.stated < FEWEST_STATED:
                doubtful.append((window, answers, digest))
            elif own.believed:
                labels = _keep(labels, window, answers, digest, done)
                write_labels(path, labels)
            else:
                done.problems.append(_contradicted(window, own))
    for window, answers, digest in doubtful:
        if marks.believed and marks.stated >= FEWEST_STATED_IN_ALL:
            labels = _keep(labels, window, answers, digest, done)
            write_labels(path, labels)
        else:
            done.problems.append(
                f"chapter {window.chapter}: no answer used: too few lines whose speaker the text "
                "states, to check the model by"
            )
    return done


def _settings(project: Project) -> Labeller:
    settings = project.book.casting.model
    if settings is None:
        raise ProjectError(
            "no language model is configured", path=project.file, place="casting.model",
            expected="{url: http://…/v1, model: NAME}",
        )  # fmt: skip
    if not project.book.cast:
        raise ProjectError("there is nobody to choose from", path=project.file, place="cast")
    if not settings.url.startswith(("http://", "https://")):
        raise ProjectError(
            f"{settings.url!r} is no address", path=project.file, place="casting.model.url",
            expected="http://… or https://…",
        )  # fmt: skip
    return settings


def _request(settings: Labeller, project: Project, window: Window) -> dict[str, Any]:
    """The body of one request: a pure function of settings, cast and window."""
    cast = project.book.cast
    who = {
        key: {"names": list(c.aliases), "gender": c.gender or "unknown"} for key, c in cast.items()
    }
    told_by = project.book.narrator_character
    narration = f"The narration's 'I' is {told_by}.\n" if told_by else ""
    numbers = [question.id for question in window.questions]
    return {
        "model": settings.model,
        "temperature": 0,
        "seed": project.book.seed % 2**31,
        "messages": [
            {"role": "system", "content": _INSTRUCTIONS},
            {
                "role": "user",
                "content": f"Characters: {json.dumps(who, ensure_ascii=False)}\n{narration}"
                f"\n{window.passage}\n\nAnswer for: {', '.join(numbers)}",
            },
        ],
        "response_format": {
            "type": "json_schema",
            "json_schema": {
                "name": "speakers",
                "strict": True,
                "schema": {
                    "type": "object",
                    "properties": {
                        number: {"type": "string", "enum": [*cast, UNKNOWN]} for number in numbers
                    },
                    "required": numbers,
                    "additionalProperties": False,
                },
            },
        },
    }


def _ask(
    client: httpx.Client, settings: Labeller, project: Project, window: Window, done: Labelling
) -> dict[str, str]:
    """The answers for one window; asked in halves where the answer is cut off.

    Raises:
        Refused: nothing usable came.
    """
    done.asked += 1
    try:
        reply = post(client, settings, _request(settings, project, window))
        numbers = [question.id for question in window.questions]
        return read_answers(reply, numbers, (*project.book.cast, UNKNOWN))
    except Truncated:
        parts = halves(window)
        if not parts:
            raise
        answers: dict[str, str] = {}
        for part in parts:
            answers.update(_ask(client, settings, project, part, done))
        return answers


def _contradicted(window: Window, marks: Marks) -> str:
    return (
        f"chapter {window.chapter}: no answer used: the model contradicts {marks.contradicted} of "
        f"{marks.stated} speakers that the text states"
    )


def _keep(
    labels: Sequence[Label],
    window: Window,
    answers: Mapping[str, str],
    digest: str,
    done: Labelling,
) -> tuple[Label, ...]:
    texts = {question.anchor: question.printed for question in window.questions}
    new: dict[Anchor, Label] = {}
    for anchor, name in wanted(window, answers).items():
        label = Label(anchor, name, digest, one_line(texts[anchor]))
        new[anchor] = label if name != UNKNOWN else replace(label, speaker=None)
        done.labels += name != UNKNOWN
        done.unknown += name == UNKNOWN
    return with_labels(labels, new)
