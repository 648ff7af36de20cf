"""Does an engine keep its contract? For engines of castbook and of others.

    python -m tts.conformance NAME [--options JSON] [--preset NAME] [--language en]
        [--reference CLIP --transcript TEXT] [--python INTERPRETER]

The light half is examined here, the heavy half in a host process, as castbook runs it. The
answer is a list of sentences, one for each broken rule; it is empty for a good engine.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from castbook.errors import CastbookError, ProjectError, VoiceError
from tts.engine import Engine, Reference, Request, Speech, Voice
from tts.host import Host
from tts.registry import make_engine

TEXTS: Mapping[str, tuple[str, ...]] = {
    "en": ("Come at once if convenient.", "If inconvenient, come all the same.", "Yes."),
    "zh": ("孔乙己是站着喝酒而穿长衫的唯一的人。", "温两碗酒，要一碟茴香豆。", "是。"),
}


def check_engine(
    name: str,
    options: Mapping[str, Any] | None = None,
    *,
    voice: Voice | None = None,
    language: str = "en",
    texts: Sequence[str] = (),
    python: str | None = None,
) -> list[str]:
    """Everything that is wrong with an engine.

    Args:
        name: in the registry.
        options: as a project would give them.
        voice: to speak with; by default the first preset that speaks ``language``.
        language: of the texts.
        texts: at least two, within the engine's limit; by default a few in ``language``.
        python: the interpreter of the host process.
    """
    try:
        engine = make_engine(name, options)
    except CastbookError as error:
        return [f"cannot be made: {error}"]
    found = list(_check_light(name, engine, options))
    voice = voice or _own_voice(engine, language)
    if voice is None:
        return [*found, f"has no preset for {language}: give a voice to speak with"]
    try:
        engine.check_voice(voice, language)
    except VoiceError as error:
        found.append(f"check_voice refuses a voice it should take: {error}")
    missing = engine.missing()
    if missing is not None:
        return [*found, f"cannot run here: {missing}"]
    texts = texts or TEXTS.get(language, TEXTS["en"])
    with Host(name, options, python=python) as host:
        found.extend(_check_heavy(engine, host, voice, language, texts))
    return found


def _check_light(name: str, engine: Engine, options: Mapping[str, Any] | None) -> Iterator[str]:
    able = engine.capabilities
    if type(engine).name != name:
        yield f"its class is called {type(engine).name!r}, the registry says {name!r}"
    if not 8000 <= able.rate <= 192_000:
        yield f"capabilities.rate is {able.rate} Hz"
    for key, value in (("limit", able.limit), ("slots", able.slots), ("batch", able.batch_hint)):
        if value < 1:
            yield f"capabilities: {key} is {value}"
    if not able.languages:
        yield "capabilities.languages is empty; use ('*',) for any"
    fingerprint = engine.fingerprint()
    if not fingerprint or fingerprint != make_engine(name, options).fingerprint():
        yield "fingerprint differs between two equal engines, or is empty"
    if str(Path.home()) in fingerprint or str(Path.cwd()) in fingerprint:
        yield "fingerprint names a folder of this machine"
    presets = engine.presets()
    if len({preset.name for preset in presets}) < len(presets):
        yield "two presets have the same name"
    if not presets and not able.cloning:
        yield "has no presets and does not clone: it can speak with no voice"
    one, two = engine.measure("word", "en"), engine.measure("word word word word", "en")
    if not 0 < one <= two:
        yield f"measure does not grow with the text: {one} for one word, {two} for four"
    yield from _check_refusals(name, engine)


def _check_refusals(name: str, engine: Engine) -> Iterator[str]:
    """What a user may get wrong must be refused before anything is synthesised."""
    try:
        type(engine)({"no such option": 1})
    except ProjectError as error:
        if error.place is None or not error.place.startswith(f"engines.{name}."):
            yield f"the error of an unknown option has place {error.place!r}"
    else:
        yield "takes an option that does not exist"
    clip = Reference(np.zeros(16000, np.int16), 16000, "words", "0" * 64)
    wrong = {"a preset that does not exist": Voice("0", preset="no such preset")}
    if not engine.capabilities.cloning:
        wrong["a reference clip, although it does not clone"] = Voice("0", reference=clip)
    for what, voice in wrong.items():
        try:
            engine.check_voice(voice, "en")
        except VoiceError:
            continue
        yield f"check_voice takes {what}"


def _check_heavy(
    engine: Engine, host: Host, voice: Voice, language: str, texts: Sequence[str]
) -> Iterator[str]:
    def speak(seed: int, order: int) -> dict[str, Speech]:
        requests = [
            Request(f"{seed}.{i}", text, language, voice.digest, seed)
            for i, text in enumerate(texts)
        ]
        speeches = {}
        for request_id, result in host.synthesize({voice.digest: voice}, requests[::order]):
            if isinstance(result, Speech):
                speeches[request_id] = result
            else:
                failures.append(f"{result.kind}: {result.reason}")
        return speeches

    failures: list[str] = []
    first, again, other = speak(1, 1), speak(1, -1), speak(2, 1)
    yield from (f"failed, {failure}" for failure in dict.fromkeys(failures))
    for request_id, speech in first.items():
        text = texts[int(request_id.split(".")[1])]
        yield from (f"{text!r}: {problem}" for problem in _check_speech(engine, speech, text))
    if engine.capabilities.seeds and not failures:
        if any(not np.array_equal(first[i].pcm, again[i].pcm) for i in first):
            yield "the same request in another company sounds different"
        if all(np.array_equal(first[f"1.{i}"].pcm, other[f"2.{i}"].pcm) for i in range(len(texts))):
            yield "another seed changes nothing: declare seeds=False"
    if host.counters.starts > 1:
        yield f"its process was started {host.counters.starts} times"


def _check_speech(engine: Engine, speech: Speech, text: str) -> Iterator[str]:
    if speech.rate != engine.capabilities.rate:
        yield f"came at {speech.rate} Hz, not {engine.capabilities.rate}"
    if not len(speech.pcm) or not np.any(speech.pcm):
        yield "came without a sound"
    frames = [word.frame for word in speech.words]
    if engine.capabilities.word_times and not frames:
        yield "came without word times"
    if frames != sorted(frames) or any(not 0 <= f < len(speech.pcm) for f in frames):
        yield "word times are not in order, or not inside the audio"
    if any(not 0 <= word.start < word.end <= len(text) for word in speech.words):
        yield "a word is not inside the text"


def _own_voice(engine: Engine, language: str) -> Voice | None:
    for preset in engine.presets():
        if "*" in preset.languages or language.split("-")[0] in preset.languages:
            return Voice(f"preset {preset.name}", preset=preset.name)
    return None


def _interpreter(path: str) -> str:
    return str(Path(path).expanduser())


def _clip_voice(path: Path, transcript: str | None) -> Voice:
    import soundfile

    pcm, rate = soundfile.read(path, dtype="int16", always_2d=True)
    clip = Reference(np.ascontiguousarray(pcm[:, 0]), int(rate), transcript, f"clip {path.name}")
    return Voice(clip.digest, reference=clip)


def main(arguments: Sequence[str] | None = None) -> int:
    """The command; exit code 1 when a rule is broken."""
    parser = argparse.ArgumentParser(prog="python -m tts.conformance", description=__doc__)
    parser.add_argument("engine")
    parser.add_argument("--options", type=json.loads, default={}, metavar="JSON")
    parser.add_argument("--preset")
    parser.add_argument("--language", default="en")
    parser.add_argument("--reference", type=Path, help="a clip, for engines that clone")
    parser.add_argument("--transcript", help="what is said in it")
    parser.add_argument(
        "--python", type=_interpreter, help="of the environment in which the engine works"
    )
    given = parser.parse_args(arguments)
    voice = Voice(f"preset {given.preset}", preset=given.preset) if given.preset else None
    if given.reference is not None:
        voice = _clip_voice(given.reference, given.transcript)
    found = check_engine(
        given.engine, given.options, voice=voice, language=given.language, python=given.python
    )
    for sentence in found:
        print(f"{given.engine}: {sentence}")
    print(f"{given.engine}: {len(found)} broken rules" if found else f"{given.engine}: good")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
