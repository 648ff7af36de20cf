"""One exception for everything a request can be refused with, and its two renderings.

On ``/v1/*`` the shape of OpenAI's API, whose SDK shows ``error.message``; elsewhere RFC 9457
(``application/problem+json``). Errors of castbook are mapped here and nowhere else.
"""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from pathlib import Path
from typing import Any

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from castbook.errors import (
    CastbookError,
    ConsentError,
    EnvironmentFault,
    InputError,
    PermanentFailure,
    TransientFailure,
    Unavailable,
)

_OPENAI_TYPES = {
    401: "authentication_error",
    403: "permission_error",
    404: "not_found_error",
    429: "rate_limit_error",
}


_OPENAI_PATHS = ("/v1/", "/audio/")  # the second: of clients whose base address lacks /v1


class Problem(Exception):
    """A refusal, with all a client needs to act on it.

    Args:
        status: HTTP status.
        detail: one sentence for a person: what is wrong, what was expected, what to do.
        code: one stable word for programs, such as ``unknown_voice``.
        param: the field of the request that is at fault.
        headers: of the answer, such as ``Retry-After``.
    """

    def __init__(
        self,
        status: int,
        detail: str,
        *,
        code: str = "",
        param: str | None = None,
        headers: Mapping[str, str] | None = None,
        more: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.code = code or HTTPStatus(status).phrase.lower().replace(" ", "_")
        self.param = param
        self.headers = dict(headers or {})
        self.more = dict(more or {})  # members of their own, of a problem document


def problem_of(error: Exception) -> Problem:
    """Any error as a problem; what nobody foresaw says nothing of our insides."""
    match error:
        case Problem():
            return error
        case RequestValidationError():
            return _invalid(error.errors()[0])
        case HTTPException():
            return Problem(error.status_code, str(error.detail), headers=error.headers)
        case Unavailable():
            return Problem(
                503, str(error), code="busy", headers={"Retry-After": str(error.retry_after_s)}
            )
        case ConsentError():
            return Problem(403, str(error), code="consent_required", param=error.place)
        case InputError():
            return Problem(422, _without_folders(error), code="invalid", param=error.place)
        case PermanentFailure():
            return Problem(422, str(error), code="unspeakable")
        case TransientFailure():
            return Problem(503, str(error), code="engine_failed", headers={"Retry-After": "2"})
        case EnvironmentFault():
            return Problem(503, str(error), code="unavailable", headers={"Retry-After": "30"})
        case CastbookError():
            return Problem(500, str(error), code="failed")
    return Problem(500, "castbook failed: its log says more", code="internal")


def _invalid(first: Mapping[str, Any]) -> Problem:
    """The first thing that is wrong with a request, in one line."""
    if first["type"] == "json_invalid":
        reason = first.get("ctx", {}).get("error", "")
        return Problem(400, f"the body is no JSON: {reason}", code="no_json")
    place = ".".join(str(part)[:60] for part in first["loc"][1:]) or None
    said = str(first["msg"]).removeprefix("Value error, ")
    return Problem(422, f"{place or 'body'}: {said}", code="invalid", param=place)


def _without_folders(error: InputError) -> str:
    """What is wrong, with a file's name and not where this machine keeps it."""
    if error.path is None:
        return str(error)
    return str(error).replace(str(error.path), Path(error.path).name)


def render(problem: Problem, path: str) -> JSONResponse:
    """A problem in the form that the clients of ``path`` read."""
    if path.startswith(_OPENAI_PATHS):
        kind = _OPENAI_TYPES.get(
            problem.status,
            "server_error" if problem.status >= 500 else "invalid_request_error",
        )
        return JSONResponse(
            {
                "error": {
                    "message": problem.detail,
                    "type": kind,
                    "param": problem.param,
                    "code": problem.code,
                }
            },
            problem.status,
            headers=problem.headers,
        )
    document = {
        "type": "about:blank",
        "title": HTTPStatus(problem.status).phrase,
        "status": problem.status,
        "detail": problem.detail,
        "code": problem.code,
        **({"param": problem.param} if problem.param else {}),
        **problem.more,
    }
    return JSONResponse(
        document, problem.status, headers=problem.headers, media_type="application/problem+json"
    )


async def answer_with_problem(request: Request, error: Exception) -> JSONResponse:
    """The exception handler of the app."""
    return render(problem_of(error), request.url.path)
