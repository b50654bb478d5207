"""What the tests of carriers share: letters, secrets, callbacks, certificates, a mail server."""

import asyncio
import socket
import ssl
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from ipaddress import IPv4Address
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from cryptography.x509.oid import NameOID

from orthocrm import Callback, CarrierError, Letter, MessageChannel, StaticSecrets
from orthocrm.core.ids import ClinicId, MessageId
from orthocrm.core.notifying import Notifier
from orthocrm.notifiers.reach import Reach
from orthocrm.notifiers.wire import Wire
from orthocrm.testing.clock import MONDAY_MORNING
from orthocrm.testing.plugin_suite import Mood, Received

SAMPLES = Path(__file__).parents[2] / ".." / "shared" / "data" / "webhook_samples"
with_samples = pytest.mark.skipif(
    not SAMPLES.exists(), reason="the webhook samples are not beside the checkout"
)

CLINIC = ClinicId("00000000-0001-7000-8000-000000000001")
MESSAGE = MessageId("00000000-0002-7000-8000-000000000002")
HERE = Wire(reach=Reach(networks=["127.0.0.0/8"]))
"""Lets the carriers speak with servers of the tests."""


def secrets(**by_name: str | list[str]) -> StaticSecrets:
    """Secrets of every clinic; `__` in a name stands for a slash."""
    kept = {
        name.replace("__", "/"): [value] if isinstance(value, str) else value
        for name, value in by_name.items()
    }
    return StaticSecrets({"*": kept})


def a_letter(**fields: Any) -> Letter:
    """A letter that any carrier may take, given the right `to`."""
    usual: dict[str, Any] = {
        "clinic_id": CLINIC,
        "message_id": MESSAGE,
        "channel": MessageChannel.EMAIL,
        "to": "maria@example.com",
        "subject": "Your visit",
        "body": "See you on Monday at 9.",
        "key": "reminder:1",
    }
    return Letter(**{**usual, **fields})


def a_callback(body: bytes, headers: Mapping[str, str], **fields: Any) -> Callback:
    """A request of a carrier that came on Monday morning."""
    usual: dict[str, Any] = {
        "clinic_id": CLINIC,
        "url": "https://practice.example.com/hooks",
        "received_at": MONDAY_MORNING,
        "body": body,
        "headers": headers,
    }
    return Callback(**{**usual, **fields})


def refusal(notifier: Notifier, letter: Letter) -> CarrierError:
    """The error that sending a letter ends in."""
    with pytest.raises(CarrierError) as refused:
        notifier.send(letter)
    return refused.value


class _AnyPort(Controller):
    """Listens on a port that is free."""

    def _trigger_server(self) -> None:
        server: Any = self.server
        self.port = server.sockets[0].getsockname()[1]
        socket.create_connection((self.hostname, self.port)).close()


class Mailbox:
    """A real mail server on this machine, in the moods of a carrier.

    `answers` are given instead of its own to commands by name, such as `RCPT`.
    """

    def __init__(
        self,
        *,
        tls: ssl.SSLContext | None = None,
        starttls: bool = False,
        login: tuple[str, str] | None = None,
        utf8: bool = True,
        no_login: bool = False,
    ) -> None:
        self.mood = Mood.ACCEPT
        self.answers: dict[str, str] = {}
        self.received: list[Received] = []
        self.envelopes: list[Envelope] = []
        self.sessions: list[Session] = []
        self._login = login
        self._open = True
        self._controller = _AnyPort(
            self,
            hostname="127.0.0.1",
            port=0,
            ready_timeout=30,
            ssl_context=None if starttls else tls,
            tls_context=tls if starttls else None,
            require_starttls=starttls,
            enable_SMTPUTF8=utf8,
            auth_exclude_mechanism=("LOGIN", "PLAIN") if no_login else (),
            authenticator=self._authenticate if login else None,
            auth_required=login is not None,
            auth_require_tls=login is not None and starttls,
        )
        self._controller.start()

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self._controller.port)

    def close(self) -> None:
        """Listen no more."""
        if self._open:
            self._open = False
            self._controller.stop(no_assert=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def _authenticate(self, server: Any, session: Any, envelope: Any, how: str, told: Any) -> Any:  # noqa: ARG002 - aiosmtpd's names
        assert isinstance(told, LoginPassword)
        given = (told.login.decode(), told.password.decode())
        return AuthResult(success=given == self._login, handled=False)

    async def handle_MAIL(  # noqa: N802 - aiosmtpd's name, here and below
        self, _: SMTP, __: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """Take the sender."""
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return self.answers.get("MAIL", "250 OK")

    async def handle_RCPT(  # noqa: N802
        self, _: SMTP, __: Session, envelope: Envelope, address: str, ___: list[str]
    ) -> str:
        """Take the recipient."""
        envelope.rcpt_tos.append(address)
        return self.answers.get("RCPT", "250 OK")

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        """Take the letter, by the mood."""
        content = envelope.original_content or b""
        parsed = message_from_bytes(content, policy=policy.default)
        headers = {name.lower(): str(value) for name, value in parsed.items()}
        self.received.append(Received(headers=headers, body=content))
        self.envelopes.append(envelope)
        self.sessions.append(session)
        return await self._answer(server)

    async def _answer(self, server: SMTP) -> str:
        transport: Any = server.transport
        if self.mood is Mood.HANG_UP:
            transport.abort()
        if self.mood is Mood.STALL:
            await self._wait(server, b"")
        if self.mood is Mood.DRIP:
            await self._wait(server, b"250-\r\n")
        told = {
            Mood.REFUSE: "550 5.1.1 no such mailbox",
            Mood.FAIL: "451 4.3.0 later",
            Mood.HASTE: "421 4.7.0 too much",
        }
        return self.answers.get("DATA", told.get(self.mood, "250 OK"))

    async def _wait(self, server: SMTP, crumbs: bytes) -> None:
        transport: Any = server.transport
        while self._open and not transport.is_closing():
            transport.write(crumbs)
            await asyncio.sleep(0.02)


def certificate(folder: Path, *names: str) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """Make a certificate of one's own: contexts of the server that has it and of who trusts it."""
    key = generate_private_key(SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "carrier of the tests")])
    now = datetime.fromtimestamp(time.time(), UTC)
    alternatives: list[x509.GeneralName] = [x509.DNSName(name) for name in names]
    alternatives.append(x509.IPAddress(IPv4Address("127.0.0.1")))
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName(alternatives), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, SHA256())
    )
    written = folder / "certificate.pem"
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    written.write_bytes(private + made.public_bytes(Encoding.PEM))
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(written)
    return server, ssl.create_default_context(cafile=str(written))


@contextmanager
def names(
    monkeypatch: pytest.MonkeyPatch, known: Mapping[str, Iterable[str]]
) -> Iterator[list[str]]:
    """Let names stand for addresses, as a name server would; gives the names that were asked for.

    Asked again, a name stands for its next address, and at last for none.
    """
    left = {name: list(addresses) for name, addresses in known.items()}
    asked: list[str] = []
    real = socket.getaddrinfo

    def answer(host: Any, port: Any, *rest: Any, **options: Any) -> Any:
        if host not in left:
            return real(host, port, *rest, **options)
        asked.append(host)
        if not left[host]:
            raise socket.gaierror(socket.EAI_NONAME, "no such name")
        found = left[host].pop(0)
        return [row for address in found.split() for row in real(address, port, *rest, **options)]

    with monkeypatch.context() as patched:
        patched.setattr(socket, "getaddrinfo", answer)
        yield asked
