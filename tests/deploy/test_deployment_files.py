"""Every file of deploy/ in the hands of the tool that knows its form."""

from __future__ import annotations

import configparser
import dataclasses
import json
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest
import yaml
from prometheus_client import generate_latest

from flows.server import profile
from service.observability.meters import Meters
from service.settings import ServiceSettings

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
BIN = Path(sys.executable).parent
UNITS = sorted((DEPLOY / "systemd").glob("*.service"))
MANIFESTS = sorted(
    path
    for path in (DEPLOY / "k8s").rglob("*.yaml")
    if path.name != "kustomization.yaml" and not path.name.endswith(".values.yaml")
)
OF_WORKERS = ("PREFECT_FLOWS_HEARTBEAT_FREQUENCY", "PREFECT_WORKER_QUERY_SECONDS")
KEDA = "scaledobject.yaml"  # a resource of its own, whose schema is not in Kubernetes


def checked(*words: str | Path) -> str:
    """Runs a validator, which must find nothing."""
    done = subprocess.run(list(map(str, words)), capture_output=True, text=True, cwd=DEPLOY)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def promtool() -> str:
    found = shutil.which("promtool")
    if found is None:
        pytest.skip("promtool is not installed (Debian: prometheus)")
    return found


def read(name: str) -> Any:
    return yaml.safe_load((DEPLOY / name).read_text("utf-8"))


def test_compose_follows_its_specification() -> None:
    checked(
        BIN / "check-jsonschema", "--builtin-schema", "vendor.compose-spec", "compose.yaml"
    )  # fmt: skip


def test_compose_publishes_nothing_but_the_service_and_leaks_no_secret() -> None:
    compose = read("compose.yaml")
    services = compose["services"]
    published = {name for name, service in services.items() if service.get("ports")}
    assert published == {"api", "prometheus", "grafana"}
    for name in published - {"api"}:
        assert all(port.startswith("127.0.0.1:") for port in services[name]["ports"])
    assert compose["networks"]["inside"]["internal"] is True
    for name in ("postgres", "prefect", "s3"):
        assert services[name]["networks"] == ["inside"], name
    for name, service in services.items():
        for variable, value in (service.get("environment") or {}).items():
            if re.search("PASSWORD|KEY|SECRET|AUTH_STRING", variable):
                assert value.startswith("${"), f"{name}: {variable} is written down"
    text = (DEPLOY / "compose.yaml").read_text("utf-8")
    for needed in ("POSTGRES_PASSWORD", "PREFECT_AUTH", "CASTBOOK_API_KEYS"):
        assert f"${{{needed}:?" in text
        assert f"{needed}=\n" in (DEPLOY / "example.env").read_text("utf-8")


def test_every_setting_of_the_service_reaches_its_containers() -> None:
    from service import settings as service
    from tasks.archive import settings as archive

    documented = {
        name
        for module in (service, archive)
        for name in re.findall(r"\bCASTBOOK_[A-Z_]+[A-Z]\b", module.__doc__ or "")
    } - {"CASTBOOK_ARCHIVE"}
    compose = read("compose.yaml")["services"]
    given = {*compose["api"]["environment"]}
    built = set(re.findall(r"\b(CASTBOOK_\w+)=", (ROOT / "Dockerfile").read_text("utf-8")))
    assert documented <= given | built
    # unset in .env, each must be what it is without the container: it can be read
    plain = {
        name: re.sub(r"\$\{\w+(?::-([^}]*)|:\?[^}]*)\}", lambda m: m[1] or "", value)
        for name, value in compose["api"]["environment"].items()
    }
    told = service.ServiceSettings.read({**plain, "CASTBOOK_API_KEYS": ""})
    assert dataclasses.replace(
        told, data=Path(), engine="", prefect_api_url="", shares_slots=False
    ) == service.ServiceSettings(data=Path())
    assert archive.ArchiveSettings.read(plain) == archive.ArchiveSettings.read({})


def images() -> Iterator[str]:
    for service in read("compose.yaml")["services"].values():
        if "build" not in service:
            yield service["image"]
    for line in (ROOT / "Dockerfile").read_text("utf-8").splitlines():
        if (found := re.match(r"FROM (\S+:\S+)", line)) is not None:
            yield found[1]


def test_images_of_others_are_pinned_and_exist() -> None:
    for image in images():
        name, _, tag = image.partition(":")
        assert re.search(r"\d", tag), image
        assert name != "minio/minio"  # no longer on Docker Hub


def test_the_prefect_that_is_deployed_is_the_one_that_is_tested() -> None:
    """With prefect 3.8.8 and FastAPI 0.151 or later the server does not start."""
    tested = version("prefect")
    assert read("compose.yaml")["services"]["prefect"]["image"].startswith(
        f"prefecthq/prefect:{tested}-"
    )
    values = read("k8s/prefect-server.values.yaml")
    assert values["global"]["prefect"]["image"]["prefectTag"].startswith(f"{tested}-")
    assert yaml.safe_load((ROOT / "prefect.yaml").read_text("utf-8"))["prefect-version"] == tested
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    assert "fastapi>=0.139,<0.151" in project["dependencies"]
    assert (0, 139) <= tuple(map(int, version("fastapi").split(".")[:2])) < (0, 151)


def test_a_deployed_server_has_the_profile_of_castbook_up() -> None:
    """Among it where leases of slots are kept: in memory, a restart would lose the slots."""
    wanted = {n: v for n, v in profile().items() if n not in OF_WORKERS}
    compose = read("compose.yaml")["services"]["prefect"]
    values = read("k8s/prefect-server.values.yaml")["server"]
    unit = (DEPLOY / "systemd/castbook-prefect.service").read_text("utf-8")
    units = dict(re.findall(r"(?<=[= ])([A-Z_]+)=(\S+)", unit))
    for found in (compose["environment"], {e["name"]: e["value"] for e in values["env"]}, units):
        assert wanted.items() <= found.items()
        assert "PREFECT_HOME" in found
    assert f"prefect:{compose['environment']['PREFECT_HOME']}" in compose["volumes"]
    claim = values["extraVolumes"][0]["persistentVolumeClaim"]["claimName"]
    assert f"name: {claim}\n" in (DEPLOY / "k8s/base/storage.yaml").read_text("utf-8")


def test_the_dockerfile_is_sound() -> None:
    checked(BIN / "hadolint", ROOT / "Dockerfile")
    text = (ROOT / "Dockerfile").read_text("utf-8")
    stages = re.findall(r"^FROM .* AS (\S+)$", text, re.M)
    assert {"api", "worker-cpu", "worker-gpu"} <= set(stages)
    for stage in re.split(r"^FROM ", text, flags=re.M)[1:]:
        if re.search(r" AS (api|worker-\S+)$", stage, re.M):
            assert "HEALTHCHECK" in stage
            assert stage.startswith("run ")  # where USER and tini are
    assert re.search(r"^USER 10001$", text, re.M)


def test_an_image_has_every_package_of_the_wheel() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    packed = project["tool"]["hatch"]["build"]["targets"]["wheel"]["only-include"]
    dockerfile = (ROOT / "Dockerfile").read_text("utf-8")
    ignored = (ROOT / ".dockerignore").read_text("utf-8")
    for package in packed:
        assert f"COPY {package} {package}\n" in dockerfile
        assert f"!{package}\n" in ignored


def test_kubernetes_knows_every_field() -> None:
    known = [path for path in MANIFESTS if path.name != KEDA]
    checked(BIN / "kubernetes-validate", "--strict", "--quiet", *known)


def test_a_wrong_field_would_be_found(tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.yaml"
    api = (DEPLOY / "k8s/base/api.yaml").read_text("utf-8")
    wrong.write_text(api.replace("replicas: 1", 'replicas: "two"'), "utf-8")
    with pytest.raises(AssertionError):
        checked(BIN / "kubernetes-validate", "--strict", wrong)


def test_every_manifest_is_in_a_kustomization() -> None:
    listed = {
        (path.parent / name).resolve()
        for path in (DEPLOY / "k8s").rglob("kustomization.yaml")
        for name in yaml.safe_load(path.read_text("utf-8"))["resources"]
    }
    assert {path.resolve() for path in MANIFESTS} == {p for p in listed if p.is_file()}
    assert all(path.exists() for path in listed)


def test_a_gpu_worker_has_one_gpu_and_its_pool() -> None:
    (worker,) = yaml.safe_load_all((DEPLOY / "k8s/gpu/worker-gpu.yaml").read_text("utf-8"))
    (container,) = worker["spec"]["template"]["spec"]["containers"]
    assert container["resources"]["limits"]["nvidia.com/gpu"] == 1
    settings = read("k8s/base/settings.yaml")["data"]
    assert settings["CASTBOOK_GPU_POOL"] in container["args"]
    scaled = read(f"k8s/keda/{KEDA}")["spec"]
    assert scaled["scaleTargetRef"]["name"] == worker["metadata"]["name"]


def test_every_alert_fires_when_it_should_and_only_then() -> None:
    checked(promtool(), "check", "rules", "prometheus/rules.yml")
    checked(promtool(), "check", "config", "--syntax-only", "prometheus/prometheus.yml")
    checked(promtool(), "test", "rules", "prometheus/rules_test.yml")
    alerts = {rule["alert"] for g in read("prometheus/rules.yml")["groups"] for rule in g["rules"]}
    tests = (DEPLOY / "prometheus/rules_test.yml").read_text("utf-8")
    for alert in alerts:
        assert re.search(rf'alertname[:=] ?"?{alert}"?', tests), f"{alert} has no test"


def exported(data: Path) -> set[str]:
    """All names that ``/metrics`` may have, with the suffixes of histograms."""
    text = generate_latest(Meters(ServiceSettings(data=data)).registry).decode()
    names = set()
    for line in text.splitlines():
        if line.startswith("# TYPE "):
            _, _, name, kind = line.split()
            ends = ("_bucket", "_sum", "_count") if kind == "histogram" else ("",)
            names |= {name + end for end in ends}
    return names


def queries() -> Iterator[str]:
    for panel in json.loads((DEPLOY / "grafana/dashboard.json").read_text("utf-8"))["panels"]:
        for target in panel["targets"]:
            yield target["expr"]


def test_every_query_names_a_metric_that_exists(tmp_path: Path) -> None:
    rules = [r["expr"] for g in read("prometheus/rules.yml")["groups"] for r in g["rules"]]
    keda = read(f"k8s/keda/{KEDA}")["spec"]["triggers"][0]["metadata"]["query"]
    there = exported(tmp_path)
    named: set[str] = set()
    for query in (*queries(), *rules, keda):
        names = set(re.findall(r"\baudiobook_\w+", query))
        assert names <= there, query
        assert names or "up{" in query
        named |= names
    # a metric that nothing shows is one that nobody looks at
    shown = {re.sub("_(bucket|sum|count)$", "", name) for name in named}
    assert {re.sub("_(bucket|sum|count)$", "", name) for name in there} == shown


def test_every_query_of_the_dashboard_is_promql(tmp_path: Path) -> None:
    rules = [{"record": f"q{n}", "expr": query} for n, query in enumerate(queries())]
    file = tmp_path / "queries.yml"
    file.write_text(yaml.safe_dump({"groups": [{"name": "q", "rules": rules}]}), "utf-8")
    checked(promtool(), "check", "rules", file)


@pytest.mark.parametrize("unit", UNITS, ids=lambda path: path.name)
def test_units_are_whole_and_shut_in(unit: Path) -> None:
    settings = configparser.RawConfigParser(strict=False, interpolation=None)
    settings.optionxform = str  # type: ignore[assignment,method-assign]
    settings.read(unit)
    service = settings["Service"]
    assert service["User"] == "castbook"
    assert service["NoNewPrivileges"] == "true"
    assert service["ProtectSystem"] == "strict"
    assert service["CapabilityBoundingSet"] == ""
    assert service["EnvironmentFile"] == "/etc/castbook/castbook.env"
    assert service["ExecStart"].startswith("/opt/castbook/bin/")
    if (analyse := shutil.which("systemd-analyze")) is None:
        return  # what is above is what can be said without it
    done = subprocess.run([analyse, "verify", unit], capture_output=True, text=True)
    complaints = [
        line
        for line in done.stderr.splitlines()
        if unit.stem.rstrip("@") in line and "is not executable: No such file" not in line
    ]
    assert complaints == []
    told = checked(analyse, "security", "--offline=true", unit)
    exposure = re.search(r"exposure level for \S+: ([\d.]+)", told)
    assert exposure is not None
    assert float(exposure[1]) < 2.5
