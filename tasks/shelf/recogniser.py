"""Somebody who hears what is said in a clip that came without its words."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import TYPE_CHECKING

from book.project import Hearing

if TYPE_CHECKING:
    from tasks.ears.listener import Recogniser


@contextlib.contextmanager
def a_recogniser(*, wanted: bool) -> Iterator[Recogniser | None]:
    """The machine's recogniser while it is needed; None where none is installed or wanted.

    Nothing is downloaded. It ends with the block: uploads are rare, and a model is large.
    """
    from tasks.ears import models
    from tasks.ears.listener import Listener

    name = Hearing().model
    model = None if not wanted or models.missing(name) else models.find_model(name)
    if model is None:
        yield None
        return
    listener = Listener(model.folder)
    try:
        yield listener
    finally:
        listener.close()
