"""A body is read as far as it may go, and no further."""

import asyncio
from collections.abc import Sequence

import pytest
from starlette.requests import Request
from starlette.types import Message

from feedpub.web.webhooks import BodyError, read_body

GONE: Message = {"type": "http.disconnect"}


def part(octets: bytes, *, more: bool = True) -> Message:
    """Give a part of a body."""
    return {"type": "http.request", "body": octets, "more_body": more}


def read(*messages: Message, length: str = "", seconds: float = 100.0) -> bytes:
    """Read a body of at most ten octets; after its last part nothing comes."""
    return asyncio.run(_read(messages, length, seconds))


async def _read(messages: Sequence[Message], length: str, seconds: float) -> bytes:
    waiting = iter(messages)

    async def receive() -> Message:
        for message in waiting:
            return message
        await asyncio.Event().wait()
        raise AssertionError

    headers = [(b"content-length", length.encode())] if length else []
    scope = {"type": "http", "method": "POST", "headers": headers}
    return await read_body(Request(scope, receive), 10, seconds)


def status(*messages: Message, length: str = "", seconds: float = 100.0) -> int:
    """Give what HTTP calls it that a body is not read."""
    with pytest.raises(BodyError) as told:
        read(*messages, length=length, seconds=seconds)
    return told.value.status


def test_bodies_within_bounds() -> None:
    """What is small enough arrives whole."""
    assert b"1234567890" == read(part(b"12345"), part(b"67890", more=False))
    assert b"1234567890" == read(part(b"1234567890", more=False), length="10")
    assert b"" == read(part(b"", more=False), length="x")


def test_bodies_that_are_too_large() -> None:
    """What is said to be too large is not read, what turns out to be no further."""
    assert [413, 413] == [status(length=length) for length in ("11", "9" * 5000)]
    assert 413 == status(part(b"12345"), part(b"67890"), part(b"1"))


def test_bodies_that_are_too_slow() -> None:
    """Who sends a letter an hour is not waited for."""
    assert 408 == status(part(b"x"), seconds=0.01)


def test_bodies_that_are_cut_off() -> None:
    """Somebody went away."""
    assert 400 == status(part(b"x"), GONE)
