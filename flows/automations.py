"""What the server does by itself: notice a vanished machine, go on after a crash."""

from __future__ import annotations

from collections.abc import Iterable

import yaml
from prefect import State, get_client
from prefect.events.schemas.automations import AutomationCore
from prefect.settings import PREFECT_API_URL, temporary_settings

from castbook.resources import read_config

CRASHES = 5  # in a row; a run that crashed more often is not worked on: see flows/books.py


def crashes_in_a_row(states: Iterable[State]) -> int:
    """How often a run has crashed since it last ended in any other way.

    The automation starts a crashed run again and has no cap of its own (prefect 3.8.8). A
    run that failed and was retried by a person begins to count anew.

    Args:
        states: of the flow run, in the order of time.
    """
    count = 0
    for state in states:
        if state.is_crashed():
            count += 1
        elif state.is_final():
            count = 0
    return count


def shipped() -> tuple[AutomationCore, ...]:
    """The automations of ``configs/prefect/automations.yaml``."""
    rows = yaml.safe_load(read_config("prefect", "automations.yaml"))
    return tuple(AutomationCore(**row) for row in rows)


def register_automations(api_url: str) -> None:
    """Creates the shipped automations, or brings those of the same name up to date.

    One that somebody has switched off on the dashboard stays switched off.
    """
    with (
        temporary_settings({PREFECT_API_URL: api_url}),
        get_client(sync_client=True) as client,
    ):
        for automation in shipped():
            known = client.read_automations_by_name(automation.name)
            if known:
                automation.enabled = known[0].enabled
                client.update_automation(known[0].id, automation)
            else:
                client.create_automation(automation)
