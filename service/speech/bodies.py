"""The body of a speech request: OpenAI's fields, those of its dialects, and our own.

``null`` stands for "not given", as epub_to_audiobook sends it. Keys that nobody here knows
are ignored and named in a header, never refused: clients send what other servers take.
"""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    model_validator,
)

from audio.streaming.forms import PCM_RATE
from service.problems import Problem
from service.settings import MOST_UPLOAD
from service.speech.dialects import OPENAI_MODELS, Format, language_tag
from tasks.shelf.consents import BASES
from tasks.speech.presets import preset_of
from tasks.speech.wishes import (
    FASTEST,
    LEAST_RATE,
    MOST_LENGTH,
    MOST_RATE,
    MOST_TEXT,
    OPEN_OPTIONS,
    SLOWEST,
    SpeechWish,
    open_options,
)
from tts.registry import engine_names

_SHOWN = re.compile(r"[A-Za-z0-9_.-]{1,40}")  # what may stand in a header
_MOST_SHOWN = 12
_MOST_OPTIONS = 32

Name = Annotated[str, StringConstraints(max_length=200)]


class VoiceId(BaseModel):
    """OpenAI's form of a voice that was uploaded."""

    id: Name


def _voice_name(value: object) -> object:
    """A voice is a name, or an object with its ``id``."""
    name = value.get("id") if isinstance(value, dict) else value
    if not isinstance(name, str):
        raise ValueError("expected a name, or an object with its id")
    return name


VoiceName = Annotated[Name, BeforeValidator(_voice_name, json_schema_input_type=Name | VoiceId)]


class SpeechBody(BaseModel):
    """What to say, in which voice, and in which form. ``null`` means: not given."""

    model_config = ConfigDict(
        extra="allow",
        json_schema_extra={
            "examples": [
                {"model": "tts-1", "input": "It was a dark night.", "voice": "alloy"},
            ]
        },
    )

    input: Annotated[str, StringConstraints(min_length=1, max_length=MOST_TEXT)] = Field(
        description="The text. OpenAI takes 4096 characters; longer texts are cut and joined here."
    )
    model: Name = Field(
        "", description="An engine of castbook, or one of OpenAI's names: the voice's engine."
    )
    voice: Annotated[Name, BeforeValidator(_voice_name, json_schema_input_type=Name | VoiceId)] = (
        Field("", description="Name or id of a voice, or an object with its id.")
    )
    response_format: Format = Field("mp3", description="The form of the audio.")
    speed: Annotated[float, Field(ge=SLOWEST, le=FASTEST, allow_inf_nan=False)] = Field(
        1.0, description="0.25 to 4; above 1 is faster."
    )
    instructions: Annotated[str, StringConstraints(max_length=4096)] = Field(
        "", description="How to say it, for engines that listen to that."
    )
    stream_format: Literal["audio", "sse"] = Field(
        "audio", description="Bytes of audio, or events with base64 in them."
    )
    stream: bool = Field(
        True,
        description="false: the whole answer at once, with its Content-Length. The presets"
        " hifi and batch do that unless this says otherwise.",
    )
    language: Name = Field("", description="BCP 47 tag; found from the text if absent.")
    lang_code: Name = Field("", description="The same, as Kokoro-FastAPI calls it.")
    ref_audio: Annotated[str, StringConstraints(max_length=MOST_UPLOAD * 4 // 3 + 256)] = Field(
        "", description="A voice for this request alone: data: or an allowed https: address."
    )
    ref_text: Annotated[str, StringConstraints(max_length=2000)] = Field(
        "", description="What is said in ref_audio."
    )
    consent: Name = Field("", description=f"Of the voice in ref_audio: {', '.join(BASES)}.")
    seed: Annotated[int, Field(ge=0, lt=2**63)] | None = Field(
        42, description="null: another performance each time."
    )
    style: Name = Field("", description="A mood of the voice.")
    rate: Annotated[int, Field(ge=LEAST_RATE, le=MOST_RATE)] | None = Field(
        None, description="Hz of the audio; the engine's own if absent. pcm is 24000 always."
    )
    sample_rate: Annotated[int, Field(ge=LEAST_RATE, le=MOST_RATE)] | None = Field(
        None, description="The same as rate."
    )
    preset: Name = Field("", description="debug, hifi, dialogue or batch.")
    sampler: Name = Field("", description="ras or topk, of engines that sample.")
    kv_cache: bool | None = Field(None, description="Of engines that have one.")
    max_length: Annotated[int, Field(ge=1, le=MOST_LENGTH)] | None = Field(
        None, description="Most tokens of a piece, of engines that draw tokens."
    )
    experimental: bool = Field(False, description="Allows 32 kHz in a stream.")
    options: Annotated[dict[Name, Any], Field(max_length=_MOST_OPTIONS)] = Field(
        default_factory=dict, description=f"Of the engine: {', '.join(sorted(OPEN_OPTIONS))}."
    )

    @model_validator(mode="before")
    @classmethod
    def _without_nulls(cls, body: Any) -> Any:
        """``null`` is "not given", but for the seed, where it says something."""
        if not isinstance(body, dict):
            return body
        return {key: value for key, value in body.items() if value is not None or key == "seed"}

    @property
    def ignored(self) -> str:
        """Names of the keys that were not understood, for a header."""
        names = [name for name in self.model_extra or {} if _SHOWN.fullmatch(name)]
        return ", ".join(names[:_MOST_SHOWN])


def streams_of(body: SpeechBody) -> bool:
    """Whether the answer begins before all of it is spoken: as asked, else as the preset says."""
    if body.stream_format == "sse":
        return True
    preset = preset_of(body.preset)
    return body.stream if preset is None or "stream" in body.model_fields_set else preset.stream


def rate_of(wish: SpeechWish) -> int | None:
    """Hz that a wish asks for by itself or by its preset; None: the engine's own."""
    preset = preset_of(wish.preset)
    return wish.rate or (preset.rate if preset else None)


def wish_of(body: SpeechBody) -> SpeechWish:
    """The wish that a body asks for; ``ref_audio`` is left to the route.

    Raises:
        Problem: a model or a language that nobody knows, two rates.
        InputError: an option that is not for requests.
    """
    language = language_tag(body.language or body.lang_code)
    if language is None:
        raise Problem(
            422,
            f"language: {body.language or body.lang_code!r} is no language; expected a tag such"
            " as en, zh or pt-BR",
            code="unknown_language",
            param="language" if body.language else "lang_code",
        )
    if body.rate and body.sample_rate and body.rate != body.sample_rate:
        raise Problem(422, "rate and sample_rate differ: give one", param="rate")
    named = {
        "sampler": body.sampler or None,
        "kv_cache": body.kv_cache,
        "max_length": body.max_length,
    }
    given = {name: value for name, value in named.items() if value is not None}
    return SpeechWish(
        text=body.input,
        voice=body.voice,
        language=language,
        engine=engine_of(body.model),
        style=body.style,
        seed=body.seed,
        rate=PCM_RATE if body.response_format == "pcm" else body.rate or body.sample_rate,
        speed=body.speed,
        preset=body.preset,
        options=open_options(body.options, given),
        instructions=body.instructions,
    )


def engine_of(model: str) -> str:
    """The engine that a model's name means; "" is that of the voice.

    Raises:
        Problem: no engine and none of OpenAI's names.
    """
    if not model or model in OPENAI_MODELS:
        return ""
    if model in engine_names():
        return model
    raise Problem(
        404,
        f"model: there is no model {model!r}; expected one of {', '.join(engine_names())},"
        f" or {OPENAI_MODELS[0]} for the voice's own",
        code="model_not_found",
        param="model",
    )
