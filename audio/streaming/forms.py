"""The forms in which sound is streamed, as data: names, content types, codecs, rates.

Imports no codec: the API lists and checks forms without loading any.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass, field

from castbook.errors import InputError

PCM_RATE = 24000  # Hz: OpenAI's convention for ``pcm``, whatever the engine's rate


@dataclass(frozen=True, slots=True)
class Form:
    """One way to put mono 16-bit sound into bytes."""

    name: str  # as clients ask for it
    content_type: str
    suffix: str  # of a file that holds it, with the dot
    codec: str = ""  # FFmpeg's encoder; "" for forms that need none
    container: str = ""  # FFmpeg's muxer
    rates: tuple[int, ...] = ()  # Hz that the encoder takes, rising; () takes any
    bit_rate: int = 0  # bit/s; 0 where the codec has none
    gain: float = 1.0  # what the encoder itself does to the level, to be undone before it
    codec_options: Mapping[str, str] = field(default_factory=dict)
    container_options: Mapping[str, str] = field(default_factory=dict)

    def rate_for(self, rate: int) -> int:
        """Hz of the encoded sound for sound of ``rate``: the same, else the next above, else
        the largest there is."""
        if not self.rates or rate in self.rates:
            return rate
        return next((known for known in self.rates if known > rate), self.rates[-1])


_RATES = (8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000)

FORMS: Mapping[str, Form] = {
    form.name: form
    for form in (
        Form(
            "mp3",
            "audio/mpeg",
            ".mp3",
            "libmp3lame",
            "mp3",
            _RATES,
            # constant, so that players can tell time without the Xing header, which a stream
            # cannot have; 64 kbit/s for one channel is what spoken podcasts use
            64_000,
            # LAME's tables for this bit rate turn everything down to guard against clipping
            # (measured: 0.45 dB)
            0.95,
            # no Xing header: it is written last, into a place a stream has already sent
            container_options={"write_xing": "0", "id3v2_version": "0"},
        ),
        Form("wav", "audio/wav", ".wav"),
        Form("pcm", f"audio/pcm;rate={PCM_RATE}", ".pcm", rates=(PCM_RATE,)),
        Form(
            "opus",
            "audio/ogg",
            ".ogg",
            "libopus",
            "ogg",
            (48000,),
            48_000,
            codec_options={"frame_duration": "20"},
            container_options={"page_duration": "20000"},  # µs: without it a page holds 1 s
        ),
        Form("aac", "audio/aac", ".aac", "aac", "adts", _RATES, 64_000),
        Form("flac", "audio/flac", ".flac", "flac", "flac"),
    )
}
DEFAULT_FORM = "mp3"


def form_of(name: str | None) -> Form:
    """The form a client asked for; mp3 if it named none.

    Raises:
        InputError: there is no such form; with the nearest match.
    """
    wanted = (name or DEFAULT_FORM).strip().lower()
    if wanted in FORMS:
        return FORMS[wanted]
    near = difflib.get_close_matches(wanted, FORMS, n=1)
    raise InputError(
        f"there is no form {wanted[:40]!r}",
        place="response_format",
        expected="one of " + ", ".join(FORMS),
        hint=f"did you mean {near[0]}?" if near else None,
    )
