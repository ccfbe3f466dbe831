"""A mail server of the tests' own, which keeps what it is handed."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

from aiosmtpd.controller import Controller

from funding.config import Config


class Sink:
    """Keeps what it is handed; refuses everything while `is_closed`."""

    def __init__(self) -> None:
        self.letters: list[tuple[list[str], bytes]] = []
        self.is_closed = False

    async def handle_DATA(self, server, session, envelope) -> str:  # noqa: N802 - aiosmtpd's name
        if self.is_closed:
            return "451 Not now"
        self.letters.append((envelope.rcpt_tos, envelope.content))
        return "250 Taken"

    def messages(self) -> dict[str, EmailMessage]:
        """The last message to each address."""
        return {
            to: message_from_bytes(content, policy=policy.default)
            for addresses, content in self.letters
            for to in addresses
        }


@contextmanager
def listening() -> Iterator[tuple[Sink, int]]:
    """A sink behind a port of this machine."""
    handler = Sink()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    controller = Controller(handler, hostname="127.0.0.1", port=port, ready_timeout=30)
    controller.start()
    yield handler, port
    controller.stop()


def config_for(data: Path, port: int | None) -> Config:
    """Mail goes to the server behind the port; into files where there is none."""
    settings = {"TRIBUTARY_DATA": str(data), "TRIBUTARY_MAIL_FROM": "round@fund.example"}
    if port:
        settings["TRIBUTARY_SMTP_URL"] = f"smtp://127.0.0.1:{port}"
    return Config.from_environment(settings)
