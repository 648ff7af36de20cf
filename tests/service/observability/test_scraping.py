"""A real Prometheus reads the real app, by the files that are deployed."""

from __future__ import annotations

import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest.mock import patch

import httpx
import pytest
import yaml
from live import live, make_desk

from service.app import create_app

FILES = Path(__file__).parents[3] / "deploy" / "prometheus"


@pytest.fixture
def prometheus(tmp_path: Path) -> Iterator[tuple[str, str]]:
    """Addresses of the app and of a Prometheus that scrapes it every half second."""
    program = shutil.which("prometheus")
    if program is None:
        pytest.skip("prometheus is not installed (Debian: prometheus)")
    with patch("service.app.ROOMS", ("service.observability.room",)):
        app = create_app(make_desk(tmp_path / "data"))
    with live(app) as address:
        config = yaml.safe_load((FILES / "prometheus.yml").read_text("utf-8"))
        config["global"] = {"scrape_interval": "500ms", "evaluation_interval": "500ms"}
        (job,) = config["scrape_configs"]
        job["static_configs"] = [{"targets": [address.removeprefix("http://")]}]
        key = tmp_path / "key"
        key.write_text("a key that nobody asks for on loopback", "utf-8")
        job["authorization"]["credentials_file"] = str(key)
        (tmp_path / "prometheus.yml").write_text(yaml.safe_dump(config), "utf-8")
        shutil.copy(FILES / "rules.yml", tmp_path)
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        process = subprocess.Popen(
            [
                program,
                f"--config.file={tmp_path / 'prometheus.yml'}",
                f"--storage.tsdb.path={tmp_path / 'tsdb'}",
                f"--web.listen-address=127.0.0.1:{port}",
                "--log.level=error",
            ]
        )
        try:
            yield address, f"http://127.0.0.1:{port}"
        finally:
            process.terminate()
            process.wait(20)


def test_prometheus_reads_our_metrics_and_rules(prometheus: tuple[str, str]) -> None:
    app, server = prometheus
    assert httpx.get(f"{app}/healthz").status_code == 200

    def ask(query: str) -> Any:
        try:
            answer = httpx.get(f"{server}/api/v1/query", params={"query": query})
        except httpx.HTTPError:
            return []  # it is still starting
        return answer.json()["data"]["result"] if answer.status_code == 200 else []

    deadline = time.monotonic() + 60
    counted = 'audiobook_http_requests_total{route="/healthz", code="200"}'
    while not (found := ask(counted)):
        assert time.monotonic() < deadline, "nothing was scraped"
        time.sleep(0.1)
    assert float(found[0]["value"][1]) >= 1
    assert ask('up{job="castbook"}')[0]["value"][1] == "1"
    rules = httpx.get(f"{server}/api/v1/rules").json()["data"]["groups"][0]["rules"]
    assert len(rules) == 10
    assert {rule["state"] for rule in rules if rule["health"] == "ok"} <= {"inactive"}
