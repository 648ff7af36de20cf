"""How fast GLM-TTS speaks: all stages, with random weights and fixed numbers of tokens.

    python -m benchmarks.glm_speed [--device cpu|cuda] [--json] [--size small|middle|official]
        [--segments 64] [--slots 32] [--precision tf32] [--reference 5] [--quick]

Without ``--device`` a GPU is used where there is one; with none it runs its CPU form and says
so. Segments of mixed length (1 to 6 s on a CPU, 2 to 14 s on a GPU) go through the engine's own
pipeline in these ways:

1. **batched**: all at once, twice (the second time must give the same bytes);
2. **batch-1**: one after another, one slot, nothing padded; on a CPU with each number of threads,
   of which the best counts;
3. **padded**: one after another through the same shapes as the batch: what a single segment
   that is redone costs;
4. **first audio** of a stream, from request to first samples.

Beside it each stage alone on the same segments, and what share of this device's limit that is:
the larger of arithmetic and memory traffic, each at a rate measured in this run (a product of
matrices, a copy). Weights are random, shapes as printed; nothing of the sound is judged.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import queue
import resource
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import torch

from benchmarks import glm_limits
from benchmarks.glm_checkpoint import SMALL, TINY, Size, flow_tensors, hift_tensors, lm_tensors
from tts.engine import Failure, Speech
from tts.glm.checkpoint.configs import MEL, SPEAKER, TOKENS_PER_SECOND, SpecialTokens
from tts.glm.flow.batching import Batching, Flow
from tts.glm.lm.chain import Spoken
from tts.glm.lm.decoder import SlotDecoder
from tts.glm.lm.llama import LanguageModel
from tts.glm.lm.prompts import Generated
from tts.glm.reference.features import ReferenceFeatures
from tts.glm.stages.pipeline import Pipeline
from tts.glm.stages.rendering import Render
from tts.glm.stages.threads import Threads
from tts.glm.stages.work import PreparedVoice, Work, flow_job, prompt_of, vocoder_job
from tts.glm.vocoder.hift import Hift

SIZES = {
    # the language model needs most of the time at batch 1, as the true one does on a GPU
    "small": replace(
        TINY, hidden=256, layers=20, heads=8, kv_heads=2, ffn=768, codes=4096, flow_width=64,
        flow_depth=2, flow_heads=1, text_width=32, hift_base=32, f0_width=16,
    ),
    "middle": replace(SMALL, layers=8, kv_heads=2, flow_width=192, flow_heads=3, hift_base=64),
    "official": replace(
        TINY, hidden=2048, layers=28, heads=16, kv_heads=4, ffn=6144, codes=32768, flow_width=768,
        flow_depth=18, flow_heads=12, text_width=512, hift_base=512, f0_width=512,
    ),
}  # fmt: skip
_LENGTHS = {"cpu": (30, 150), "cuda": (50, 350)}  # speech tokens, shortest and longest
_PER_TEXT = 7.5  # speech tokens for each token of text, as English prose has
_PADDED = 4  # segments of the padded run: each costs a whole batch
_FEWEST_FIRST = 3  # streams of which the median counts


@dataclass(frozen=True, slots=True)
class Way:
    """One way to speak the segments."""

    seconds: float  # wall
    audio: float  # seconds of sound
    digest: str  # of all samples and tokens, in the order of the segments

    @property
    def rate(self) -> float:
        """Seconds of sound for each second."""
        return self.audio / self.seconds


class Bench:
    """Models of a size on a device, and the segments to speak."""

    def __init__(self, size: Size, device: str, precision: str, dtype: torch.dtype) -> None:
        special = SpecialTokens(pad=0, eoa=1, boa=2, ats=8, ate=8 + size.codes - 1)
        self.device = torch.device(device)
        self.size = size
        self.lm = LanguageModel(size.lm, lm_tensors(size, 0), special, device=device, dtype=dtype)
        self._flow_weights = flow_tensors(size, 0)
        self._precision: Any = precision
        self.flow = self._made(Batching.for_device(self.device))
        self.alone = self._made(Batching(grain=1, budget=1, most=1))
        self.hift = Hift(size.hift, hift_tensors(size, 0), device=device)

    def _made(self, batching: Batching) -> Flow:
        return Flow(
            self.size.flow, self._flow_weights, device=self.device,
            precision=self._precision, batching=batching,
        )  # fmt: skip

    def voice(self, seconds: float) -> PreparedVoice:
        """A reference of random features."""
        draw = torch.Generator().manual_seed(5)
        tokens = torch.randint(
            self.size.codes, (round(seconds * TOKENS_PER_SECOND),), generator=draw
        )
        mel = torch.randn(2 * len(tokens), MEL, generator=draw) - 4
        voice = torch.randn(SPEAKER, generator=draw)
        text = range(8, 8 + round(len(tokens) / _PER_TEXT))
        return PreparedVoice(tuple(text), ReferenceFeatures(tuple(tokens.tolist()), mel, voice))

    def decoder(self, slots: int, context: int) -> SlotDecoder:
        """Of the language model; keys and values as its weights."""
        return SlotDecoder(self.lm, slots=slots, context=context)


def lengths(count: int, shortest: int, longest: int) -> list[int]:
    """Speech tokens of the segments: evenly from short to long, in a mixed order."""
    step = (longest - shortest) / max(1, count - 1)
    ordered = [round(shortest + step * number) for number in range(count)]
    return [ordered[number * 29 % count] for number in range(count)] if count % 29 else ordered


def segments(voice: PreparedVoice, counts: Sequence[int]) -> list[Work]:
    """Requests whose answers have fixed numbers of tokens."""

    def work(number: int, count: int) -> Work:
        text = tuple(100 + (number * 31 + place) % 400 for place in range(round(count / _PER_TEXT)))
        made = Work(str(number), voice, (text,), 1000 + number, 1000 + number, _nobody)
        made.length = count
        return made

    return [work(number, count) for number, count in enumerate(counts)]


def _nobody(_: str, __: Speech | Failure) -> None:
    return


def speak(line: Pipeline, works: Sequence[Work], *, together: bool) -> Way:
    """Speaks fresh copies of the works, all at once or one after another."""
    answers: queue.SimpleQueue[tuple[str, Speech | Failure]] = queue.SimpleQueue()
    found: dict[str, Speech] = {}

    def take() -> None:
        name, result = answers.get()
        if isinstance(result, Failure):
            raise SystemExit(f"segment {name}: {result.reason}")
        found[name] = result

    began = time.perf_counter()
    for work in works:
        line.submit(replace(work, deliver=lambda *a: answers.put(a), spoken={}))
        if not together:
            take()
    while len(found) < len(works):
        take()
    seconds = time.perf_counter() - began
    digest = hashlib.sha256()
    for work in works:
        speech = found[work.id]
        digest.update(speech.pcm.tobytes() + repr(speech.tokens).encode())
    audio = sum(len(one.pcm) / one.rate for one in found.values())
    return Way(seconds, audio, digest.hexdigest())


def pipeline(
    bench: Bench, flow: Flow, slots: int, context: int, threads: int | None = None
) -> Pipeline:
    """The engine's own, without what listens to takes.

    Args:
        threads: of each stage, one segment at a time; as the engine has them if None.
    """
    return Pipeline(
        lambda count: bench.decoder(count, context), flow, bench.hift, Render(10, None),
        slots=slots, chained=False, listen=lambda *_: {}, began=lambda _: None,
        threads=None if threads is None else Threads(threads, threads),
    )  # fmt: skip


def first_audio(bench: Bench, works: Sequence[Work], context: int) -> float:
    """Median seconds from a request to the first samples of its stream, one at a time."""
    line = pipeline(bench, bench.alone, 1, context, torch.get_num_threads())
    spent = []
    for work in works[: _FEWEST_FIRST + 1]:
        began = time.perf_counter()
        stream = line.stream(replace(work, spoken={}))
        next(stream)
        spent.append(time.perf_counter() - began)
        for _ in stream:
            pass
    line.close()
    return statistics.median(spent[1:])  # the first one warms up


def stages(bench: Bench, works: Sequence[Work], slots: int, context: int) -> dict[str, float]:
    """Seconds of each stage alone for all segments."""
    clock = _clock(bench.device)
    decoder = bench.decoder(slots, context)
    prompts = [prompt_of(work, 0, context, work.reference) for work in works]
    spoken: dict[str, Generated] = {}
    lm_s = clock(lambda: spoken.update({g.id: g for g in decoder.generate(prompts)}))
    for work in works:
        work.spoken[0] = spoken[f"{work.id}/0"]
    jobs = [flow_job(work, 0) for work in works]
    mels: list[torch.Tensor] = []
    flow_s = clock(lambda: mels.extend(bench.flow.sample(jobs)))
    sounds = [vocoder_job(work, 0, mel) for work, mel in zip(works, mels, strict=True)]
    hift_s = clock(lambda: bench.hift.vocode(sounds))
    for work in works:
        work.spoken.clear()
    return {"lm": lm_s, "flow": flow_s, "hift": hift_s}


def lm_alone(bench: Bench, works: Sequence[Work], context: int) -> float:
    """Seconds of the language model for the segments, one after another in one slot."""
    decoder = bench.decoder(1, context)
    prompts = [prompt_of(work, 0, context, work.reference) for work in works]
    return _clock(bench.device)(lambda: list(decoder.generate(prompts)))


def _clock(device: torch.device) -> Callable[[Callable[[], object]], float]:
    def clock(job: Callable[[], object]) -> float:
        began = time.perf_counter()
        job()
        if device.type == "cuda":
            torch.cuda.synchronize(device)
        return time.perf_counter() - began

    return clock


def measure(options: argparse.Namespace) -> dict[str, Any]:
    """All figures of one run."""
    device: str = options.device
    dtype = torch.bfloat16 if device.startswith("cuda") else torch.float32
    bench = Bench(SIZES[options.size], device, options.precision, dtype)
    voice = bench.voice(options.reference)
    shortest, longest = _LENGTHS["cpu" if device == "cpu" else "cuda"]
    counts = lengths(options.segments, shortest, longest)
    works = segments(voice, counts)
    reference = work_context(works[0].reference)
    context = -(-(reference + longest + round(longest / _PER_TEXT) + 1) // 128) * 128
    all_threads = torch.get_num_threads()

    line = pipeline(bench, bench.flow, options.slots, context)
    speak(line, works[: min(8, len(works))], together=True)  # kernels chosen, graphs recorded
    batched = speak(line, works, together=True)
    again = speak(line, works, together=True)
    padded = speak(line, works[:_PADDED], together=False)
    line.close()

    alone: dict[int, Way] = {}
    some = works[:: 8 if options.quick else 1]
    for threads in [all_threads] if device != "cpu" else sorted({1, all_threads}):
        torch.set_num_threads(threads)
        line = pipeline(bench, bench.alone, 1, context, threads)
        speak(line, works[:1], together=False)
        alone[threads] = speak(line, some, together=False)
        line.close()
    torch.set_num_threads(all_threads)
    best = max(alone, key=lambda threads: alone[threads].rate)

    split = stages(bench, works, options.slots, context)
    torch.set_num_threads(best)
    lone_s = lm_alone(bench, some, context)
    torch.set_num_threads(all_threads)
    lone_rate = sum(work.length or 0 for work in some) / TOKENS_PER_SECOND / lone_s
    first_s = first_audio(bench, works, context)
    audio = batched.audio
    limits = glm_limits.limits(bench.lm, bench.alone, bench.hift, works, options.slots, dtype)
    return {
        "device": device,
        "name": torch.cuda.get_device_name() if device.startswith("cuda") else "CPU",
        "threads": all_threads,
        "torch": torch.__version__,
        "size": options.size,
        "shapes": {**asdict(bench.size), "parameters": glm_limits.parameters(bench.size)},
        "segments": len(works),
        "audio_s": audio,
        "reference_s": options.reference,
        "slots": options.slots,
        "context": context,
        "flow_precision": bench.flow.precision,
        "lm_dtype": str(dtype).removeprefix("torch."),
        "batched": batched.rate,
        "equal_bytes_again": batched.digest == again.digest,
        "batched_again": again.rate,
        "padded_alone": padded.rate,
        "batch_1": {str(threads): way.rate for threads, way in alone.items()},
        "batch_1_threads": best,
        "batch_1_segments": len(some),
        "batch_1_rtf": 1 / alone[best].rate,
        "times_batch_1": batched.rate / alone[best].rate,
        "lm_times_batch_1": audio / split["lm"] / lone_rate,
        "stage_rates": {name: audio / seconds for name, seconds in split.items()},
        "limit_rates": limits,
        "limit_share": {name: audio / split[name] / limits[name] for name in split},
        "first_audio_s": first_s,
        "peak_memory_mb": _peak_mb(device),
    }


def work_context(reference: Spoken) -> int:
    """Positions that a reference takes."""
    return len(reference.text) + len(reference.speech)


def _peak_mb(device: str) -> float:
    if device.startswith("cuda"):
        return torch.cuda.max_memory_allocated() / 1e6
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3


def show(figures: dict[str, Any]) -> None:
    """The table."""
    f = figures
    print(f"{f['name']} ({f['device']}, {f['threads']} threads), torch {f['torch']}")
    print(f"random weights of size {f['size']}: {f['shapes']}")
    print(
        f"{f['segments']} segments, {f['audio_s']:.0f} s of sound, reference {f['reference_s']:g},"
        f" {f['slots']} slots of {f['context']}, flow {f['flow_precision']}, LM {f['lm_dtype']}"
    )
    print(f"batched      {f['batched']:8.2f} audio-s/s; again {f['batched_again']:.2f}, bytes "
          f"{'equal' if f['equal_bytes_again'] else 'DIFFER'}")  # fmt: skip
    told = ", ".join(f"{rate:.2f} on {threads}" for threads, rate in f["batch_1"].items())
    print(f"batch-1      {told} threads; {f['times_batch_1']:.2f} times slower than batched;"
          f" RTF {f['batch_1_rtf']:.3f}")  # fmt: skip
    print(f"padded alone {f['padded_alone']:8.2f} audio-s/s")
    print(f"language model alone: {f['lm_times_batch_1']:.2f} times its one-slot path")
    for name, rate in f["stage_rates"].items():
        limit, share = f["limit_rates"][name], f["limit_share"][name]
        print(f"  {name:5} alone {rate:8.1f} audio-s/s, {share:.0%} of its limit {limit:.0f}")
    print(f"first audio of a stream after {f['first_audio_s'] * 1000:.0f} ms")
    print(f"peak memory {f['peak_memory_mb']:.0f} MB")


def main() -> int:
    """Measures and prints; exit code 1 when bytes differ."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    there = torch.cuda.is_available()
    parser.add_argument("--device", default="cuda" if there else "cpu")
    parser.add_argument("--size", choices=SIZES, help="official on a GPU, small on a CPU if absent")
    parser.add_argument("--segments", type=int, default=64)
    parser.add_argument("--slots", type=int, help="of the decoder: 32 on a CPU, 128 on a GPU")
    parser.add_argument("--precision", default="tf32")
    parser.add_argument("--reference", type=float, default=5.0, help="seconds")
    parser.add_argument("--quick", action="store_true", help="every eighth segment at batch 1")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    if options.device.startswith("cuda") and not there:
        print("no GPU here: the CPU form runs instead", file=sys.stderr)
        options.device = "cpu"
    options.slots = options.slots or (128 if options.device.startswith("cuda") else 32)
    options.size = options.size or ("official" if options.device != "cpu" else "small")
    figures = measure(options)
    print(json.dumps(figures, indent=1)) if options.json else show(figures)
    return 0 if figures["equal_bytes_again"] else 1


if __name__ == "__main__":
    sys.exit(main())
