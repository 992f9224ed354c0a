"""A mail server that is quick and takes everything: run by itself, it writes down what happens.

    python sink.py PORT_FILE LOG DELAY

Each line of the log is one event, in order: the connection's number, what happened and, where
there is one, the Message-ID and the recipient:

    3 opened
    3 taken <key@example.org> ann@example.org     the final dot came
    3 answered <key@example.org> ann@example.org  250 was written
    3 quit | 3 cut                                how the connection ended

DELAY is how many seconds the answer to the final dot takes.
"""

import asyncio
import os
import re
import sys
from itertools import count
from pathlib import Path

_MESSAGE_ID = re.compile(rb"^Message-ID: (<[^>]+>)", re.MULTILINE | re.IGNORECASE)


class Sink(asyncio.Protocol):
    """One connection."""

    numbers = count(1)

    def __init__(self, log: int, delay: float) -> None:
        self.number = next(self.numbers)
        self.end = "cut"
        self._log = log
        self._delay = delay
        self._data = b""
        self._reads_mail = False
        self._recipient = ""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Greet."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._note("opened")
        transport.write(b"220 sink\r\n")

    def connection_lost(self, exc: Exception | None) -> None:
        """Note how it ended."""
        del exc
        self._note(self.end)

    def data_received(self, data: bytes) -> None:
        """Obey commands, and take messages."""
        self._data += data
        while True:
            mark = b"\r\n.\r\n" if self._reads_mail else b"\r\n"
            found, there, rest = self._data.partition(mark)
            if not there:
                return
            self._data = rest
            if self._reads_mail:
                self._take(found)
            else:
                self._obey(found.decode())

    def _take(self, message: bytes) -> None:
        self._reads_mail = False
        found = _MESSAGE_ID.search(message)
        name = found[1].decode() if found else "-"
        what = f"{name} {self._recipient}"
        self._note(f"taken {what}")
        asyncio.get_running_loop().call_later(self._delay, self._answer, what)

    def _answer(self, what: str) -> None:
        if not self._transport.is_closing():
            self._transport.write(b"250 2.0.0 taken\r\n")
            self._note(f"answered {what}")

    def _obey(self, command: str) -> None:
        verb = command[:4].upper()
        answer = "250 2.0.0 well"
        if verb == "EHLO":
            answer = "250-sink\r\n250-PIPELINING\r\n250-8BITMIME\r\n250 ENHANCEDSTATUSCODES"
        elif verb == "RCPT":
            self._recipient = command.partition("<")[2].partition(">")[0]
        elif verb == "DATA":
            answer = "354 go on"
            self._reads_mail = True
        elif verb == "QUIT":
            answer = "221 2.0.0 bye"
            self.end = "quit"
        self._transport.write(f"{answer}\r\n".encode())
        if verb == "QUIT":
            self._transport.close()

    def _note(self, what: str) -> None:
        os.write(self._log, f"{self.number} {what}\n".encode())


async def serve(port_file: Path, log: int, delay: float) -> None:
    """Serve for ever; the port is in the file once connections are taken."""
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Sink(log, delay), "127.0.0.1", 0)
    part = port_file.with_suffix(".part")
    part.write_text(str(server.sockets[0].getsockname()[1]), encoding="ascii")
    part.replace(port_file)
    await server.serve_forever()


if __name__ == "__main__":
    descriptor = os.open(sys.argv[2], os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    asyncio.run(serve(Path(sys.argv[1]), descriptor, float(sys.argv[3])))
