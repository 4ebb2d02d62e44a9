"""A running bot's edge, spoken to byte by byte: what no well-behaved client sends must be tried, too."""

import asyncio
import re
import socket
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass

from bot.sandbox.tenant import PUBLIC_HOST

FORM = {"Content-Type": "application/x-www-form-urlencoded"}


@dataclass(frozen=True)
class Reply:
    """What came back; status 0 when the connection was closed without an answer."""

    status: int
    headers: Mapping[str, str]
    body: bytes


def talk(port: int, chunks: Iterable[bytes], seconds: float = 5.0) -> Reply:
    """Sends these bytes over a connection of its own; the first reply, if one comes before `seconds` of silence."""
    received = b""
    with socket.create_connection(("127.0.0.1", port), seconds) as connection, suppress(ConnectionError, TimeoutError):
        for chunk in chunks:
            connection.sendall(chunk)
        while not _whole(received) and (part := connection.recv(65536)):
            received += part
    return _parsed(received)


async def ask(
    port: int,
    method: str = "POST",
    path: str = "/slack/events",
    *,
    headers: Mapping[str, str] | None = None,
    body: bytes = b"",
    host: str = PUBLIC_HOST,
) -> Reply:
    """One request; its headers may hold lone surrogates, which go out as the bytes that they stand for."""
    lines = {"Host": host, "Content-Length": str(len(body))} | dict(headers or {})
    head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
    request = f"{method} {path} HTTP/1.1\r\n{head}\r\n".encode("utf-8", "surrogateescape") + body
    return await asyncio.to_thread(talk, port, [request])


def _whole(received: bytes) -> bool:
    head, end, body = received.partition(b"\r\n\r\n")
    length = re.search(rb"(?i)content-length: (\d+)", head)
    return bool(end) and len(body) >= int(length.group(1) if length else 0)


def _parsed(received: bytes) -> Reply:
    head, _, body = received.partition(b"\r\n\r\n")
    status, *lines = head.decode("latin-1").split("\r\n")
    pairs = (line.partition(": ") for line in lines)
    return Reply(int(status.split()[1]) if status else 0, {name.lower(): value for name, _, value in pairs}, body)
