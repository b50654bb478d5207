"""E-mail over SMTP."""

import re
import smtplib
import socket
import ssl
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime
from email import policy
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime
from enum import StrEnum
from threading import Event, Timer
from time import monotonic
from typing import Any, ClassVar

from attrs import field, frozen

from orthocrm.core.errors import ConfigurationError
from orthocrm.core.ids import ClinicId
from orthocrm.core.notifying import (
    Attachment,
    CarrierError,
    Letter,
    MessageChannel,
    Notifier,
    Sent,
)
from orthocrm.core.outside import NoSecrets, Secrets, missing
from orthocrm.core.ports import Clock
from orthocrm.crm import utc_now
from orthocrm.hooks import hook
from orthocrm.notifiers.addresses import check_seconds, check_sender, line, link, mailbox
from orthocrm.notifiers.reach import Unresolved, resolved

__all__ = ["Security", "Smtp"]

_DONE = range(200, 300)
_FOR_GOOD = range(500, 600)
_NOT_ITS_FAULT = frozenset({530, 534, 535, 538})
"""Refusals for want of a login or of encryption."""
_CALENDAR = "calendar"
_LOGINS = frozenset({"CRAM-MD5", "PLAIN", "LOGIN"})
_ENHANCED = re.compile(rb"[245]\.[0-9]{1,3}\.[0-9]{1,3}(?= )")


class Security(StrEnum):
    """How the connection is encrypted; NONE is for relays in one's own network."""

    STARTTLS = "STARTTLS"
    TLS = "TLS"
    NONE = "NONE"


_PORTS = {Security.STARTTLS: 587, Security.TLS: 465, Security.NONE: 25}


@frozen(kw_only=True)
class Smtp:
    """Sends letters by a mail server, as plain text in UTF-8, with what is attached.

    The password is the secret `smtp`. Every attempt of a letter has the same `Message-ID`, by
    which servers and programs recognise a repeat. Answers of 4xx are temporary and those of 5xx
    permanent (RFC 5321, 4.2.1), but for a refused login, which is nobody's letter's fault.

    Attributes:
        host: The server.
        sender: The address from which letters come.
        sender_name: Stands beside it unless the letter brings a name.
        port: Left open, 587, 465 or 25 by the kind of `security`.
        user: Who logs in; nobody logs in without.
        tls: Whom to trust; left open, the authorities that the system trusts.
    """

    channel: ClassVar[MessageChannel] = MessageChannel.EMAIL

    host: str
    sender: str
    sender_name: str | None = None
    secrets: Secrets = field(factory=NoSecrets, repr=False)
    name: str = "smtp"
    port: int | None = None
    security: Security = Security.STARTTLS
    user: str | None = None
    seconds: float = 20.0
    tls: ssl.SSLContext | None = field(default=None, repr=False)
    clock: Clock = field(default=utc_now, repr=False)

    def __attrs_post_init__(self) -> None:
        check_seconds(self.seconds)
        check_sender(self.sender, self.sender_name)
        if self.user is not None and self.security is Security.NONE:
            raise ConfigurationError("security: a password is not sent unencrypted")

    @hook
    def register_notifiers(self) -> Mapping[str, Notifier]:
        """Bring this carrier, by its name."""
        return {self.name: self}

    def missing_secrets(self, clinic: ClinicId, targets: Sequence[str]) -> Sequence[str]:  # noqa: ARG002 - as `SecretKeeping` asks
        """Name the secrets that a clinic lacks."""
        return missing(self.secrets, clinic, ["smtp"] if self.user else [])

    def send(self, letter: Letter) -> Sent:
        """Hand a letter to the server; its reference is the Message-ID."""
        recipient = mailbox(letter.to)
        sender = mailbox(self.sender)
        content = _written(self, letter, sender, recipient, self.clock())
        password = self._password(letter.clinic_id)
        with _spoken(self) as call:
            if self.security is Security.STARTTLS:
                call.secure()
            if password is not None:
                call.log_in(str(self.user), password)
            call.hand_over(sender, recipient, content)
        return Sent(ref=_message_id(letter, sender))

    def _password(self, clinic: ClinicId) -> str | None:
        if self.user is None:
            return None
        live = self.secrets.live(clinic, "smtp")
        if not live:
            raise CarrierError("no_secret")
        return live[0].decode()


class _Conversation(smtplib.SMTP):
    """What is said on a connection that somebody else opened, and closes in time."""

    def __init__(self, config: Smtp, opened: socket.socket, tls: ssl.SSLContext) -> None:
        self.handing_over = False
        self._opened = opened
        self._tls = tls
        domain = mailbox(config.sender).rpartition("@")[2]
        super().__init__(config.host, local_hostname=domain, timeout=config.seconds)

    def connect(
        self,
        host: str = "localhost",  # noqa: ARG002 - it is connected
        port: int = 0,  # noqa: ARG002 - as above
        source_address: Any = None,  # noqa: ANN401, ARG002 - as above
    ) -> tuple[int, bytes]:
        self.sock = self._opened
        self.file = None
        return self.getreply()

    def secure(self) -> None:
        self.ehlo_or_helo_if_needed()
        self.starttls(context=self._tls)

    def log_in(self, user: str, password: str) -> None:
        self.ehlo_or_helo_if_needed()
        if not _LOGINS.intersection(self.esmtp_features.get("auth", "").upper().split()):
            raise CarrierError("no_login_offered")
        self.login(user, password)

    def hand_over(self, sender: str, recipient: str, content: bytes) -> None:
        self.ehlo_or_helo_if_needed()
        _demand(*self.mail(sender, self._options(recipient)))
        _demand(*self.rcpt(recipient))
        self.handing_over = True
        _demand(*self.data(content))
        self.handing_over = False

    def _options(self, recipient: str) -> list[str]:
        if recipient.isascii():
            return []
        if not self.has_extn("smtputf8"):
            raise CarrierError("no_smtputf8", permanent=True)
        self.command_encoding = "utf-8"
        return ["SMTPUTF8"]


@contextmanager
def _spoken(config: Smtp) -> Iterator[_Conversation]:
    """Open a connection, and turn whatever goes wrong on it into a `CarrierError`."""
    call: _Conversation | None = None
    with _opened(config) as (connection, tls, late):
        try:
            call = _Conversation(config, connection, tls)
            yield call
            with suppress(OSError, smtplib.SMTPException):
                call.docmd("QUIT")
        except (smtplib.SMTPConnectError, smtplib.SMTPHeloError) as error:
            raise CarrierError(f"smtp_{error.smtp_code}") from None
        except smtplib.SMTPResponseException as error:
            raise _refusal(error.smtp_code, error.smtp_error) from None
        except smtplib.SMTPNotSupportedError:
            raise CarrierError("no_starttls") from None
        except (OSError, ValueError, smtplib.SMTPException):
            uncertain = call is not None and call.handing_over
            reason = "time_out" if late() else "connection_lost"
            raise CarrierError(reason, uncertain=uncertain) from None
        finally:
            if call is not None:
                call.close()


@contextmanager
def _opened(
    config: Smtp,
) -> Iterator[tuple[socket.socket, ssl.SSLContext, Callable[[], bool]]]:
    """Connect; when the time is over the connection is cut, whoever waits on it."""
    ends = monotonic() + config.seconds
    late = Event()
    plain = _connected(config, ends)
    twin = plain.dup()  # a socket under TLS must not be touched by another thread

    def cut() -> None:
        late.set()
        with suppress(OSError):
            twin.shutdown(socket.SHUT_RDWR)

    timer = Timer(max(ends - monotonic(), 0), cut)
    timer.daemon = True
    timer.start()
    tls = config.tls or ssl.create_default_context()
    opened = plain
    try:
        if config.security is Security.TLS:
            opened = tls.wrap_socket(plain, server_hostname=config.host)
        yield opened, tls, late.is_set
    except ssl.SSLError:
        raise CarrierError("unreachable") from None
    except OSError:
        raise CarrierError("time_out" if late.is_set() else "unreachable") from None
    finally:
        timer.cancel()
        opened.close()
        twin.close()


def _connected(config: Smtp, ends: float) -> socket.socket:
    port = config.port or _PORTS[config.security]
    try:
        for address in resolved(config.host, port, ends - monotonic()):
            left = ends - monotonic()
            with suppress(OSError):
                return socket.create_connection((address, port), timeout=max(left, 0.001))
    except Unresolved:
        pass
    raise CarrierError("unreachable")


def _demand(code: int, text: bytes) -> None:
    if code not in _DONE:
        raise _refusal(code, text)


def _refusal(code: int, text: bytes | str) -> CarrierError:
    told = text.encode() if isinstance(text, str) else text
    enhanced = _ENHANCED.match(told)
    reason = f"smtp_{code}" + (f"_{enhanced.group().decode()}" if enhanced else "")
    return CarrierError(reason, permanent=code in _FOR_GOOD and code not in _NOT_ITS_FAULT)


def _message_id(letter: Letter, sender: str) -> str:
    return f"<{letter.identity}@{sender.rpartition('@')[2]}>"


def _written(config: Smtp, letter: Letter, sender: str, recipient: str, now: datetime) -> bytes:
    message = EmailMessage(policy.SMTP)
    shown = line(letter.sender_name or config.sender_name or "", "bad_sender_name")
    message["From"] = Address(shown, *_parts(sender))
    message["To"] = Address("", *_parts(recipient))
    message["Subject"] = line(letter.subject or "", "bad_subject")
    message["Date"] = format_datetime(now)
    message["Message-ID"] = _message_id(letter, sender)
    message["Auto-Submitted"] = "auto-generated"
    if letter.reply_to is not None:
        message["Reply-To"] = Address("", *_parts(mailbox(letter.reply_to)))
    try:
        message.set_content(letter.body, cte="quoted-printable")
        for attachment in letter.attachments:
            _add(message, attachment)
        written = message.as_bytes(policy=policy.SMTP if recipient.isascii() else policy.SMTPUTF8)
    except (UnicodeError, ValueError):
        raise CarrierError("unwritable", permanent=True) from None
    return _unsubscribing(letter) + written


def _add(message: EmailMessage, attachment: Attachment) -> None:
    """Add a file, and an invitation beside the text as well, where programs look for it."""
    head = EmailMessage(policy.SMTP)
    head["Content-Type"] = attachment.content_type
    subtype = head.get_content_subtype()
    said = {name: head.get_param(name) for name in ("method",) if head.get_param(name)}
    part: dict[str, Any] = {"subtype": subtype, "cte": "base64", "params": said}
    if subtype == _CALENDAR:
        message.add_alternative(attachment.text, **part)
    message.add_attachment(attachment.text, filename=attachment.name, **part)


def _parts(address: str) -> tuple[str, str]:
    local, _, domain = address.rpartition("@")
    return local, domain


def _unsubscribing(letter: Letter) -> bytes:
    """Write the two headers of RFC 8058 by hand: the e-mail package breaks long addresses up."""
    if letter.unsubscribe_url is None:
        return b""
    address = link(letter.unsubscribe_url).encode()
    one_click = b"List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n"
    return b"List-Unsubscribe: <" + address + b">\r\n" + one_click
