"""The server of ``castbook up``: its profile, what it registers, what it says when it fails.

That all of it comes up, and leaves nothing behind: tests/test_readme.py, on the server that the
README's commands need anyway.
"""

from __future__ import annotations

import re
import socket
import time
import tomllib
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from importlib.metadata import version
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml
from conftest import free_port
from packaging.requirements import Requirement
from prefect.events.schemas.automations import AutomationCore

from castbook.errors import EnvironmentFault
from flows.automations import CRASHES, resume_crashed, shipped
from flows.server import POOL, Server, healthy, profile, register, running_server

ROOT = Path(__file__).parents[2]


def test_what_is_installed_is_what_we_ask_for() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    bounds = {r.name: r for r in map(Requirement, project["dependencies"])}
    for name in ("prefect", "fastapi", "sqlalchemy"):
        assert bounds[name].specifier.contains(version(name))
    # prefect 3.8.8 cannot start its server with fastapi 0.155; 0.151 to 0.154 are untested
    assert not bounds["fastapi"].specifier.contains("0.151.0")
    assert bounds["fastapi"].specifier.contains("0.150.0")
    assert not bounds["prefect"].specifier.contains("3.8.2")  # recorder batches fall apart
    assert not bounds["sqlalchemy"].specifier.contains("2.1.9")  # nothing is scheduled


def test_the_profile_is_known_to_prefect() -> None:
    from prefect.settings import get_current_settings

    ours = {name for name in profile() if name.startswith("PREFECT_")}
    assert ours <= set(get_current_settings().to_environment_variables())


def test_prefect_yaml_is_the_deployments_that_up_makes() -> None:
    from flows.deployment import deployments

    text = (ROOT / "prefect.yaml").read_text(encoding="utf-8")
    rows = yaml.safe_load(text)["deployments"]
    for one, made in zip(rows, deployments(POOL, environ={}), strict=True):
        assert (one["name"], one["description"]) == (made.name, made.description)
        assert (one["work_pool"]["name"], one["tags"]) == (made.work_pool_name, made.tags)
        enforced = one.get("enforce_parameter_schema", True)
        assert enforced == made.enforce_parameter_schema
        assert made.entrypoint is not None  # a module: found from any folder
        module, _, flow = made.entrypoint.rpartition(".")
        assert one["entrypoint"] == f"{module.replace('.', '/')}.py:{flow}"
        shown = [(s["cron"], s["timezone"]) for s in one.get("schedules", ())]
        assert shown == [(s.schedule.cron, s.schedule.timezone) for s in made.schedules or ()]
    assert not re.search(r"[\s:]/", text)  # no path of a machine


def test_chapters_have_a_pool_of_their_own_where_there_is_a_gpu() -> None:
    from flows.deployment import deployments

    bucket = {"CASTBOOK_ARCHIVE_BUCKET": "b"}
    pools = {
        made.entrypoint: (made.work_pool_name, bool(made.paused))
        for made in deployments(POOL, "castbook-gpu", bucket)
    }
    assert pools["flows.chapters.chapter"] == ("castbook-gpu", False)
    assert pools["flows.books.book"] == (POOL, False)
    assert pools["flows.archives.archive"] == (POOL, False)
    paused = {made.entrypoint: made.paused for made in deployments(POOL, environ={})}
    assert paused["flows.archives.archive"] is True


def test_a_taken_port_is_one_clear_line() -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with (
            pytest.raises(EnvironmentFault, match=rf"^port {port} .*--port$"),
            running_server(port),
        ):
            pass
    assert not healthy(f"http://127.0.0.1:{port}/api")


def test_a_home_that_cannot_be_written_is_one_clear_line(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.write_text("a file where Prefect wants its folder")
    with pytest.raises(EnvironmentFault) as caught, running_server(free_port(), home):
        pass
    assert "\n" not in str(caught.value)
    assert str(home) in str(caught.value)
    assert "set PREFECT_HOME" in str(caught.value)


@pytest.mark.parametrize(
    ("log", "why"),
    [
        ("Starting\nTypeError: Body() got 'min_items'\nExiting.\nBye", "Body() got 'min_items'"),
        ("Starting\nno room left\n", "Starting / no room left"),
        ("", "it said nothing"),
    ],
)
def test_a_server_that_dies_at_its_start_says_why(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, log: str, why: str
) -> None:
    package = tmp_path / "path" / "prefect"  # stands before the real one
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("")
    (package / "__main__.py").write_text(f"print({log!r}, flush=True)\nraise SystemExit(3)")
    monkeypatch.setenv("PYTHONPATH", str(package.parent))
    with pytest.raises(EnvironmentFault) as caught, running_server(free_port(), tmp_path / "home"):
        pass
    assert str(caught.value).startswith("the Prefect server did not start: ")
    assert str(caught.value).endswith(why)


@pytest.mark.prefect
def test_the_server_has_our_profile(prefect_server: Server) -> None:
    assert healthy(prefect_server.api_url)
    told = httpx.get(f"{prefect_server.api_url}/admin/settings", timeout=60).json()
    recorder = told["server"]["services"]["task_run_recorder"]
    assert (recorder["batch_size"], recorder["read_batch_size"]) == (200, 200)
    assert told["flows"]["heartbeat_frequency"] == 30
    assert told["server"]["analytics_enabled"] is False


@pytest.mark.prefect
def test_a_second_up_finds_its_way(on_server: Server) -> None:
    url = on_server.api_url

    def automations() -> list[dict[str, Any]]:
        found = httpx.post(f"{url}/automations/filter", json={}, timeout=60).json()
        return sorted(found, key=lambda a: str(a["name"]))

    def write(method: str, which: int, content: Mapping[str, Any]) -> None:
        """SQLite may be locked by what the tests before left to be written: asked again then."""
        address = f"{url}/automations/{first[which]['id']}"
        for _ in range(10):
            answer = httpx.request(method, address, json=content, timeout=60)
            if answer.status_code < 500:
                break
            time.sleep(0.5)
        answer.raise_for_status()

    register(on_server)
    first = automations()
    assert {a["name"] for a in first} == {a.name for a in shipped()}
    register(on_server)
    assert automations() == first  # not updated: what it waits for is not forgotten

    write("PATCH", 0, {"enabled": False})
    assert [a["enabled"] for a in automations()] == [False, True]
    fields = set(AutomationCore.model_fields) & set(first[1])
    changed = {f: first[1][f] for f in fields} | {"description": "of an older castbook"}
    write("PUT", 1, changed)
    register(on_server)
    assert [a["enabled"] for a in automations()] == [False, True]
    assert automations()[1]["description"] == first[1]["description"]
    write("PATCH", 0, {"enabled": True})


@pytest.mark.prefect
def test_what_has_a_schedule_is_scheduled(
    on_server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "inbox").mkdir()  # else nobody looks there
    monkeypatch.setenv("CASTBOOK_DATA", str(tmp_path))
    register(on_server)
    try:
        deadline, planned = time.monotonic() + 40, 0
        while not planned and time.monotonic() < deadline:
            time.sleep(0.5)
            planned = httpx.post(
                f"{on_server.api_url}/flow_runs/count",
                json={"flows": {"name": {"any_": ["watch"]}}},
                timeout=60,
            ).json()
        assert planned, "the scheduler of the server does nothing: its log says why"
    finally:
        monkeypatch.setenv("CASTBOOK_DATA", str(tmp_path / "none"))
        register(on_server)  # paused again, and what was planned is gone


@pytest.mark.prefect
def test_what_crashed_goes_on_at_the_next_up(on_server: Server) -> None:
    from prefect import get_client
    from prefect.deployments import run_deployment
    from prefect.states import Crashed, Running

    register(on_server)
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    run = run_deployment(
        "book/local", parameters={"project": "nowhere"}, timeout=0, scheduled_time=tomorrow
    )
    with get_client(sync_client=True) as client:
        try:
            for number in range(CRASHES):
                client.set_flow_run_state(run.id, Running(), force=True)
                client.set_flow_run_state(run.id, Crashed(), force=True)
                # the automation is about to react
                assert register(on_server) == []
                again = resume_crashed(on_server.api_url, "local", settled=timedelta(0))
                assert again == [run.name], number
                assert client.read_flow_run(run.id).state_name == "AwaitingRetry"
            client.set_flow_run_state(run.id, Crashed(), force=True)
            assert resume_crashed(on_server.api_url, "local", settled=timedelta(0)) == []
        finally:
            client.delete_flow_run(run.id)


@pytest.mark.prefect
@pytest.mark.xdist_group("prefect")
def test_runs_that_nobody_works_on_are_found_without_events(on_server: Server) -> None:
    from prefect import get_client
    from prefect.deployments import run_deployment
    from prefect.events import emit_event
    from prefect.states import Pending, Running

    from flows.orders.reviving import HEARTBEAT, revive

    register(on_server)
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    with get_client(sync_client=True) as client:
        begun, silent, alive = (
            run_deployment(
                "book/local", parameters={"project": "no"}, timeout=0, scheduled_time=tomorrow
            )
            for _ in range(3)
        )
        try:
            client.set_flow_run_state(begun.id, Pending(name="Submitting"), force=True)
            for run in (silent, alive):
                client.set_flow_run_state(run.id, Running(), force=True)

            def words() -> list[str | None]:
                return [client.read_flow_run(run.id).state_name for run in (begun, silent, alive)]

            def look(steady: bool, minutes: float) -> list[str | None]:
                silence = timedelta(minutes=minutes)
                revive(on_server.api_url, "local", steady=steady, silent=silence)
                return words()

            assert look(True, 5) == ["Submitting", "Running", "Running"]  # all are young
            assert look(False, 0) == ["Crashed", "Running", "Running"]
            # a heartbeat of a moment to come: it is heard within any time that has passed
            emit_event(
                event=HEARTBEAT,
                resource={"prefect.resource.id": f"prefect.flow-run.{alive.id}"},
                occurred=datetime.now(UTC) + timedelta(seconds=40),
            )
            deadline = time.monotonic() + 20
            while look(True, 0) != ["Crashed", "Crashed", "Running"]:
                client.set_flow_run_state(alive.id, Running(), force=True)
                assert time.monotonic() < deadline, words()
        finally:
            for run in (begun, silent, alive):
                client.delete_flow_run(run.id)
