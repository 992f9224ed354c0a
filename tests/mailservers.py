"""Real mail servers on loopback, which do as a script says, and the certificates they show.

    with MailServer({"RCPT": "550 5.1.1 No such user"}) as server:
        ...  # server.port; server.taken holds what it accepted

A script says for each stage what to answer instead of the right thing, or DROP or HANG:
EHLO, STARTTLS, AUTH, MAIL, RCPT, DATA, BODY (while the message comes), END (after the final dot)
and RSET. An answer may be a function of the command's argument; "" is the right thing.
"""

import asyncio
import ipaddress
import socket
import ssl
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Self

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

# ruff: noqa: ARG001, ARG002, N802 - aiosmtpd says what is called how, and with what


DROP, HANG = "drop", "hang"
LOSE = "lose"  # of END: take the message, and hang up instead of saying so
Answer = str | Callable[[str], str]
USER, PASSWORD = "us€r", "pässword-42"


@dataclass(frozen=True, slots=True)
class Taken:
    """A message that the server accepted."""

    sender: str
    recipient: str
    data: bytes
    options: tuple[str, ...]


@dataclass(slots=True)
class Log:
    """What a server was told, and how often it was called."""

    taken: list[Taken] = field(default_factory=list)
    commands: list[str] = field(default_factory=list)
    connections: int = 0
    dropped: threading.Event = field(default_factory=threading.Event)


class _Scripted(SMTP):
    """aiosmtpd, with its answers replaced where the script says so."""

    def __init__(
        self, script: Mapping[str, Answer], log: Log, offers: Sequence[str], **options: object
    ) -> None:
        super().__init__(self, hostname="mx.test", auth_require_tls=False, **options)  # type: ignore[arg-type]
        self.script = script
        self.log = log
        self.offers = offers

    async def scripted(self, stage: str, argument: str = "") -> bool:
        """Do as the script says; tell whether it said anything."""
        self.log.commands.append(f"{stage} {argument}".strip())
        answer = self.script.get(stage, "")
        answer = answer(argument) if callable(answer) else answer
        if answer == DROP:
            assert self.transport is not None
            self.transport.close()
            self.log.dropped.set()
        if answer in (DROP, HANG):
            await asyncio.Event().wait()  # until the connection is lost
        if answer:
            await self.push(answer)
        return bool(answer)

    async def smtp_EHLO(self, hostname: str) -> None:
        if not await self.scripted("EHLO", hostname):
            await super().smtp_EHLO(hostname)

    async def smtp_STARTTLS(self, arg: str) -> None:
        if not await self.scripted("STARTTLS", arg):
            await super().smtp_STARTTLS(arg)

    async def smtp_AUTH(self, arg: str) -> None:
        if not await self.scripted("AUTH", arg):
            await super().smtp_AUTH(arg)

    async def smtp_MAIL(self, arg: str | None) -> None:
        if not await self.scripted("MAIL", arg or ""):
            await super().smtp_MAIL(arg)

    async def smtp_RCPT(self, arg: str | None) -> None:
        if not await self.scripted("RCPT", arg or ""):
            await super().smtp_RCPT(arg)

    async def smtp_RSET(self, arg: str) -> None:
        if not await self.scripted("RSET", arg):
            await super().smtp_RSET(arg)

    async def smtp_DATA(self, arg: str) -> None:
        if await self.scripted("DATA", arg):
            return
        if "BODY" in self.script:
            await self.push("354 Go on")
            await self._reader.readuntil(b"\r\n")
            await self.scripted("BODY")
        else:
            await super().smtp_DATA(arg)

    async def handle_EHLO(
        self, server: SMTP, session: Session, envelope: Envelope, hostname: str, lines: list[str]
    ) -> list[str]:
        session.host_name = hostname
        return [lines[0], *(f"250-{each}" for each in self.offers), *lines[1:]]

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        self.log.commands.append(".")
        answer = self.script.get("END", "")
        answer = answer(envelope.rcpt_tos[0]) if callable(answer) else answer
        if not answer or answer == LOSE or answer.startswith("2"):
            data = envelope.content
            assert isinstance(data, bytes)
            self.log.taken.append(
                Taken(
                    envelope.mail_from or "",
                    envelope.rcpt_tos[0],
                    data,
                    tuple(envelope.mail_options),
                )
            )
        if answer in (DROP, LOSE):
            assert self.transport is not None
            self.transport.close()
        if answer in (DROP, LOSE, HANG):
            await asyncio.Event().wait()
        return answer or "250 2.0.0 Taken"


def _checked(
    server: SMTP, session: Session, envelope: Envelope, kind: str, data: object
) -> AuthResult:
    assert isinstance(data, LoginPassword)
    good = (data.login, data.password) == (USER.encode(), PASSWORD.encode())
    return AuthResult(success=good, handled=False)


class MailServer:
    """A server in a thread of its own."""

    def __init__(  # noqa: PLR0913 - a server has many sides, and each test is about one
        self,
        script: Mapping[str, Answer] | None = None,
        *,
        tls: ssl.SSLContext | None = None,
        implicit: bool = False,
        offers: Sequence[str] = ("PIPELINING",),
        without: Sequence[str] = (),
        size: int | None = 1_000_000,
        utf8: bool = True,
    ) -> None:
        self.log = Log()
        self.port = 0
        self._script = script or {}
        self._implicit = tls if implicit else None
        self._offers = offers
        self._options: dict[str, object] = {
            "tls_context": None if implicit else tls,
            "auth_exclude_mechanism": without,
            "authenticator": _checked,
            "data_size_limit": size,
            "enable_SMTPUTF8": utf8,
        }
        self._ready = threading.Event()
        self._loop = asyncio.new_event_loop()
        self._end = asyncio.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    @property
    def taken(self) -> list[Taken]:
        """The messages that were accepted, in order."""
        return self.log.taken

    def __enter__(self) -> Self:
        self._thread.start()
        assert self._ready.wait(10)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._loop.call_soon_threadsafe(self._end.set)
        self._thread.join(10)

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_until_complete(self._serve())
        self._loop.close()

    async def _serve(self) -> None:
        server = await self._loop.create_server(self._scripted, "127.0.0.1", 0, ssl=self._implicit)
        self.port = server.sockets[0].getsockname()[1]
        self._ready.set()
        await self._end.wait()
        server.close()
        for task in asyncio.all_tasks() - {asyncio.current_task()}:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
        await asyncio.sleep(0.01)  # transports close a turn later

    def _scripted(self) -> _Scripted:
        self.log.connections += 1
        return _Scripted(self._script, self.log, self._offers, loop=self._loop, **self._options)


@contextmanager
def plays(*answers: bytes, heard: list[bytes] | None = None) -> Iterator[int]:
    """Give the port of a server that says these, the first at once, each other after one line.

    After the last one it hangs up. What it was told is added to `heard`.
    """
    told = [] if heard is None else heard

    listener = socket.create_server(("127.0.0.1", 0))

    def play() -> None:
        connection, _ = listener.accept()
        with connection, connection.makefile("rb") as lines:
            for place, answer in enumerate(answers):
                if place:
                    told.append(lines.readline())
                connection.sendall(answer)

    thread = threading.Thread(target=play, daemon=True)
    thread.start()
    with listener:
        yield listener.getsockname()[1]
        thread.join(10)


def certified(folder: Path, name: str = "localhost") -> tuple[ssl.SSLContext, str]:
    """Give what a server shows who is called so, and the file that vouches for it."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "feedpub test")])
    begin = datetime(2020, 1, 1, tzinfo=UTC)
    names = [x509.DNSName(name), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(begin)
        .not_valid_after(datetime(2100, 1, 1, tzinfo=UTC))
        .add_extension(
            x509.SubjectAlternativeName(names[: 2 if name == "localhost" else 1]), critical=False
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    shown, private = folder / f"{name}.pem", folder / f"{name}.key"
    shown.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    private.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(shown, private)
    return context, str(shown)
