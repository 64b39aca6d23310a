"""Only the dashboard's own pages talk to the server, and no other page shows them in a frame."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from pages.parts import own_origin
from pages.parts.own_origin import OwnOriginOnly, allowed

OWN = "http://localhost:8501"


@pytest.fixture(autouse=True)
def options(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """The options of the server, as it is started by default."""
    values: dict[str, Any] = {"server.address": "127.0.0.1", "server.allowedHosts": [], "server.corsAllowedOrigins": []}
    monkeypatch.setattr(own_origin.config, "get_option", values.__getitem__)
    return values


@pytest.mark.parametrize("host", ["localhost:8501", "127.0.0.1:8501", "[::1]:8501", "LOCALHOST:8501"])
def test_the_own_pages_are_served_under_each_name_of_this_computer(host: str) -> None:
    assert allowed(host, f"http://{host}", websocket=True) and allowed(host, None, websocket=False)


@pytest.mark.parametrize(
    ("host", "origin"),
    [
        ("localhost:8501", None),
        ("localhost:8501", "null"),
        ("localhost:8501", ""),
        ("localhost:8501", "http://localhost:3000"),
        ("localhost:8501", "http://localhost"),
        ("localhost:8501", "http://127.0.0.1:8501"),
        ("localhost:8501", "https://example.com"),
        ("localhost:8501", "http://localhost:8501.example.com"),
        ("localhost:8501", "http://somebody@localhost:8501"),
        ("localhost:8501", "file://localhost:8501"),
        ("localhost:8501", "http://["),
        ("rebound.example.com:8501", "http://rebound.example.com:8501"),
        ("localhost.example.com", "http://localhost.example.com"),
        ("[", "http://["),
        ("", "http://"),
        (None, OWN),
    ],
)
def test_no_other_page_opens_a_connection(host: str | None, origin: str | None) -> None:
    assert not allowed(host, origin, websocket=True)


def test_a_proxy_is_named(options: dict[str, Any]) -> None:
    options["server.corsAllowedOrigins"] = ["https://parity.example.com"]
    assert allowed("127.0.0.1:8501", "https://parity.example.com", websocket=True)
    assert not allowed("parity.example.com", "https://parity.example.com", websocket=True)
    options["server.allowedHosts"] = ["parity.example.com"]
    assert allowed("parity.example.com", "https://parity.example.com", websocket=True)


def test_opened_to_others_it_has_every_name_but_one_origin(options: dict[str, Any]) -> None:
    options["server.address"] = "0.0.0.0"
    assert allowed("192.168.1.7:8501", "http://192.168.1.7:8501", websocket=True)
    assert not allowed("192.168.1.7:8501", "http://192.168.1.8", websocket=True)


def answers(kind: str, headers: dict[str, str]) -> list[dict[str, Any]]:
    """What the server is told to send for one request."""
    sent: list[dict[str, Any]] = []

    async def application(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})

    async def send(message: Any) -> None:
        sent.append(message)

    async def receive() -> Any:
        return {"type": "http.disconnect"}

    scope = {"type": kind, "headers": [(name.encode(), value.encode()) for name, value in headers.items()]}
    asyncio.run(OwnOriginOnly(application)(scope, receive, send))
    return sent


def test_what_is_refused_is_told_and_what_is_answered_says_who_may_frame_it() -> None:
    refused, words = answers("http", {"host": "localhost:8501", "origin": "http://localhost:3000"})
    assert refused["status"] == 403 and b"--server.corsAllowedOrigins" in words["body"]
    assert answers("websocket", {"host": "localhost:8501"}) == [{"type": "websocket.close", "code": 1008}]
    [answered] = answers("http", {"host": "localhost:8501"})
    headers = dict(answered["headers"])
    assert headers[b"x-frame-options"] == b"SAMEORIGIN" and b"frame-ancestors 'self'" in headers[b"content-security-policy"]
    assert answers("lifespan", {})[0]["headers"] == []
