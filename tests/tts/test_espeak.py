"""The espeak engine: reproducible bytes, honest word times, voices by name, jobs that die.

Needs the extra ``espeak``; its absence is a failure of the test environment, not a skip.
"""

from __future__ import annotations

import contextlib
import hashlib
import itertools
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from castbook.errors import ProjectError, VoiceError
from tts import espeak
from tts.conformance import check_engine
from tts.engine import EngineError, Failure, Request, Speech, Voice
from tts.espeak import EspeakEngine, with_phonemes, word_times
from tts.espeak_voices import package_folder, read_names
from tts.text import clean

TEXTS = {
    "en": (
        "It was the old lighthouse, number 7, that had stood for two hundred years.",
        "Come at once if convenient.",
        "Yes!",
        "“Holmes,” I cried, “is this possible?”",
    ),
    "zh": ("鲁镇的酒店的格局，是和别处不同的。", "温两碗酒，要一碟茴香豆。"),
}
PRESETS = ("en-us", "en-us+f2", "en-us+m8", "en-gb-x-rp+f4", "en-us+Mike", "cmn+f4", "cmn")


@contextlib.contextmanager
def running(workers: int = 2) -> Iterator[EspeakEngine]:
    engine = EspeakEngine({"workers": workers})
    engine.load()
    try:
        yield engine
    finally:
        engine.unload()


@pytest.fixture(scope="module")
def engine() -> Iterator[EspeakEngine]:
    with running() as one:
        yield one


def voice_of(preset: str, **parameters: int) -> Voice:
    return Voice(digest=f"{preset} {parameters}", preset=preset, parameters=parameters)


def speak(
    engine: EspeakEngine, texts: Sequence[str], voice: Voice, language: str = "en"
) -> list[Speech | Failure]:
    engine.prepare(voice)
    requests = [Request(str(i), t, language, voice.digest, 1) for i, t in enumerate(texts)]
    results = dict(engine.synthesize(requests))
    assert set(results) == {request.id for request in requests}
    return [results[request.id] for request in requests]


def one(
    engine: EspeakEngine, text: str, preset: str = "en-us", language: str = "en", **parameters: int
) -> Speech:
    (result,) = speak(engine, [text], voice_of(preset, **parameters), language)
    assert isinstance(result, Speech), result
    return result


def digest(speech: Speech | Failure) -> str:
    assert isinstance(speech, Speech), speech
    return hashlib.sha256(speech.pcm.tobytes()).hexdigest()


def everything(engine: EspeakEngine, step: int) -> Mapping[tuple[str, str], str]:
    """Digests of all texts by all presets, asked for in one call, in the order of ``step``."""
    jobs = [(p, t) for p in PRESETS for t in TEXTS["zh" if p.startswith("cmn") else "en"]][::step]
    for preset in PRESETS:
        engine.prepare(voice_of(preset))
    requests = [
        Request(str(i), text, "zh" if preset.startswith("cmn") else "en", f"{preset} {{}}", i)
        for i, (preset, text) in enumerate(jobs)
    ]
    return {jobs[int(number)]: digest(result) for number, result in engine.synthesize(requests)}


def test_it_keeps_the_contract_in_its_host() -> None:
    assert check_engine("espeak", {"workers": 2}) == []
    assert check_engine("espeak", {"workers": 1}, language="zh") == []


def test_bytes_do_not_depend_on_workers_order_or_what_was_said_before() -> None:
    second = int(time.time())
    with running(1) as one_worker:
        first = everything(one_worker, 1)
        again = everything(one_worker, 1)
    wait_until(lambda: int(time.time()) > second)  # the library takes its load time for a seed
    with running(3) as three_workers:
        backwards = everything(three_workers, -1)
    assert first == again == backwards
    assert len(set(first.values())) == len(first)


def test_a_fork_says_what_a_fresh_load_of_the_library_says(engine: EspeakEngine) -> None:
    """The warm process has listed the voices; that must not be audible."""
    script = (
        "import ctypes, espeakng_loader as loader, sys, hashlib\n"
        "from tts.espeak_library import EspeakLibrary\n"
        "library = EspeakLibrary(loader.get_library_path(), loader.get_data_path())\n"
        "print(hashlib.sha256(library.speak(sys.argv[1], 'en-US+f2', {})[0]).hexdigest())\n"
    )
    text = TEXTS["en"][0]
    fresh = subprocess.run(
        [sys.executable, "-c", script, text],
        capture_output=True,
        text=True,
        check=True,
        cwd=Path(espeak.__file__).parent.parent,
    )
    assert fresh.stdout.strip() == digest(one(engine, text, "en-us+f2"))


def test_phonemes_in_a_text_are_spoken_and_words_keep_their_places(engine: EspeakEngine) -> None:
    marked = one(engine, "The ⟦espeak:kV#mpj'u:t@⟧ waited.")
    assert digest(marked) != digest(one(engine, "The brougham waited."))
    assert digest(marked) == digest(one(engine, "The ⟦espeak:kV#mpj'u:t@⟧ waited."))
    assert [w.start for w in marked.words][-1] == len("The ⟦espeak:kV#mpj'u:t@⟧ ")
    spelled = one(engine, "The espeak computer waited.")
    assert len(marked.pcm) < len(spelled.pcm)  # the name of the alphabet is not spoken


def test_brackets_are_text_where_no_phonemes_stand(engine: EspeakEngine) -> None:
    assert with_phonemes("a [[b]] c") == "a [[b]] c"
    assert with_phonemes("a [[b]] ⟦espeak:h@l'oU⟧ c") == "a   b]] [[h@l'oU]]      c"


def test_requests_of_several_open_calls_all_get_their_answer(engine: EspeakEngine) -> None:
    engine.prepare(voice_of("en-us"))
    calls = [
        engine.synthesize([Request(f"{c}.{i}", "One, two.", "en", "en-us {}", 1) for i in range(5)])
        for c in range(3)
    ]
    answers = [next(call) for call in calls]
    calls[1].close()  # gives up its other four
    answers += [answer for call in (calls[2], calls[0]) for answer in call]
    assert len({request_id for request_id, _ in answers}) == 11
    assert len({digest(speech) for _, speech in answers}) == 1


def test_word_times_point_at_the_words(engine: EspeakEngine) -> None:
    text = "The old  lighthouse,\nhe said:\tgone."
    speech = one(engine, text)
    assert [text[w.start : w.end] for w in speech.words] == [
        "The", "old", "lighthouse", "he", "said", "gone",
    ]  # fmt: skip
    frames = [w.frame for w in speech.words]
    assert frames == sorted(set(frames))
    loud = np.abs(speech.pcm[frames[2] : frames[3]].astype(np.int32))
    assert loud.max() > 2000  # "lighthouse" is where it says


def test_word_times_of_chinese_are_on_their_characters(engine: EspeakEngine) -> None:
    text = TEXTS["zh"][0]
    speech = one(engine, text, "cmn", "zh")
    assert len(speech.words) >= 10
    assert all(text[w.start] not in "，。" for w in speech.words)


def test_the_longest_request_is_said_to_its_end(engine: EspeakEngine) -> None:
    """Without punctuation, too: espeak-ng's own clause buffer is larger than the limit."""
    limit = engine.capabilities.limit
    english = ("the quick brown fox " * 50)[: limit - 5].strip() + " end"
    last = one(engine, english).words[-1]
    assert english[last.start : last.end] == "end"
    chinese = "鲁镇的酒店的格局是和别处不同的" * 40
    assert one(engine, chinese[:limit], "cmn", "zh").words[-1].start >= limit - 2


def test_markup_and_phoneme_brackets_are_spoken_not_obeyed(engine: EspeakEngine) -> None:
    plain = one(engine, "one two")
    assert len(one(engine, '<prosody rate="x-fast">one two</prosody>').words) > 4
    assert len(one(engine, "[[w'0n]] two").words) > 2
    assert len(plain.words) == 2


def test_control_characters_are_as_if_spaces(engine: EspeakEngine) -> None:
    assert digest(one(engine, "one\x01two\x00\ud800three")) == digest(one(engine, "one two  three"))


@pytest.mark.parametrize("text", ["", "   \n", "\x00\x01", "\u2003", "...!!!", "—"])
def test_nothing_to_speak_is_permanent(engine: EspeakEngine, text: str) -> None:
    (result,) = speak(engine, [text], voice_of("en-us"))
    assert isinstance(result, Failure)
    assert result.kind == "permanent"
    assert "nothing to speak" in result.reason


@settings(max_examples=60, deadline=None)
@given(st.text(st.characters(), max_size=60))
def test_it_survives_any_text(engine: EspeakEngine, text: str) -> None:
    (result,) = speak(engine, [text], voice_of("en-us+f3"))
    if isinstance(result, Failure):
        assert result.kind == "permanent"
    else:
        starts = [w.start for w in result.words]
        assert starts == sorted(set(starts))
        assert all(0 <= w.start < w.end <= len(text) for w in result.words)
        assert all(0 <= w.frame < len(result.pcm) for w in result.words)


@given(st.text(st.characters(), max_size=200))
def test_cleaning_keeps_every_offset(text: str) -> None:
    cleaned = clean(text)
    assert len(cleaned) == len(text)
    cleaned.encode()
    assert "\x00" not in cleaned


@given(
    st.lists(st.lists(st.integers(-3, 40), min_size=3, max_size=3), max_size=20),
    st.integers(1, 30),
    st.integers(1, 30),
)
def test_word_times_are_words_whatever_the_library_reports(
    events: list[list[int]], length: int, frames: int
) -> None:
    words = word_times(events, "x" * length, frames)
    assert all(0 <= w.start < w.end <= length and 0 <= w.frame < frames for w in words)
    assert all(a.end <= b.start for a, b in itertools.pairwise(words))


def test_parameters_are_heard(engine: EspeakEngine) -> None:
    text = "Come at once if convenient, and bring the lantern."
    plain = one(engine, text)
    assert len(one(engine, text, speed=350).pcm) < 0.65 * len(plain.pcm)
    assert len(one(engine, text, gap=200).pcm) > len(plain.pcm) + 22050
    assert len({digest(one(engine, text, pitch=p)) for p in (0, 50, 99)}) == 3
    assert digest(one(engine, text, range=0)) != digest(plain)
    assert digest(one(engine, text, speed=175, pitch=50)) == digest(plain)


@pytest.mark.parametrize(
    ("preset", "parameters", "language", "message"),
    [
        ("en-uk", {}, "en", "did you mean en-us"),
        ("en-us+m9", {}, "en", "did you mean en-us+m"),
        ("en-us+annie2", {}, "en", "did you mean en-us+Annie"),
        ("klingon", {}, "en", "no voice 'klingon'"),
        ("", {}, "en", "no voice ''"),
        ("xex", {}, "en", "no voice 'xex'"),  # there is a voice file, but no dictionary
        ("en-us", {"sped": 100}, "en", "did you mean speed"),
        ("en-us", {"speed": 1000}, "en", "80 to 450"),
        ("en-us", {"pitch": 50.5}, "en", "a whole number, 0 to 99"),
        ("en-us", {"pitch": True}, "en", "a whole number"),
        ("en-us", {}, "tlh", "does not speak 'tlh'"),
    ],
)
def test_wrong_voices_are_refused(
    preset: str, parameters: dict[str, int], language: str, message: str
) -> None:
    with pytest.raises(VoiceError) as caught:
        EspeakEngine().check_voice(voice_of(preset, **parameters), language)
    assert message in str(caught.value)


def test_any_language_and_variant_of_espeak_is_accepted(engine: EspeakEngine) -> None:
    """Whatever the file names promise, the library takes."""
    package = package_folder()
    assert package is not None
    names = read_names(package / "espeak-ng-data")
    presets = [*names.languages, *names.aliases]
    variants = list(names.variants)
    voices = [f"{p}+{variants[i % len(variants)]}" for i, p in enumerate(presets)]
    for preset in voices:
        engine.prepare(voice_of(preset))
    requests = [Request(v, "7", "", f"{v} {{}}", 1) for v in voices]
    kinds = {v: r.reason for v, r in engine.synthesize(requests) if isinstance(r, Failure)}
    assert {v: r for v, r in kinds.items() if "nothing to speak" not in r} == {}


def test_a_voice_speaks_other_languages_as_itself(engine: EspeakEngine) -> None:
    french = "Bonjour tout le monde, je suis perdu."
    assert digest(one(engine, french, "en-us+f2", "fr-FR")) == digest(
        one(engine, french, "fr+f2", "fr")
    )
    english = TEXTS["en"][1]
    assert digest(one(engine, english, "en-us", "en-GB")) == digest(one(engine, english, "en-us"))
    assert digest(one(engine, english, "cmn+f2", "en-US")) == digest(
        one(engine, english, "en-us+f2", "en-US")
    )


def test_the_cast_is_large_enough_and_no_two_presets_sound_alike(engine: EspeakEngine) -> None:
    presets = engine.presets()
    for language, men, women in (("en", 6, 6), ("zh", 6, 4)):
        mine = [p for p in presets if language in p.languages]
        assert sum(p.gender == "m" for p in mine) >= men
        assert sum(p.gender == "f" for p in mine) >= women
    texts = {"zh": TEXTS["zh"][0]}
    for preset in presets:
        engine.check_voice(voice_of(preset.name), preset.languages[0])
        engine.prepare(voice_of(preset.name))
    requests = [
        Request(p.name, texts.get(p.languages[0], "Radio 7"), p.languages[0], f"{p.name} {{}}", 1)
        for p in presets
    ]
    digests = {name: digest(result) for name, result in engine.synthesize(requests)}
    assert len(set(digests.values())) == len(presets)


@pytest.mark.parametrize(
    ("options", "place"),
    [({"worker": 2}, "engines.espeak.worker"), ({"workers": 0}, "engines.espeak.workers"),
     ({"workers": "2"}, "engines.espeak.workers"), ({"workers": 1.5}, "engines.espeak.workers")],
)  # fmt: skip
def test_wrong_options_are_refused(options: dict[str, object], place: str) -> None:
    with pytest.raises(ProjectError) as caught:
        EspeakEngine(options)
    assert caught.value.place == place


def test_the_number_of_workers_is_not_in_the_fingerprint() -> None:
    assert EspeakEngine({"workers": 1}).fingerprint() == EspeakEngine({"workers": 9}).fingerprint()


def test_without_the_package_it_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(espeak, "package_folder", lambda: None)
    engine = EspeakEngine()
    assert "pip install 'castbook[espeak]'" in str(engine.missing())
    with pytest.raises(EngineError, match="castbook\\[espeak\\]"):
        engine.load()


# -- processes ---------------------------------------------------------------------------------


needs_proc = pytest.mark.skipif(not Path("/proc/self").exists(), reason="looks into /proc")


def children(process: int) -> list[int]:
    return [int(c) for c in Path(f"/proc/{process}/task/{process}/children").read_text().split()]


def forks_of(engine: EspeakEngine) -> int:
    assert engine._crew is not None
    return engine._crew.pid


def gone(process: int) -> bool:
    """No such process, or only its exit code is left for somebody else's child."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except FileNotFoundError:
        return True


def wait_until(condition: object, seconds: float = 10.0) -> None:
    assert callable(condition)
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.002)


LONG = "the quick brown fox jumps over the lazy dog and " * 200  # half a second of work


@needs_proc
def test_a_worker_that_is_killed_costs_its_own_request_only() -> None:
    with running(2) as engine:
        engine.prepare(voice_of("en-us"))
        long = [Request("long", LONG, "en", "en-us {}", 1)]
        short = [Request(str(i), "One, two, three.", "en", "en-us {}", 1) for i in range(8)]
        answers = engine.synthesize(long)
        wait_until(lambda: children(forks_of(engine)))
        (victim,) = children(forks_of(engine))
        others = engine.synthesize(short)
        results = dict([next(others)])
        os.kill(victim, signal.SIGKILL)
        results |= {**dict(others), **dict(answers)}
        failed = {i: r for i, r in results.items() if isinstance(r, Failure)}
        assert len(results) == 9
        assert list(failed) == ["long"]
        assert failed["long"].kind == "transient"
        assert "signal 9" in failed["long"].reason
        assert isinstance(dict(engine.synthesize(long))["long"], Speech)


@needs_proc
def test_a_killed_forking_process_is_replaced() -> None:
    with running(2) as engine:
        engine.prepare(voice_of("en-us"))
        texts = [LONG, LONG, *["One, two, three."] * 6]
        requests = [Request(str(i), text, "en", "en-us {}", 1) for i, text in enumerate(texts)]
        begun: list[str] = []
        engine.listener = begun.append
        answers = engine.synthesize(requests)
        crew = engine._crew
        assert crew is not None
        while len(begun) < 2:
            crew._pump()
        before = forks_of(engine)
        os.kill(before, signal.SIGKILL)
        results = dict(answers)
        assert {i: r.kind for i, r in results.items() if isinstance(r, Failure)} == {
            "0": "transient",
            "1": "transient",
        }
        assert forks_of(engine) != before
        assert gone(before)


@needs_proc
def test_a_forking_process_that_cannot_live_makes_the_engine_dead() -> None:
    with running(1) as engine:
        engine.prepare(voice_of("en-us"))
        crew = engine._crew
        assert crew is not None
        kinds = []
        for number in range(5):
            begun: list[str] = []
            engine.listener = begun.append
            answers = engine.synthesize([Request(str(number), LONG, "en", "en-us {}", 1)])
            while not begun and number < 4:
                crew._pump()
            with contextlib.suppress(ProcessLookupError):
                os.kill(forks_of(engine), signal.SIGKILL)
            kinds += [r.kind for _, r in answers if isinstance(r, Failure)]
        assert kinds == ["transient"] * 4 + ["dead"]


@needs_proc
def test_nothing_is_left_when_the_engine_is_unloaded() -> None:
    descriptors = len(list(Path("/proc/self/fd").iterdir()))
    with running(2) as engine:
        engine.prepare(voice_of("en-us"))
        engine.synthesize([Request("1", LONG, "en", "en-us {}", 1)])
        process = forks_of(engine)
        wait_until(lambda: children(process))
        workers = children(process)
    assert gone(process)
    assert all(gone(worker) for worker in workers)
    assert len(list(Path("/proc/self/fd").iterdir())) == descriptors


@needs_proc
def test_workers_die_with_their_parent() -> None:
    script = (
        "import sys\n"
        "from tts.espeak import EspeakEngine\n"
        "from tts.engine import Request, Voice\n"
        "engine = EspeakEngine({'workers': 2})\n"
        "engine.load()\n"
        "engine.prepare(Voice('v', preset='en-us'))\n"
        "long = 'the quick brown fox jumps over the lazy dog and ' * 4000\n"
        "engine.synthesize([Request(str(i), long, 'en', 'v', 1) for i in range(4)])\n"
        "print(engine._crew.pid, flush=True)\n"
        "sys.stdin.read()\n"
    )
    parent = subprocess.Popen(
        [sys.executable, "-c", script],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=Path(espeak.__file__).parent.parent,
    )
    assert parent.stdout is not None and parent.stdin is not None
    forks = int(parent.stdout.readline())
    wait_until(lambda: len(children(forks)) == 2)
    workers = children(forks)
    parent.kill()
    parent.wait()
    parent.stdin.close()
    parent.stdout.close()
    wait_until(lambda: all(gone(process) for process in (forks, *workers)))
