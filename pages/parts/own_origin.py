"""What stands before the server: only its own pages may talk to it, and no other page may show them in a frame.

Streamlit lets any page of this computer, and any program that names no origin, open the connection through which a visitor acts.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from streamlit import config
from streamlit.web.server.starlette.starlette_websocket import is_host_allowed

HERE = ("localhost", "127.0.0.1", "::1")
"""The names under which a browser on this computer reaches it."""
HEADERS = (
    (b"x-frame-options", b"SAMEORIGIN"),
    (b"content-security-policy", b"frame-ancestors 'self'; base-uri 'self'; object-src 'none'; form-action 'self'"),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"same-origin"),
)
REFUSAL = (
    "Refused: this request comes from another page than the dashboard's own, or under a name that is not this computer's. Expected the "
    "address that the dashboard printed when it was started. If a proxy stands in front, start it with --server.corsAllowedOrigins and, "
    "where it listens to this computer only, --server.allowedHosts."
)


class OwnOriginOnly:
    """The first to see each request: refuses those of other origins, and adds headers to the answers."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self.app(scope, receive, send)
            return
        headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}
        if not allowed(headers.get("host"), headers.get("origin"), websocket=scope["type"] == "websocket"):
            if scope["type"] == "websocket":
                await send({"type": "websocket.close", "code": 1008})  # before it is accepted: the browser sees 403
            else:
                await PlainTextResponse(REFUSAL, 403)(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", ()), *HEADERS]
            await send(message)

        await self.app(scope, receive, send_with_headers)


def allowed(host: str | None, origin: str | None, websocket: bool) -> bool:
    """Return whether a request under this name, from a page of this origin, is the dashboard's own.

    Browsers name the origin of each websocket; a request for a page or a picture mostly has none.
    """
    if not _is_own_name(host):
        return False
    if origin is None:
        return not websocket
    if origin in {listed.strip() for listed in config.get_option("server.corsAllowedOrigins")}:
        return True
    return origin.lower() in (f"http://{host}".lower(), f"https://{host}".lower())


def _is_own_name(host: str | None) -> bool:
    """Return whether the dashboard may be reached under this name: a page that made its own name mean this computer has another."""
    if host is None:
        return False
    if config.get_option("server.address") in HERE and not config.get_option("server.allowedHosts"):
        try:
            return urlsplit(f"//{host}").hostname in HERE
        except ValueError:
            return False
    return is_host_allowed(host)
