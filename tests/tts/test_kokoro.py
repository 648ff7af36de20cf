"""The kokoro engine with a small model that has the real one's inputs, output and noise."""

from __future__ import annotations

import contextlib
import hashlib
import io
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import onnx
import pytest
from fake_hub import running
from hypothesis import given
from hypothesis import strategies as st
from onnx import TensorProto, helper

from castbook.errors import ProjectError, VoiceError
from tts import kokoro, weights
from tts.conformance import check_engine
from tts.engine import EngineError, Failure, Request, Speech, Voice
from tts.kokoro import MODEL, VOICES, KokoroEngine, accent_of, estimate
from tts.kokoro_model import ESPEAK
from tts.weights import Expected, Manifest, get_weights

FRAMES = 300  # per phoneme at speed 1
TEXT = "It was the old lighthouse, number 7, that had stood for two hundred years."


def small_model(noise: float = 0.01) -> bytes:
    """tokens int64 (1, n), style float (1, 256), speed float (1) → audio float (m,).

    A sine per phoneme, of a pitch that token and style decide, plus noise from
    ``RandomNormalLike``: the node of the real model that gives other bytes at each call.
    """
    node = helper.make_node
    integers = {
        "one": [1], "minus_one": [-1], "from": [0], "to": [1], "columns": [1, -1], "rows": [-1, 1],
    }  # fmt: skip
    initial = [helper.make_tensor(k, TensorProto.INT64, [len(v)], v) for k, v in integers.items()]
    scalars = {"frames": float(FRAMES), "step": 0.0007, "loud": 0.3, "noisy": noise, "base": 40.0}
    initial += [helper.make_tensor(k, TensorProto.FLOAT, [1], [v]) for k, v in scalars.items()]
    initial += [helper.make_tensor(k, TensorProto.INT64, [], [v]) for k, v in (("0", 0), ("1", 1))]
    nodes = [
        node("Div", ["frames", "speed"], ["length_f"]),
        node("Cast", ["length_f"], ["length"], to=TensorProto.INT64),
        node("Squeeze", ["length", "from"], ["length_0"]),
        node("Range", ["0", "length_0", "1"], ["time_i"]),
        node("Cast", ["time_i"], ["time"], to=TensorProto.FLOAT),
        node("Reshape", ["time", "columns"], ["time_row"]),
        node("Cast", ["tokens"], ["tokens_f"], to=TensorProto.FLOAT),
        node("Reshape", ["tokens_f", "rows"], ["pitch"]),
        node("ReduceMean", ["style"], ["mean"], axes=[1], keepdims=0),
        node("Mul", ["mean", "base"], ["lift"]),
        node("Add", ["pitch", "lift"], ["lifted"]),
        node("Mul", ["lifted", "step"], ["turn"]),
        node("Mul", ["turn", "time_row"], ["phase"]),
        node("Sin", ["phase"], ["wave"]),
        node("Mul", ["wave", "loud"], ["quieter"]),
        node("RandomNormalLike", ["quieter"], ["random"]),
        node("Mul", ["random", "noisy"], ["hiss"]),
        node("Add", ["quieter", "hiss"], ["both"]),
        node("Reshape", ["both", "minus_one"], ["audio"]),
    ]
    graph = helper.make_graph(
        nodes,
        "small",
        [
            helper.make_tensor_value_info("tokens", TensorProto.INT64, [1, None]),
            helper.make_tensor_value_info("style", TensorProto.FLOAT, [1, 256]),
            helper.make_tensor_value_info("speed", TensorProto.FLOAT, [1]),
        ],
        [helper.make_tensor_value_info("audio", TensorProto.FLOAT, [None])],
        initial,
    )
    opset = [helper.make_opsetid("", 17)]
    model = helper.make_model(graph, opset_imports=opset, ir_version=8)
    onnx.checker.check_model(model)
    return bytes(model.SerializeToString())


def small_voices(*names: str) -> bytes:
    """A voices file: one style (510, 1, 256) per name."""
    file = io.BytesIO()
    styles = {
        name: np.full((510, 1, 256), i + 1, np.float32) for i, name in enumerate(sorted(names))
    }
    np.savez(file, **styles)
    return file.getvalue()


def install(folder: Path, model: bytes, voices: bytes) -> None:
    """Weights as ``castbook get`` leaves them."""
    folder.mkdir(parents=True)
    for name, content in ((MODEL, model), (VOICES, voices)):
        (folder / name).write_bytes(content)
        expected = Expected(len(content), hashlib.sha256(content).hexdigest())
        weights._write_record(folder, name, expected)


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A cache folder with small weights, named by the environment for child processes too."""
    folder = tmp_path_factory.mktemp("cache")
    presets = [preset.name for preset in KokoroEngine().presets()]
    install(folder / "kokoro", small_model(), small_voices(*presets))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CASTBOOK_CACHE", str(folder))
        yield folder


@pytest.fixture(scope="module")
def engine(cache: Path) -> Iterator[KokoroEngine]:
    one = KokoroEngine({"workers": 2})
    one.load()
    yield one
    one.unload()


def speak(
    engine: KokoroEngine,
    texts: Sequence[str],
    preset: str = "af_heart",
    language: str = "en",
    **parameters: float,
) -> list[Speech | Failure]:
    voice = Voice(f"{preset} {parameters}", preset=preset, parameters=parameters)
    engine.prepare(voice)
    requests = [Request(str(i), t, language, voice.digest, 1) for i, t in enumerate(texts)]
    results = dict(engine.synthesize(requests))
    assert len(results) == len(texts)
    return [results[request.id] for request in requests]


def one(engine: KokoroEngine, text: str, *args: str, **parameters: float) -> Speech:
    (result,) = speak(engine, [text], *args, **parameters)
    assert isinstance(result, Speech), result
    return result


def test_it_keeps_the_contract_in_its_host(cache: Path) -> None:
    assert check_engine("kokoro", {"workers": 2}) == []


def test_it_speaks(engine: KokoroEngine) -> None:
    speech = one(engine, TEXT)
    assert speech.rate == 24000
    assert speech.pcm.dtype == np.int16
    phonemes = len(speech.pcm) / FRAMES
    assert 0.7 * len(TEXT) < phonemes < 1.4 * len(TEXT)
    assert 0.2 < np.abs(speech.pcm).max() / 32768 < 0.5


def test_phonemes_in_a_text_are_spoken_as_they_are(engine: KokoroEngine) -> None:
    short = one(engine, "The ⟦ipa:bɹuːm⟧ waited.")
    assert len(short.pcm) < len(one(engine, "The bruoughamoe waited.").pcm)
    assert len(short.pcm) > len(one(engine, "The waited.").pcm)


def test_noise_in_the_model_does_not_make_bytes_differ(cache: Path, engine: KokoroEngine) -> None:
    """However often, in whatever order, by however many workers, in whatever process."""
    texts = [TEXT, "Come at once.", "Yes!", "Come at once."]
    first = [s.pcm.tobytes() for s in speak(engine, texts) if isinstance(s, Speech)]
    again = [s.pcm.tobytes() for s in speak(engine, texts[::-1]) if isinstance(s, Speech)][::-1]
    other = KokoroEngine({"workers": 1})
    other.load()
    alone = [s.pcm.tobytes() for s in speak(other, texts) if isinstance(s, Speech)]
    other.unload()
    assert len(first) == 4
    assert first == again == alone
    assert first[1] == first[3] != first[0]


def test_the_noise_is_there(engine: KokoroEngine) -> None:
    """Else the test above proves nothing: two equal phonemes must not sound equal."""
    pcm = one(engine, "mmmm, mmmm.").pcm
    pieces = {pcm[i : i + FRAMES].tobytes() for i in range(0, len(pcm) - FRAMES, FRAMES)}
    assert len(pieces) == len(pcm) // FRAMES or len(pieces) > 3


def test_voices_speed_and_accent_are_heard(engine: KokoroEngine) -> None:
    plain = one(engine, TEXT)
    assert not np.array_equal(one(engine, TEXT, "am_michael").pcm, plain.pcm)
    assert abs(len(one(engine, TEXT, speed=2.0).pcm) / len(plain.pcm) - 0.5) < 0.02
    british = one(engine, "The rather better dance.", "bf_emma")
    american = one(engine, "The rather better dance.", "af_heart")
    assert len(british.pcm) != len(american.pcm)
    for language, preset in (("fr", "ff_siwis"), ("es", "ef_dora"), ("it", "if_sara"),
                             ("pt", "pf_dora"), ("hi", "hf_alpha")):  # fmt: skip
        assert len(one(engine, "Radio 7", preset, language).pcm)


def test_a_longer_text_than_the_model_takes_is_joined(engine: KokoroEngine) -> None:
    speech = one(engine, "The old lighthouse had stood there. " * 30)
    assert len(speech.pcm) > 510 * FRAMES


@pytest.mark.parametrize("text", ["", " \n", "...", "“—”", "\x00", "\ud800"])
def test_nothing_to_speak_is_permanent(engine: KokoroEngine, text: str) -> None:
    (result,) = speak(engine, [text])
    assert isinstance(result, Failure), len(result.pcm)
    assert result.kind == "permanent"
    assert "nothing to speak" in result.reason


def test_other_scripts_are_spoken_or_refused_but_harm_nobody(engine: KokoroEngine) -> None:
    texts = ["Привет", "شكرا", "नमस्ते", "<b>bold</b> [[x]]", "x" * 2000, "1" * 300]
    for result in speak(engine, texts):
        assert isinstance(result, Speech) or result.kind == "permanent"


def test_samples_beyond_full_scale_are_counted(cache: Path, tmp_path: Path) -> None:
    install(tmp_path / "kokoro", small_model(noise=1.0), small_voices("af_heart"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CASTBOOK_CACHE", str(tmp_path))
        loud = KokoroEngine({"workers": 1})
        loud.load()
        speech = one(loud, TEXT)
        assert speech.clipped > 100
        assert speech.pcm.max() == 32767 and speech.pcm.min() == -32768
        (missing,) = speak(loud, ["Hello."], "am_michael")
        assert isinstance(missing, Failure) and "am_michael" in missing.reason
        loud.unload()


@pytest.mark.parametrize("broken", [MODEL, VOICES])
def test_damaged_weights_are_said_at_load(tmp_path: Path, broken: str) -> None:
    install(tmp_path / "kokoro", small_model(), small_voices("af_heart"))
    file = tmp_path / "kokoro" / broken
    file.write_bytes(b"?" * file.stat().st_size)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CASTBOOK_CACHE", str(tmp_path))
        with pytest.raises(EngineError, match="cannot be loaded") as caught:
            KokoroEngine().load()
    assert caught.value.kind == "dead"


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="looks into /proc")
def test_forks_come_from_a_process_with_one_thread(engine: KokoroEngine) -> None:
    assert engine._crew is not None
    assert len(list(Path(f"/proc/{engine._crew.pid}/task").iterdir())) == 1


def killed_while_speaking(engine: KokoroEngine, name: str) -> Speech | Failure:
    """The answer to a long request whose fork is killed as soon as it is seen."""
    answers = engine.synthesize([Request(name, "word " * 3000, "en", "v", 1)])
    assert engine._crew is not None
    children = Path(f"/proc/{engine._crew.pid}/task/{engine._crew.pid}/children")
    deadline = time.monotonic() + 10
    while not (seen := children.read_text().split()):
        assert time.monotonic() < deadline
    with contextlib.suppress(ProcessLookupError):
        os.kill(int(seen[0]), signal.SIGKILL)
    ((_, result),) = answers
    return result


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="looks into /proc")
def test_a_killed_fork_costs_its_own_request_only(engine: KokoroEngine) -> None:
    engine.prepare(Voice("v", preset="af_heart"))
    for number in range(10):  # on a busy machine the fork may have answered before it is killed
        result = killed_while_speaking(engine, f"long-{number}")
        if isinstance(result, Failure):
            break
    assert isinstance(result, Failure) and result.kind == "transient"
    assert isinstance(speak(engine, ["Hello."])[0], Speech)


def test_a_cancelled_request_gets_its_answer(engine: KokoroEngine) -> None:
    engine.prepare(Voice("v", preset="af_heart"))
    requests = [Request(str(i), "word " * 3000, "en", "v", 1) for i in range(3)]
    answers = engine.synthesize(requests)
    for request in requests:
        engine.cancel(request.id)
    results = dict(answers)
    assert all(isinstance(r, Failure) and r.reason.endswith("cancelled") for r in results.values())
    assert len(results) == 3
    assert isinstance(speak(engine, ["Hello."])[0], Speech)


# -- Mandarin ------------------------------------------------------------------------------


def test_without_its_front_end_mandarin_is_refused_with_advice(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(kokoro, "speaks_chinese", lambda: False)
    engine = KokoroEngine()
    assert "zh" not in engine.capabilities.languages
    for preset, language in (("zf_xiaobei", "zh"), ("af_heart", "zh-CN"), ("zm_yunxi", "")):
        with pytest.raises(VoiceError, match=r"misaki\[zh\]"):
            engine.check_voice(Voice("v", preset=preset), language)
    engine.check_voice(Voice("v", preset="zf_xiaobei"), "en")


def test_with_a_front_end_mandarin_is_spoken(
    cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A front end of four lines in the place of misaki's, which is not installed here."""
    (tmp_path / "misaki").mkdir()
    (tmp_path / "misaki/__init__.py").touch()
    (tmp_path / "misaki/zh.py").write_text(
        "class ZHG2P:\n    def __call__(self, text):\n        return 'ni↓xau↓' * len(text), None\n"
    )
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setattr(kokoro, "speaks_chinese", lambda: True)
    engine = KokoroEngine({"workers": 1})
    assert "zh" in engine.capabilities.languages
    engine.load()
    speech = one(engine, "温酒", "zf_xiaobei", "zh")
    engine.unload()
    assert len(speech.pcm) // FRAMES >= 2 * len("ni↓xau↓") - 2


# -- light half ----------------------------------------------------------------------------


def test_wrong_voices_are_refused() -> None:
    engine = KokoroEngine()
    for preset, parameters, language, message in (
        ("af_hart", {}, "en", "did you mean af_heart"),
        ("", {}, "en", "no preset ''"),
        ("af_heart", {"speed": 3}, "en", "0.5 to 2"),
        ("af_heart", {"pitch": 1}, "en", "expected one of speed"),
        ("af_heart", {}, "de", "does not speak 'de'"),
    ):
        with pytest.raises(VoiceError) as caught:
            engine.check_voice(Voice("v", preset=preset, parameters=parameters), language)
        assert message in str(caught.value)


@pytest.mark.parametrize("options", [{"workers": 0}, {"threads": 2}, {"workers": True}])
def test_wrong_options_are_refused(options: dict[str, object]) -> None:
    with pytest.raises(ProjectError) as caught:
        KokoroEngine(options)
    assert str(caught.value.place).startswith("engines.kokoro.")


def test_every_preset_has_an_accent_and_the_gender_in_its_name() -> None:
    for preset in KokoroEngine().presets():
        accent = accent_of(preset.name, "")
        assert preset.languages == ("en-GB" if accent == "en-gb" else accent.partition("-")[0],)
        assert preset.name[1] == preset.gender
        assert accent in ESPEAK or accent == "zh"
        assert accent_of(preset.name, "en-US") in ("en-us", "en-gb")


def test_it_says_what_is_missing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("CASTBOOK_CACHE", str(tmp_path))
    engine = KokoroEngine()
    assert "castbook get kokoro" in str(engine.missing())
    with pytest.raises(EngineError, match="castbook get kokoro"):
        engine.load()
    monkeypatch.setattr(kokoro, "find_spec", lambda name: None)
    assert "pip install 'castbook[kokoro]'" in str(engine.missing())


def test_the_fingerprint_follows_the_weights_and_not_the_workers(
    cache: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    here = KokoroEngine().fingerprint()
    assert KokoroEngine({"workers": 7}).fingerprint() == here
    monkeypatch.setenv("CASTBOOK_CACHE", str(tmp_path))
    planned = KokoroEngine().fingerprint()
    assert planned != here
    pin = weights.read_manifest("kokoro").files[MODEL]
    assert pin is not None and pin.sha256[:16] in planned


def test_the_light_halves_load_nothing_heavy() -> None:
    heavy = "('onnxruntime', 'kokoro_onnx', 'phonemizer', 'soundfile', 'httpx', 'huggingface_hub')"
    script = (
        "import sys\n"
        "from tts.registry import make_engine\n"
        "for engine in map(make_engine, ('espeak', 'kokoro', 'openai')):\n"
        "    engine.fingerprint(), engine.missing(), engine.capabilities, engine.presets()\n"
        f"sys.exit(str([m for m in {heavy} if m in sys.modules] or ''))\n"
    )
    root = Path(kokoro.__file__).parent.parent
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=root, capture_output=True, text=True, check=False
    )
    assert done.stderr.strip() == ""


@given(st.text(max_size=300), st.text(max_size=50))
def test_the_measure_grows_with_the_text(text: str, more: str) -> None:
    assert 1 <= estimate(text) <= estimate(text + more)


def test_what_measures_400_has_no_more_than_510_phonemes(engine: KokoroEngine) -> None:
    """Names, initials, numbers, dashes: all within the ratio that limit and model leave. By
    the length of the sound, which has two phonemes of padding."""
    texts = [
        TEXT,
        "Date, July 7.",
        "Postmark, London, S.W.",
        "“You must go up, Mr. Holmes!”",
        "He paid 1,204 pounds in 1882—no, 1883—for it.",
        "Strength, warmth, thoughts.",
    ]
    for text, speech in zip(texts, speak(engine, texts), strict=True):
        assert isinstance(speech, Speech)
        assert len(speech.pcm) / FRAMES - 2 <= estimate(text) * 510 / engine.capabilities.limit


def test_get_brings_weights_that_speak(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """``castbook get kokoro`` from a hub on this machine that breaks off, then a word."""
    monkeypatch.setenv("CASTBOOK_CACHE", str(tmp_path))
    model, voices = small_model(), small_voices("af_heart")
    manifest = Manifest("kokoro", "owner/model", "main", {MODEL: None, VOICES: None})
    monkeypatch.setattr(weights, "read_manifest", lambda name: manifest)
    with running() as hub:
        at = "owner/model/resolve/main/"
        hub.files = {at + MODEL: model, at + VOICES: voices}
        hub.cuts = [500, 300]
        monkeypatch.setenv("HF_ENDPOINT", hub.url)
        folder = get_weights("kokoro", pause_s=0)
    assert (folder / MODEL).read_bytes() == model
    engine = KokoroEngine({"workers": 1})
    assert engine.missing() is None
    engine.load()
    assert len(one(engine, "Hello.").pcm)
    engine.unload()
