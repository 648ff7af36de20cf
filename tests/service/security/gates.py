"""An app with a few routes behind the doors of the service, and requests in process."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import httpx
from fastapi import FastAPI, Request, WebSocket
from live import make_desk
from starlette.types import ASGIApp

from service.problems import Problem, answer_with_problem
from service.security import room
from service.security.bodies import Bodies
from service.security.doors import Doors
from service.security.guard import CallerOf, ListCaller, WebhookCaller, guard_of

KEY = "key-of-alice-0001"
OTHER = "key-of-bob-000002"
TOKEN = "token-of-a-webhook"
SECRET = "whsec_" + base64.b64encode(bytes(range(32))).decode()


def gates(folder: Path, *, spare_s: float = 30.0, most: int = 1000, **settings: Any) -> FastAPI:
    """Routes that say who asks; bodies of at most ``most`` bytes."""
    desk = make_desk(folder, **settings)
    app = FastAPI()
    app.state.desk = desk
    app.add_exception_handler(Problem, answer_with_problem)

    @app.get("/v1/who")
    @app.post("/v1/who")
    async def who(caller: CallerOf) -> dict[str, str]:
        return {"principal": caller.principal, "way": caller.way}

    @app.get("/v1/audio/voices")
    async def voices(caller: ListCaller) -> dict[str, str]:
        return {"principal": caller.principal, "way": caller.way}

    @app.post("/v1/forgotten")
    async def forgotten(request: Request) -> dict[str, int]:
        return {"bytes": len(await request.body())}

    @app.post("/webhook/tts")
    async def hook(caller: WebhookCaller, request: Request) -> dict[str, Any]:
        return {"principal": caller.principal, "way": caller.way, "body": len(await request.body())}

    @app.get("/page")
    async def page() -> dict[str, str]:
        return {}

    @app.websocket("/v1/socket")
    async def socket(socket: WebSocket, caller: CallerOf) -> None:
        await socket.accept()
        await socket.send_text(caller.principal)
        await socket.close()

    app.include_router(room.router)
    app.add_middleware(Bodies, most=lambda scope: most, spare_s=spare_s)
    app.add_middleware(Doors, guard=guard_of(desk))
    return app


def ask(
    app: ASGIApp,
    method: str,
    path: str,
    *,
    headers: Mapping[str, str] | list[tuple[str, str]] | None = None,
    peer: str = "127.0.0.1",
    base: str = "http://127.0.0.1:7860",
    **more: Any,
) -> httpx.Response:
    """One request, by a client of the address ``peer``, to a server at the address of ``base``."""

    async def run() -> httpx.Response:
        transport = httpx.ASGITransport(app, client=(peer, 40000), raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url=base) as client:
            return await client.request(method, path, headers=headers, **more)

    return asyncio.run(run())
