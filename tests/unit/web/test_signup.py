"""A body is read as far as people write, and as long as they take."""

import asyncio
from collections.abc import Sequence

import pytest
from starlette.requests import Request
from starlette.types import Message

from feedpub.web.signup import MAX_FORM_SIZE, FormFields, parse_form
from feedpub.web.webhooks import BodyError

FORM = "application/x-www-form-urlencoded"


def read(*parts: bytes, kind: str = FORM, patience: float = 100.0, end: bool = True) -> FormFields:
    """Read a body that comes in parts; without an end it never ends."""
    messages: list[Message] = [
        {"type": "http.request", "body": part, "more_body": True} for part in parts
    ]
    if end:
        messages.append({"type": "http.request", "body": b"", "more_body": False})
    return asyncio.run(_read(messages, kind, patience))


async def _read(messages: Sequence[Message], kind: str, patience: float) -> FormFields:
    waiting = iter(messages)

    async def receive() -> Message:
        for message in waiting:
            return message
        await asyncio.Event().wait()
        raise AssertionError

    headers = [(b"content-type", kind.encode())] if kind else []
    scope = {"type": "http", "method": "POST", "headers": headers}
    return await parse_form(Request(scope, receive), patience)


def status(*parts: bytes, kind: str = FORM, patience: float = 100.0, end: bool = True) -> int:
    """Give what HTTP calls it that a body is not read."""
    with pytest.raises(BodyError) as told:
        read(*parts, kind=kind, patience=patience, end=end)
    return told.value.status


def test_a_form_in_parts() -> None:
    """Its fields in order, the empty ones too, in any script."""
    assert (("a", "1"), ("b", ""), ("a", "中")) == read(b"a=1&b=", b"&a=%E4%B8", b"%AD")
    assert (("a", "\ufffd"),) == read(b"a=%FF")
    assert (("a", "\ufffd"),) == read(b"a=\xff", kind=f"{FORM.upper()}; charset=utf-8")
    assert () == read()


def test_what_is_no_form() -> None:
    """It is of another kind, or of none."""
    assert [415, 415, 415] == [status(kind=kind) for kind in ("", "text/plain", f"{FORM}x")]


def test_too_much() -> None:
    """Octets, or fields."""
    assert 413 == status(b"x" * MAX_FORM_SIZE, b"x")
    assert 413 == status(b"&".join([b"a=1"] * 5_001))
    assert 5_000 == len(read(b"&".join([b"a=1"] * 5_000)))


def test_too_slow() -> None:
    """What never ends is not waited for."""
    assert 408 == status(b"a=", patience=0.01, end=False)
