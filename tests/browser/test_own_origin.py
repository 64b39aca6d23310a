"""The started dashboard itself refuses whom it should: asked without a browser, which would not send such requests."""

from __future__ import annotations

import socket

import pytest


def first_line(address: str, path: str, headers: dict[str, str]) -> str:
    host, port = address.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), 30) as connection:
        lines = [f"GET {path} HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items())]
        connection.sendall("\r\n".join([*lines, "", ""]).encode())
        return connection.recv(2**16).decode("latin-1")


@pytest.mark.parametrize(
    ("origin", "status"),
    [("own", 101), (None, 403), ("null", 403), ("http://127.0.0.1:9", 403), ("http://localhost:8501", 403), ("https://example.com", 403)],
)
def test_only_an_own_page_opens_the_connection(dashboard: str, origin: str | None, status: int) -> None:
    headers = {
        "Host": dashboard.removeprefix("http://"), "Connection": "Upgrade", "Upgrade": "websocket",
        "Sec-WebSocket-Version": "13", "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
    }  # fmt: skip
    if origin:
        headers["Origin"] = dashboard if origin == "own" else origin
    assert first_line(dashboard, "/_stcore/stream", headers).startswith(f"HTTP/1.1 {status} ")


def test_pages_name_who_may_show_them_in_a_frame_and_have_no_other_name(dashboard: str) -> None:
    answered = first_line(dashboard, "/", {"Host": dashboard.removeprefix("http://"), "Connection": "close"})
    assert answered.startswith("HTTP/1.1 200 ") and "frame-ancestors 'self'" in answered and "x-frame-options: SAMEORIGIN" in answered
    assert first_line(dashboard, "/", {"Host": "rebound.example.com", "Connection": "close"}).startswith("HTTP/1.1 403 ")
