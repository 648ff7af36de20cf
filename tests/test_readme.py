"""Every command of the README is really run, in a copy of the repository.

What stands behind ``$`` in a console block is run as it stands, in order, by a shell, with an
environment like the one that ``make demo`` makes. Two things differ, so that it takes seconds:
*A Scandal in Bohemia* is cut to its first pages and spoken by the tone engine. Commands that
need more than that (a network, a second terminal) are named below, with what is run instead.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import sysconfig
import venv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
import soundfile
import yaml

from castbook.resources import read_config
from flows import tether
from flows.server import POOL, healthy

ROOT = Path(__file__).resolve().parent.parent
README, CHINESE = ROOT / "README.md", ROOT / "README.zh-CN.md"
UP = "castbook up --projects projects"
RUN = "prefect deployment run 'book/local' -p project=scandal --watch"
ADDRESS = "export PREFECT_API_URL=http://127.0.0.1:4200/api"

INSTEAD = {"make test": "make test TESTS='--collect-only -q tests/castbook'"}  # this is the suite
ON_A_SERVER = [UP, ADDRESS, RUN]  # test_the_commands_for_prefect
SERVE = "make serve"  # test_the_service_speaks_to_the_client_that_is_shown
ELSEWHERE = {"castbook get kokoro": "tests/tts/test_weights.py"}  # from a hub on this machine
PROMISES = {  # what the text around a command says that it shows
    "make demo": r"listen to:\n.*A Scandal in Bohemia\.m4b",
    "castbook make story.txt": r"story/project\.yaml",
    "castbook plan projects/scandal": r"coverage 100\.00%",
    "castbook status projects/scandal projects/kong-yiji": "孔乙己",
    'castbook find projects/scandal "Wedlock suits you"': r"by rule 'explicit|by rule",
    "castbook voices --language en": "en-gb-x-rp",
    "castbook check projects/scandal/build/out/*/*/*/mp3 --profile acx": "files pass the profile",
    "castbook doctor": "ffmpeg",
}
STORY = """Chapter 1

"Is anybody there?" said Martha.

Nobody answered. "Then I shall come in," said Martha, and opened the door.
"""


def commands(page: Path) -> list[str]:
    """What stands behind ``$`` in the console blocks of a page, in order."""
    blocks = re.findall(r"```console\n(.*?)```", page.read_text(encoding="utf-8"), re.S)
    lines = [line for block in blocks for line in block.splitlines()]
    assert all(line.startswith("$ ") for line in lines), "only commands stand in console blocks"
    return [line.removeprefix("$ ") for line in lines]


def test_both_languages_show_the_same_commands() -> None:
    assert commands(CHINESE) == commands(README)


def test_every_exception_is_a_command_of_the_page() -> None:
    shown = set(commands(README))
    assert {*INSTEAD, *ON_A_SERVER, SERVE, *ELSEWHERE, *PROMISES} <= shown


@pytest.mark.parametrize("command", ELSEWHERE)
def test_what_is_run_elsewhere_is_run_there(command: str) -> None:
    page = (ROOT / ELSEWHERE[command]).read_text(encoding="utf-8")
    assert all(word in page for word in command.split()[1:])


@dataclass(frozen=True)
class Clone:
    """A copy of the repository with an environment, as after a clone and an installation."""

    folder: Path
    environment: dict[str, str]

    def run(self, command: str, timeout: float = 100) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["sh", "-c", command],
            cwd=self.folder,
            env=self.environment,
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
            timeout=timeout,
        )


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Clone:
    home = tmp_path_factory.mktemp("readme")
    folder = home / "clone"
    ignored = shutil.ignore_patterns(".*cache", ".git", ".venv", ".hypothesis", "build", "dist")
    shutil.copytree(ROOT, folder, ignore=ignored)
    (folder / "story.txt").write_text(STORY, encoding="utf-8")
    _shorten(folder / "projects" / "scandal")
    _install(folder)
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("CASTBOOK_", "PREFECT_"))}
    return Clone(
        folder,
        {
            **{k: v for k, v in kept.items() if k not in ("CI", "PYTHONPATH", "MAKEFLAGS")},
            "PATH": f"{folder / '.venv' / 'bin'}{os.pathsep}{os.environ['PATH']}",
            "PREFECT_HOME": str(home / "prefect"),
            "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        },
    )


def _shorten(project: Path) -> None:
    """The first pages only, by the tone engine; castings of later pages would be orphans."""
    text = (project / "manuscript.md").read_text(encoding="utf-8")
    begin, end = text.index('"Wedlock suits you,"'), text.index("He chuckled to himself")
    (project / "manuscript.md").write_text(f"## Part I\n\n{text[begin:end]}", encoding="utf-8")
    (project / "casting.yaml").unlink()
    data = yaml.safe_load((project / "project.yaml").read_text(encoding="utf-8"))
    data["engine"] = "tone"
    presets = ("ash", "oak", "elm", "rose", "ivy", "birch", "lily", "moss")
    for voice, preset in zip(data["voices"].values(), presets, strict=False):
        voice["preset"] = preset
    (project / "project.yaml").write_text(yaml.safe_dump(data, allow_unicode=True), "utf-8")


def _install(folder: Path) -> None:
    """What ``pip install --editable .`` leaves, without asking a network for it."""
    home = folder / ".venv"
    venv.create(home, with_pip=False, symlinks=True)
    lib = Path(sysconfig.get_path("purelib", vars={"base": str(home)}))
    paths = (str(folder), sysconfig.get_path("purelib"))
    (lib / "castbook.pth").write_text("\n".join(paths) + "\n", encoding="utf-8")
    for name, module in (("castbook", "flows.cli"), ("prefect", "prefect.cli")):
        call = "main()" if name == "castbook" else "app()"
        what = "main" if name == "castbook" else "app"
        script = f"#!{home / 'bin' / 'python'}\nimport sys\nfrom {module} import {what}\n"
        (home / "bin" / name).write_text(f"{script}sys.exit({call})\n", encoding="utf-8")
        (home / "bin" / name).chmod(0o755)
    done = subprocess.run(
        ["sh", "-c", 'echo "$(pwd) $(cksum < pyproject.toml)"'],
        cwd=folder,
        capture_output=True,
        text=True,
        check=True,
    )
    for extra in ("espeak", "dev", "espeak,service"):
        (home / f".castbook-{extra}").write_text(done.stdout, encoding="utf-8")


def test_the_commands_for_one_machine(clone: Clone) -> None:
    for command in commands(README):
        if command in (*ON_A_SERVER, SERVE, *ELSEWHERE):
            continue
        done = clone.run(INSTEAD.get(command, command))
        said = f"$ {command}\n{done.stdout}\n{done.stderr}"
        assert done.returncode == 0, said
        assert re.search(PROMISES.get(command, ""), done.stdout), said


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@dataclass(frozen=True)
class Terminal:
    """A program that runs in another terminal."""

    process: subprocess.Popen[str]
    said: str  # until it was ready
    complaints: Path  # what it says on stderr, its worker included


@contextlib.contextmanager
def in_another_terminal(clone: Clone, command: str, ready: str) -> Iterator[Terminal]:
    """Runs until the block ends, then gets what Ctrl-C sends."""
    complaints = clone.folder.parent / "complaints"
    with complaints.open("wb") as sink:
        process = subprocess.Popen(
            command.split(),
            cwd=clone.folder,
            env=clone.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=sink,
            text=True,
            start_new_session=True,
            # a shell that starts this suite in the background has it ignore Ctrl-C, children too
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
        )
    try:
        assert process.stdout is not None
        heard = []
        for line in process.stdout:
            heard.append(line)
            if ready in line:
                break
        else:
            pytest.fail(f"$ {command}\n{''.join(heard)}{complaints.read_text('utf-8')}")
        yield Terminal(process, "".join(heard), complaints)
    finally:
        os.killpg(process.pid, signal.SIGINT)  # as a terminal does: all of the foreground
        try:
            process.wait(60)
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            assert process.stdout is not None
            process.stdout.close()


def test_the_service_speaks_to_the_client_that_is_shown(clone: Clone) -> None:
    """Without jobs, which need a Prefect server: tests/flows and tests/service have them."""
    port = free_port()
    options = f"--no-jobs --engine tone --port {port} --data {clone.folder / 'data'}"
    elsewhere = Clone(clone.folder, {**clone.environment, "SERVE": options})
    (program,) = re.findall(r"```python\n(.*?)```", README.read_text(encoding="utf-8"), re.S)
    program = program.replace("127.0.0.1:7860", f"127.0.0.1:{port}")
    with in_another_terminal(elsewhere, SERVE, ready="stop") as serve:
        assert f"http://127.0.0.1:{port}" in serve.said
        page = httpx.get(f"http://127.0.0.1:{port}/", timeout=30)
        done = subprocess.run(
            [sys.executable, "-c", program], cwd=clone.folder, capture_output=True, text=True
        )
    assert (page.status_code, done.returncode) == (200, 0), done.stderr
    with pytest.raises(httpx.ConnectError):
        httpx.get(page.url)
    assert soundfile.info(clone.folder / "come.mp3").duration > 0.5


@pytest.mark.prefect
@pytest.mark.timeout(240)  # a server, a worker and a flow run, each a new Python with Prefect
def test_the_commands_for_prefect(clone: Clone) -> None:
    """They make the book; the server is whole while it is there, and leaves nothing behind."""
    port = free_port()
    url = f"http://127.0.0.1:{port}/api"
    with in_another_terminal(clone, f"{UP} --port {port}", ready="stop") as up:
        assert f"export PREFECT_API_URL={url}" in up.said
        assert "prefect deployment run 'book/local' -p project=" in up.said
        check_server(clone, url)
        address = ADDRESS.replace("4200", str(port))
        done = clone.run(f"{address}\n{RUN}", timeout=180)
        family = tether.descendants(up.process.pid)
        assert len(family) >= 4  # server and worker, each on its tether
    assert up.process.returncode == 130
    assert up.complaints.read_text("utf-8").splitlines()[-1].startswith("castbook: stopped")
    assert not set(family) & {pid for pid, _ in tether._processes()}
    assert not healthy(url)
    assert done.returncode == 0, done.stdout + done.stderr
    (book,) = (clone.folder / "projects" / "scandal" / "build" / "out").rglob("*.m4b")
    assert book.name == "A Scandal in Bohemia.m4b"


def check_server(clone: Clone, url: str) -> None:
    """Everything that ``castbook up`` promises is on the server."""
    deployment = httpx.get(f"{url}/deployments/name/book/local", timeout=60).json()
    assert deployment["work_pool_name"] == POOL
    assert deployment["entrypoint"] == "flows.books.book"
    assert str(clone.folder) not in str(deployment)
    pool = httpx.get(f"{url}/work_pools/{POOL}", timeout=60).json()
    assert pool["type"] == "process"
    shipped = yaml.safe_load(read_config("prefect", "automations.yaml"))
    there = httpx.post(f"{url}/automations/filter", json={}, timeout=60).json()
    assert {a["name"] for a in there} == {a["name"] for a in shipped}
    assert all(a["enabled"] for a in there)
