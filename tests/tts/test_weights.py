"""Weights from a hub that cuts, lies, moves and has nothing; the hub runs in the test."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import hashlib
import json
import random
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

import httpx
import pytest
from fake_hub import Hub, running
from hypothesis import given, settings
from hypothesis import strategies as st

from castbook.errors import InputError, MissingDependency, StorageError
from tts import download, weights
from tts.weights import Expected, Manifest, Source, find_weights, get_weights

CONTENT = random.Random(1).randbytes(300_000)
SMALL = b"voices"
AT = "owner/model/resolve/main/"


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Hub]:
    monkeypatch.setenv("CASTBOOK_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("HF_ENDPOINT", raising=False)
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    offer(monkeypatch)
    with running() as one:
        one.files = {AT + "model.onnx": CONTENT, AT + "voices.bin": SMALL}
        yield one


def offer(monkeypatch: pytest.MonkeyPatch, **pins: bytes) -> None:
    """Sets the manifest: the two files, pinned to the given contents."""
    files: Mapping[str, Expected | None] = {
        name: Expected(len(pins[key]), hashlib.sha256(pins[key]).hexdigest())
        if (key := name.partition(".")[0]) in pins
        else None
        for name in ("model.onnx", "voices.bin")
    }
    manifest = Manifest("kokoro", "owner/model", "main", files)
    monkeypatch.setattr(weights, "read_manifest", lambda engine: manifest)


def get(hub: Hub) -> Path:
    return get_weights("kokoro", endpoint=hub.url, pause_s=0.0)


def ranges(hub: Hub, name: str = "model.onnx") -> list[str]:
    return [r for method, path, r in hub.asked if method == "GET" and path == f"bytes/{AT}{name}"]


def test_they_arrive_whole_and_are_recorded(hub: Hub) -> None:
    assert find_weights("kokoro") is None
    seen: list[tuple[str, int, int]] = []
    folder = get_weights("kokoro", endpoint=hub.url + "/", progress=lambda *a: seen.append(a))
    assert (folder / "model.onnx").read_bytes() == CONTENT
    assert sorted(p.name for p in folder.iterdir()) == ["model.onnx", "voices.bin", "weights.json"]
    assert ("model.onnx", len(CONTENT), len(CONTENT)) in seen
    assert seen[-1] == ("voices.bin", len(SMALL), len(SMALL))
    found = find_weights("kokoro")
    assert found is not None
    assert found.folder == folder
    assert found.digests["model.onnx"] == hashlib.sha256(CONTENT).hexdigest()


def test_a_second_time_asks_nobody(hub: Hub) -> None:
    get(hub)
    asked = len(hub.asked)
    get(hub)
    get_weights("kokoro", endpoint="http://127.0.0.1:9")
    assert len(hub.asked) == asked


@pytest.mark.parametrize("resumes", [True, False])
def test_a_cut_connection_is_resumed(hub: Hub, resumes: bool) -> None:
    hub.resumes = resumes
    hub.cuts = [100_000, 0, 65_536, 1]
    folder = get(hub)
    assert (folder / "model.onnx").read_bytes() == CONTENT
    starts = [0, 100_000, 100_000, 165_536, 165_537]
    if resumes:
        assert ranges(hub) == [f"bytes={start}-" if start else "" for start in starts]


@given(cuts=st.lists(st.integers(1, 300_000), min_size=1, max_size=4))
@settings(max_examples=15, deadline=None)
def test_any_cuts_end_in_the_whole_file(cuts: list[int]) -> None:
    expected = Expected(len(CONTENT), hashlib.sha256(CONTENT).hexdigest())
    with running() as hub, tempfile.TemporaryDirectory() as folder:
        hub.files, hub.cuts = {"f": CONTENT}, list(cuts)
        with httpx.Client(verify=False, trust_env=False) as client:
            final = Path(folder) / "f"
            download.download(client, f"{hub.url}/bytes/f", final, expected, pause_s=0)
        assert final.read_bytes() == CONTENT


def test_it_goes_on_in_another_run(hub: Hub) -> None:
    hub.cuts = [100_000] + [0] * 5
    with pytest.raises(MissingDependency, match="what has arrived is kept"):
        get(hub)
    folder = weights.weights_folder("kokoro")
    assert not (folder / "model.onnx").exists()
    assert (folder / "model.onnx.part").stat().st_size == 100_000
    hub.cuts = []
    get(hub)
    assert ranges(hub)[-1] == "bytes=100000-"
    assert (folder / "model.onnx").read_bytes() == CONTENT


def test_trouble_of_the_server_that_passes_is_waited_out(hub: Hub) -> None:
    hub.statuses = [503, 429, 500]
    assert (get(hub) / "model.onnx").read_bytes() == CONTENT


def test_wrong_bytes_never_get_the_name(hub: Hub) -> None:
    hub.sent[AT + "model.onnx"] = CONTENT[:-1] + b"?"
    with pytest.raises(MissingDependency, match="sha256"):
        get(hub)
    folder = weights.weights_folder("kokoro")
    assert not (folder / "model.onnx").exists()
    assert find_weights("kokoro") is None
    hub.sent.clear()
    assert (get(hub) / "model.onnx").read_bytes() == CONTENT  # begins anew


def test_more_bytes_than_announced_are_refused(hub: Hub) -> None:
    hub.sent[AT + "model.onnx"] = CONTENT + b"?"
    with pytest.raises(MissingDependency, match="larger"):
        get(hub)


def test_a_part_that_is_not_of_this_file_is_noticed(hub: Hub) -> None:
    folder = weights.weights_folder("kokoro")
    folder.mkdir(parents=True)
    (folder / "model.onnx.part").write_bytes(b"?" * 1000)
    with pytest.raises(MissingDependency, match="sha256"):
        get(hub)
    assert (get(hub) / "model.onnx").read_bytes() == CONTENT


def test_a_pin_is_stronger_than_the_hub(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    offer(monkeypatch, model=b"something else")
    with pytest.raises(MissingDependency, match="this castbook expects"):
        get(hub)
    assert ranges(hub) == []


def test_a_pin_stands_in_for_a_hub_that_announces_nothing(
    hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    hub.announces = False
    with pytest.raises(MissingDependency, match="announces no sha256"):
        get(hub)
    offer(monkeypatch, model=CONTENT, voices=SMALL)
    assert (get(hub) / "model.onnx").read_bytes() == CONTENT


def test_a_new_pin_replaces_old_weights(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = get(hub)
    hub.files[AT + "model.onnx"] = b"better weights"
    offer(monkeypatch, model=b"better weights")
    get(hub)
    assert (folder / "model.onnx").read_bytes() == b"better weights"


def test_files_somebody_copied_are_checked_and_taken(
    hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    offer(monkeypatch, model=CONTENT, voices=SMALL)
    folder = weights.weights_folder("kokoro")
    folder.mkdir(parents=True)
    (folder / "model.onnx").write_bytes(CONTENT)
    (folder / "voices.bin").write_bytes(SMALL)
    get_weights("kokoro", endpoint="http://127.0.0.1:9")
    assert find_weights("kokoro") is not None


def test_a_file_that_shrank_is_not_installed(hub: Hub) -> None:
    folder = get(hub)
    (folder / "model.onnx").write_bytes(CONTENT[:-5])
    assert find_weights("kokoro") is None
    assert (get(hub) / "model.onnx").read_bytes() == CONTENT


def test_a_record_that_makes_no_sense_is_no_record(hub: Hub) -> None:
    folder = get(hub)
    for record in (
        "", "{", "[]", '{"schema": 1}', '{"schema": 99, "files": {}}',
        '{"schema": 1, "files": {"model.onnx": 7}}',
    ):  # fmt: skip
        (folder / "weights.json").write_text(record)
        assert find_weights("kokoro") is None


def test_a_moved_repository_is_followed(hub: Hub) -> None:
    hub.moved = "owner/model"
    assert (get(hub) / "model.onnx").read_bytes() == CONTENT


def test_a_hub_without_the_file_is_named(hub: Hub) -> None:
    del hub.files[AT + "model.onnx"]
    with pytest.raises(MissingDependency, match="404") as caught:
        get(hub)
    assert hub.url in str(caught.value)


def test_no_connection_is_said(hub: Hub) -> None:
    with pytest.raises(MissingDependency, match="online"):
        get_weights("kokoro", endpoint="http://127.0.0.1:9")


def test_the_environment_names_the_hub(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_ENDPOINT", hub.url)
    assert (get_weights("kokoro") / "voices.bin").read_bytes() == SMALL


def test_a_full_disk_is_said_before_and_during(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as full:
        full.setattr(download.shutil, "disk_usage", lambda path: shutil._ntuple_diskusage(9, 0, 9))
        with pytest.raises(StorageError, match="CASTBOOK_CACHE"):
            get(hub)
    real = download._continue

    def no_space(*arguments: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as full:
        full.setattr(download, "_continue", no_space)
        with pytest.raises(StorageError, match="free some space"):
            get(hub)
    assert download._continue is real
    assert (get(hub) / "model.onnx").read_bytes() == CONTENT


def test_two_downloads_at_once_do_not_mix(hub: Hub) -> None:
    folder = weights.weights_folder("kokoro")
    folder.mkdir(parents=True)
    with (folder / "model.onnx.part").open("ab") as other, contextlib.suppress(OSError):
        fcntl.flock(other, fcntl.LOCK_EX)
        with pytest.raises(MissingDependency, match="another castbook"):
            get(hub)


def test_an_engine_without_weights_is_refused() -> None:
    for engine in ("tone", "espeak", "nonsense"):
        with pytest.raises(InputError, match="has no weights"):
            get_weights(engine)


def test_the_shipped_manifest_is_pinned() -> None:
    manifest = weights.read_manifest("kokoro")
    assert set(manifest.files) == {"kokoro-v1.0.onnx", "voices-v1.0.bin"}
    for expected in manifest.files.values():
        assert expected is not None
        assert len(bytes.fromhex(expected.sha256)) == 32
    json.dumps(manifest.repository)


# -- a checkpoint of many files, in folders, from more than one repository ---------------------

FOLDERS = {
    "llm/config.json": b"{}",
    "llm/model-00001-of-00002.safetensors": CONTENT[:100_000],
    "llm/model-00002-of-00002.safetensors": CONTENT[100_000:150_000],
    "flow/config.json": b'{"a": 1}',
    "front/words.model": SMALL,
    "other/extra.ckpt": b"extra",
}
WORDS = hashlib.sha256(SMALL).hexdigest()


@pytest.fixture
def checkpoint(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> Hub:
    files: dict[str, Expected | None] = dict.fromkeys(FOLDERS)
    files["front/words.model"] = Expected(len(SMALL), f"{WORDS[:8]}…{WORDS[-4:]}")
    manifest = Manifest(
        "glm", "owner/model", "main", files,
        optional=frozenset({"other/extra.ckpt"}),
        elsewhere={"front/words.model": Source("friend/voices", "v2", "words.model")},
    )  # fmt: skip
    monkeypatch.setattr(weights, "read_manifest", lambda engine: manifest)
    hub.files = {AT + name: content for name, content in FOLDERS.items()}
    hub.small = {"config.json"}
    return hub


def brought(hub: Hub) -> list[str]:
    """Files whose bytes were asked for, in order."""
    at = f"bytes/{AT}"
    return [p.removeprefix(at) for m, p, _ in hub.asked if m == "GET" and p.startswith(at)]


def test_files_in_folders_small_and_large(checkpoint: Hub) -> None:
    seen = set()
    folder = get_weights(
        "glm", endpoint=checkpoint.url, progress=lambda name, *_: seen.add(name), pause_s=0
    )
    assert {name: (folder / name).read_bytes() for name in FOLDERS} == FOLDERS
    assert seen == FOLDERS.keys()  # with their folders: two are called config.json
    found = find_weights("glm")
    assert found is not None
    assert found.digests == {n: hashlib.sha256(c).hexdigest() for n, c in FOLDERS.items()}


def test_many_files_are_resumed_in_another_run(checkpoint: Hub) -> None:
    checkpoint.cuts = [9, 30_000, *[0] * 5]  # the first file is whole, the second breaks off
    with pytest.raises(MissingDependency, match="what has arrived is kept"):
        get_weights("glm", endpoint=checkpoint.url, pause_s=0)
    assert find_weights("glm") is None
    checkpoint.cuts.clear()
    folder = get_weights("glm", endpoint=checkpoint.url, pause_s=0)
    second = AT + "llm/model-00001-of-00002.safetensors"
    assert ("GET", f"bytes/{second}", "bytes=30000-") in checkpoint.asked
    assert {name: (folder / name).read_bytes() for name in FOLDERS} == FOLDERS
    assert brought(checkpoint).count("llm/config.json") == 1


def test_gits_digest_is_checked(checkpoint: Hub) -> None:
    checkpoint.sent[AT + "flow/config.json"] = b'{"a": 2}'
    with pytest.raises(MissingDependency, match="expected git's"):
        get_weights("glm", endpoint=checkpoint.url, pause_s=0)
    assert not (weights.weights_folder("glm") / "flow/config.json").exists()


def test_an_optional_file_may_be_missing(checkpoint: Hub) -> None:
    del checkpoint.files[AT + "other/extra.ckpt"]
    get_weights("glm", endpoint=checkpoint.url, pause_s=0)
    found = find_weights("glm")
    assert found is not None
    assert "other/extra.ckpt" not in found.digests
    checkpoint.files[AT + "other/extra.ckpt"] = b"extra"  # published later
    get_weights("glm", endpoint=checkpoint.url, pause_s=0)
    found = find_weights("glm")
    assert found is not None
    assert "other/extra.ckpt" in found.digests


def test_another_repository_has_what_the_first_lacks(checkpoint: Hub) -> None:
    content = checkpoint.files.pop(AT + "front/words.model")
    with pytest.raises(MissingDependency, match=r"friend/voices/resolve/v2/words.model \(404\)"):
        get_weights("glm", endpoint=checkpoint.url, pause_s=0)
    checkpoint.files["friend/voices/resolve/v2/words.model"] = content
    folder = get_weights("glm", endpoint=checkpoint.url, pause_s=0)
    assert (folder / "front/words.model").read_bytes() == SMALL


def test_an_abbreviated_pin_is_held_against_the_announcement(checkpoint: Hub) -> None:
    checkpoint.files[AT + "front/words.model"] = b"others"
    with pytest.raises(MissingDependency, match="this castbook expects"):
        get_weights("glm", endpoint=checkpoint.url, pause_s=0)


def test_unpinned_files_somebody_copied_are_checked_and_not_brought(checkpoint: Hub) -> None:
    folder = weights.weights_folder("glm")
    for name, content in FOLDERS.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    spoilt = folder / "llm/model-00002-of-00002.safetensors"
    spoilt.write_bytes(bytes(50_000))
    get_weights("glm", endpoint=checkpoint.url, pause_s=0)
    assert spoilt.read_bytes() == FOLDERS["llm/model-00002-of-00002.safetensors"]
    assert brought(checkpoint) == ["llm/model-00002-of-00002.safetensors"]
    assert find_weights("glm") is not None


def test_the_checkpoint_of_glm() -> None:
    manifest = weights.read_manifest("glm")
    words = manifest.files["vq32k-phoneme-tokenizer/tokenizer.model"]
    assert words is not None
    assert (words.size, words.sha256, words.whole) == (1_044_856, "3c16309b…1ce0", False)
    assert manifest.optional == {
        "vocos2d/generator_jit.ckpt", "speech_tokenizer/preprocessor_config.json",
        "vq32k-phoneme-tokenizer/added_tokens.json",
    }  # fmt: skip
    assert [s.repository for s in manifest.sources("frontend/campplus.onnx")] == [
        "zai-org/GLM-TTS", "FunAudioLLM/CosyVoice-300M",
    ]  # fmt: skip
