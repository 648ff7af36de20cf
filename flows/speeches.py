"""The ``speech`` flow: one text into one file of the data folder.

    prefect deployment run 'speech/local' -p text="Good morning." -p output_name=morning

What is finished is never done twice: a run that crashed and one with the same wish and name find
their file again.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from prefect import Task, flow, get_run_logger
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import State, TaskRun
from prefect.runtime import flow_run
from prefect.states import Completed, Failed

from castbook.canonical import text_digest
from castbook.errors import CastbookError, TransientFailure, Unavailable
from castbook.settings import Settings
from castbook.tracing import current_trace
from flows.orders.progress import ProgressTeller
from flows.orders.traces import traced_run
from flows.runner import TAG
from flows.texts import (
    OUTPUTS,
    announce,
    crashed_too_often,
    flow_booth,
    tidy_after_crash,
    wait_for_review,
)
from tasks.batches.rows import Row, read_row
from tasks.speech.outputs import Output, timed_name
from tasks.speech.receipts import write_receipt

RETRY_S = [2.0, 10.0, 30.0]  # after a crash of the engine, a stall, a busy server


def speech_run_name() -> str:
    """``speech-morning``; never the text."""
    return f"speech-{flow_run.parameters.get('output_name') or 'text'}"


@flow(name="speech", flow_run_name=speech_run_name, persist_result=False)
def speech(
    text: str,
    voice: str = "",
    language: str = "",
    engine: str = "",
    style: str = "",
    seed: int | None = 42,
    rate: int | None = None,
    speed: float = 1.0,
    preset: str = "",
    options: dict[str, Any] | None = None,
    instructions: str = "",
    clip: str = "",
    transcript: str = "",
    consent: str = "",
    output_name: str = "",
    format: str = "",
    id: str = "",
    replace: bool = False,
    callback: str = "",
    trace: str = "",
    principal: str = "",
    review: bool = False,
) -> State[Any]:
    """Speaks a text into ``DATA/outputs/OUTPUT_NAME.FORMAT``.

    Args:
        text: what to say.
        voice: a name of the list of voices; empty: one for the language.
        language: such as en or zh; empty: told by the text.
        engine: overrides the voice's.
        style: a mood of the voice.
        seed: null: another performance each time.
        rate: Hz of the file; empty: the engine's.
        speed: 0.25 to 4.
        preset: debug, hifi, dialogue or batch.
        options: of the engine: sampler, kv_cache, max_length …
        instructions: how to say it, for engines that listen to that.
        clip: a recording below ``DATA/uploads`` whose voice speaks, instead of ``voice``.
        transcript: every word of the clip.
        consent: on what ground the clip's voice may be used: self, licensed, public-domain.
        output_name: empty: ``tts_DATE_TIME_ID``.
        format: wav, flac, mp3 or opus; empty: the name's ending, or wav.
        id: the caller's own, for the callback.
        replace: another wish's file of that name gives way.
        callback: an address that is told the end.
        trace: of the request.
        principal: who ordered it.
        review: a person must resume the run first.
    """
    with traced_run(trace):
        log = get_run_logger()
        if refused := crashed_too_often():
            return _failed(refused, callback, id)
        wait_for_review(review)
        tidy_after_crash()
        log.info(
            "STARTED trace=%s characters=%d text=%s principal=%s",
            current_trace(), len(text), text_digest(text)[:12], principal,
        )  # fmt: skip
        wish = {
            "text": text, "voice": clip or voice, "transcript": transcript, "consent": consent,
            "language": language, "engine": engine, "style": style, "seed": seed, "rate": rate,
            "speed": speed, "preset": preset, "options": options, "instructions": instructions,
            "id": id, "output_name": output_name or _name(), "format": format,
        }  # fmt: skip
        try:
            output = _speak(read_row(wish), replace)
        except CastbookError as error:
            log.error("FINISHED trace=%s failed: %s", current_trace(), error)
            return _failed(str(error), callback, id)
        log.info("FINISHED trace=%s %s made=%s", current_trace(), output.path.name, output.made)
        told = {
            "request_id": id,
            "file": output.path.name,
            "seconds": round(output.seconds, 3),
            "pcm_sha256": output.pcm_sha256,
        }
        announce(callback, "speech.completed", told)
        was = "" if output.made else ", was there"
        return Completed(message=f"{output.path.name}: {output.seconds:.1f} s{was}")


def _speak(row: Row, replacing: bool) -> Output:
    """Speaks in a task run of its own, tried again after what may pass."""
    data = Settings.read().data
    teller = ProgressTeller()
    errors: list[BaseException] = []
    outputs: list[Output] = []

    def run() -> None:
        try:
            with flow_booth() as booth:
                outputs.append(booth.speak(row, data / OUTPUTS, replacing=replacing))
        except CastbookError as error:
            errors.append(error)
            raise

    def passing(task: Task[Any, Any], run: TaskRun, state: State[Any]) -> bool:
        return bool(errors) and isinstance(errors[-1], TransientFailure | Unavailable)

    teller.progress(0, 1)
    Task(
        fn=run,
        name="speak",
        task_run_name=row.name,
        tags=[TAG],
        retries=len(RETRY_S),
        retry_delay_seconds=RETRY_S,
        retry_jitter_factor=0.5,
        retry_condition_fn=passing,
        cache_policy=NO_CACHE,
        persist_result=False,
    )()
    output = outputs[-1]
    if flow_run.id:
        write_receipt(data, flow_run.id, [output.path], pack=None)
    teller.progress(1, 1)
    return output


def _failed(reason: str, callback: str, id: str) -> State[Any]:
    announce(callback, "speech.failed", {"request_id": id, "error": reason[-200:]})
    return Failed(message=reason)


def _name() -> str:
    """Of a run that nobody gave a name: the same when it starts again, and no other run's."""
    at: datetime = flow_run.scheduled_start_time or datetime.now(UTC)
    return timed_name(at, (flow_run.id or "")[-6:])
