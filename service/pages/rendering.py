"""Page data to HTML: one Jinja environment, one policy, one way to answer.

Everything is escaped unless a template says otherwise, and no template does. The policy allows
no inline program and one inline style: that of wavesurfer's shadow tree, by its digest.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from service.pages.statics import address
from service.pages.words import Words, choose_language, load_words

# of the header: a word of ``site``, and where it leads; pages pass ``tab``, the word of their own
TABS = (("bench", "/"), ("batch", "/batch"), ("voices", "/voices"), ("books", "/books"))
COOKIE = "castbook_language"
_YEAR_S = 365 * 24 * 3600
# wavesurfer 8.0.1 at a height of 56 px writes this one style; a browser test would see it refused
WAVE_STYLE = "sha256-GDz2FZP0i7VZaDhs1mgc43IRUXU2xajPIjvThHvZvbs="
POLICY = "; ".join(
    (
        "default-src 'self'",
        f"style-src 'self' '{WAVE_STYLE}'",
        "img-src 'self' data:",
        "media-src 'self' blob:",
        "object-src 'none'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    )
)


@cache
def environment() -> Environment:
    """The templates, with what every one of them may call."""
    made = Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.globals["static"] = address
    made.globals["tabs"] = TABS
    made.filters["clock"] = clock
    return made


def render(template: str, words: Words, **values: object) -> str:
    """A template filled in: pure but for reading the template.

    Templates get ``t`` (``t("books.title")``) and the values.
    """
    return environment().get_template(template).render(t=words, **values)


def words_for(request: Request) -> Words:
    """The words that this visitor reads."""
    return load_words(
        choose_language(
            request.query_params.get("lang"),
            request.cookies.get(COOKIE),
            request.headers.get("accept-language", ""),
        )
    )


def wants_fragment(request: Request) -> bool:
    """Whether htmx asks, and so wants a piece of the page instead of all of it."""
    return request.headers.get("hx-request") == "true"


def answer(request: Request, html: str, status: int = 200) -> HTMLResponse:
    """HTML with the page's policy; a language that was asked for by ``?lang=`` is remembered."""
    made = HTMLResponse(html, status)
    made.headers["Content-Security-Policy"] = POLICY
    made.headers["Cache-Control"] = "no-store"
    made.headers["Vary"] = "HX-Request, Accept-Language, Cookie"
    if request.query_params.get("lang"):
        made.set_cookie(
            COOKIE,
            words_for(request).language,
            max_age=_YEAR_S,
            samesite="lax",
            httponly=True,
            secure=request.url.scheme == "https",
        )
    return made


def clock(seconds: float) -> str:
    """``1:02:03`` or ``2:03``."""
    minutes, second = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{second:02d}" if hours else f"{minutes}:{second:02d}"
