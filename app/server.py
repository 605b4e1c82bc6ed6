"""The dashboard's server: Streamlit as an ASGI app, with security headers, compression and warm imports."""

from __future__ import annotations

import asyncio
import gc
import os
import sys
import tomllib
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import streamlit as st

    from app.workspace import Workspace

_SCRIPT = Path(__file__).parent / "main.py"
_POLICY = (
    "default-src 'self'; script-src 'self' blob:; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; "
    "font-src 'self' data:; connect-src 'self'; worker-src 'self' blob:; frame-ancestors 'none'; base-uri 'self'; "
    "form-action 'self'; object-src 'none'"
)
PERSON_HEADER = "SIGHTGLASS_PERSON_HEADER"  # the variable that tells the pages which header names the visitor
_QUIET = 15.0  # seconds in which the first pages are painted before the self-test may start
_HEADERS = {
    b"content-security-policy": _POLICY.encode(),
    b"x-content-type-options": b"nosniff",
    b"referrer-policy": b"no-referrer",
    b"x-frame-options": b"DENY",
}


class SecurityHeaders:
    """ASGI middleware: no foreign scripts, frames or referrers on any HTTP answer."""

    def __init__(self, app: Any) -> None:
        self.app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Pass the request on; HTTP answers get the headers that they lack."""

        async def with_headers(message: Any) -> None:
            if message["type"] == "http.response.start":
                present = {name.lower() for name, _ in message["headers"]}
                added = [(name, value) for name, value in _HEADERS.items() if name not in present]
                message = {**message, "headers": [*message["headers"], *added]}
            await send(message)

        await self.app(scope, receive, with_headers if scope["type"] == "http" else send)


@asynccontextmanager
async def _lifespan(_app: Any) -> AsyncIterator[None]:
    prepare()
    import pandas  # noqa: F401 - loaded before the port is open, so that the first page paints at once

    gc.collect()
    gc.freeze()
    sys.setswitchinterval(0.0005)  # a long computation of one person may not hold up the others
    checking = asyncio.create_task(_self_test())
    try:
        yield
    finally:
        checking.cancel()
        await asyncio.gather(checking, return_exceptions=True)


async def _self_test() -> None:
    """Check the explanations where that is due, apart from the server and ended with it."""
    from app.use_cases.self_testing import is_due, start_apart
    from app.workspace import Workspace

    await asyncio.sleep(_QUIET)
    workspace = Workspace.open()
    if not is_due(workspace):
        return
    process = start_apart(workspace)
    try:
        while process.poll() is None:
            await asyncio.sleep(1)
    finally:
        process.kill()
        process.wait()


def prepare() -> None:
    """The demo world and its first model, so that a newcomer's first page has something to show."""
    from app.use_cases.demonstrating import ensure_demo
    from app.workspace import opened

    with opened() as workspace:
        _finish_erasures(workspace)
        ensure_demo(workspace)


def _finish_erasures(workspace: Workspace) -> None:
    """Go on with erasures that were cut off; where that is not possible now, say so and serve."""
    from app.use_cases.erasing import resume
    from data.errors import SightglassError

    try:
        for certificate in resume(workspace):
            print(f"The erasure {certificate['request_id'][:8]} that was cut off is done.", flush=True)
    except SightglassError as error:
        print(error, flush=True)


def build() -> st.App:
    """The ASGI app."""
    import streamlit as st
    from starlette.middleware import Middleware
    from starlette.middleware.gzip import GZipMiddleware

    middleware = [Middleware(SecurityHeaders), Middleware(GZipMiddleware, minimum_size=10_000, compresslevel=1)]
    return st.App(str(_SCRIPT), middleware=middleware, lifespan=_lifespan)


def run(host: str, port: int, person_header: str = "") -> None:
    """Serve until stopped. With `person_header` a visitor is who that header says, and sees their own pages alone.

    Whoever stands before the server must set the header, and replace what a visitor sends under its name.
    """
    os.environ[PERSON_HEADER] = person_header
    known = {"server.trustedUserHeaders": {person_header: "person"}} if person_header else {}
    print(f"Sightglass is opening at http://{host}:{port} ...", flush=True)
    build().run(config={**_settings(), **known, "server.port": port, "server.address": host})


def _settings() -> dict[str, Any]:
    """The options of .streamlit/config.toml by dotted name; an embedded server does not look for the file itself."""
    table = tomllib.loads((_SCRIPT.parent / ".streamlit" / "config.toml").read_text(encoding="utf-8"))
    return dict(_dotted(table))


def _dotted(table: dict[str, Any], above: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in table.items():
        if isinstance(value, dict):
            yield from _dotted(value, f"{above}{name}.")
        else:
            yield f"{above}{name}", value
