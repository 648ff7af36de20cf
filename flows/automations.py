"""What the server does by itself: notice a vanished machine, go on after a crash."""

from __future__ import annotations

from typing import cast

import yaml
from prefect.automations import Automation
from prefect.settings import PREFECT_API_URL, temporary_settings

from castbook.resources import read_config

CRASHES = 5  # a run that crashed this often is not started again: see flows/books.py


def shipped() -> tuple[Automation, ...]:
    """The automations of ``configs/prefect/automations.yaml``."""
    rows = yaml.safe_load(read_config("prefect", "automations.yaml"))
    return tuple(Automation(**row) for row in rows)


def register_automations(api_url: str) -> None:
    """Creates the shipped automations; those of the same name are replaced."""
    with temporary_settings({PREFECT_API_URL: api_url}):
        for automation in shipped():
            try:
                cast(Automation, Automation.read(name=automation.name)).delete()
            except ValueError:
                pass  # there was none
            automation.create()
