"""Letters over SMTP, against a real mail server."""

import socket
from datetime import timedelta
from email import message_from_bytes, policy
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from orthocrm import CarrierError, ConfigurationError
from orthocrm.core.notifying import Attachment
from orthocrm.core.outside import NoSecrets
from orthocrm.notifiers.email import Security, Smtp
from orthocrm.testing.clock import FrozenClock
from orthocrm.testing.plugin_suite import Mood
from tests.notifiers.arranged import Mailbox, a_letter, certificate, refusal, secrets

SENDER = "hello@practice.example"


def carrier(box: Mailbox, **fields: Any) -> Smtp:
    usual: dict[str, Any] = {
        "host": "127.0.0.1",
        "port": box.port,
        "security": Security.NONE,
        "sender": SENDER,
        "clock": FrozenClock(),
    }
    return Smtp(**{**usual, **fields})


def sent(box: Mailbox, **fields: Any) -> Any:
    """The letter as a mail program reads it."""
    carrier(box).send(a_letter(**fields))
    return message_from_bytes(box.received[-1].body, policy=policy.default)


def test_a_letter_is_plain_text_from_the_practice() -> None:
    with Mailbox() as box:
        letter = a_letter(
            sender_name="Zahnspangen Köln",
            reply_to="desk@practice.example",
            unsubscribe_url="https://practice.example/u/" + "a" * 300,
            subject="Ihr Termin — Größe 🙂",
            body="Grüße\n.\nFrom here on\n" + "long " * 400,
        )
        taken = carrier(box).send(letter)
        read: Any = message_from_bytes(box.received[0].body, policy=policy.default)
        envelope = box.envelopes[0]

    assert (envelope.mail_from, envelope.rcpt_tos) == (SENDER, ["maria@example.com"])
    assert taken.ref == f"<{letter.identity}@practice.example>"
    assert {name: str(read[name]) for name in sorted(read)} == {
        "Auto-Submitted": "auto-generated",
        "Content-Transfer-Encoding": "quoted-printable",
        "Content-Type": 'text/plain; charset="utf-8"',
        "Date": "Mon, 02 Nov 2026 15:00:00 +0000",
        "From": "Zahnspangen Köln <hello@practice.example>",
        "List-Unsubscribe": f"<{letter.unsubscribe_url}>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
        "MIME-Version": "1.0",
        "Message-ID": taken.ref,
        "Reply-To": "desk@practice.example",
        "Subject": "Ihr Termin — Größe 🙂",
        "To": "maria@example.com",
    }
    assert read.get_content().splitlines() == letter.body.splitlines()
    assert max(map(len, box.received[0].body.split(b"\r\n"))) <= 998


def test_every_attempt_has_the_same_message_id_and_other_letters_have_others() -> None:
    with Mailbox() as box:
        refs = [
            carrier(box).send(letter).ref
            for letter in (
                a_letter(),
                a_letter(body="written anew"),
                a_letter(key="reminder:2"),
                a_letter(clinic_id="another"),
            )
        ]
    assert (refs[0] == refs[1], len(set(refs))) == (True, 3)
    assert "reminder" not in str(refs)


def test_a_domain_of_another_script_is_written_in_ascii() -> None:
    with Mailbox() as box:
        assert sent(box, to="maria@bücher.example")["To"] == "maria@xn--bcher-kva.example"


def test_a_name_of_another_script_needs_a_server_that_takes_it() -> None:
    with Mailbox() as box:
        assert str(sent(box, to="мария@example.com")["To"]) == "мария@example.com"
        assert box.envelopes[0].rcpt_tos == ["мария@example.com"]
    with Mailbox(utf8=False) as box:
        error = refusal(carrier(box), a_letter(to="мария@example.com"))
        assert (error.reason, error.permanent, box.received) == ("no_smtputf8", True, [])


BREAKS = ["\r\n", "\n", "\r", "\x0b", "\x0c", "\x1c", "\x85", "\u2028", "\u2029", "\x00", "\ud800"]


@pytest.mark.parametrize("sign", BREAKS)
@pytest.mark.parametrize(
    "name, reason",
    [
        ("to", "bad_address"),
        ("subject", "bad_subject"),
        ("sender_name", "bad_sender_name"),
        ("reply_to", "bad_address"),
        ("unsubscribe_url", "bad_link"),
    ],
)
def test_nothing_becomes_a_header_that_is_none(name: str, reason: str, sign: str) -> None:
    planted = {name: f"https://a.example@b.example{sign}Bcc: thief@example.com"}
    with Mailbox() as box:
        error = refusal(carrier(box), a_letter(**planted))
        assert (error.reason, error.permanent, box.received) == (reason, True, [])


@pytest.mark.parametrize(
    "address",
    [
        "",
        "maria",
        "@example.com",
        "maria@",
        "maria@a@b.example",
        "maria@a.example, thief@example.com",
        "Maria <maria@example.com>",
        "maria@example.com>",
        "ma ria@example.com",
        '"maria"@example.com',
        "maria@[127.0.0.1]",
        "m" * 250 + "@example.com",
        "maria@" + "a" * 64 + ".example",
    ],
)
def test_what_is_no_address_is_refused_for_good(address: str) -> None:
    with Mailbox() as box:
        error = refusal(carrier(box), a_letter(to=address))
        assert (error.reason, error.permanent, box.received) == ("bad_address", True, [])


def test_a_text_that_cannot_be_written_is_refused_for_good() -> None:
    with Mailbox() as box:
        error = refusal(carrier(box), a_letter(body="\ud800"))
        assert (error.reason, error.permanent) == ("unwritable", True)


@pytest.mark.parametrize("command", ["MAIL", "RCPT", "DATA"])
@pytest.mark.parametrize(
    "answer, reason, permanent",
    [
        ("421 4.7.0 too many", "smtp_421_4.7.0", False),
        ("450 mailbox busy", "smtp_450", False),
        ("451 4.3.0 maria@example.com later", "smtp_451_4.3.0", False),
        ("530 5.7.0 log in first", "smtp_530_5.7.0", False),
        ("550 5.1.1 maria@example.com is unknown", "smtp_550_5.1.1", True),
        ("552 mailbox full", "smtp_552", True),
        ("554 5.7.1 spam", "smtp_554_5.7.1", True),
    ],
)
def test_answers_are_told_by_their_code(
    command: str, answer: str, reason: str, *, permanent: bool
) -> None:
    with Mailbox() as box:
        box.answers[command] = answer
        error = refusal(carrier(box), a_letter())
    assert (error.reason, error.permanent, error.uncertain) == (reason, permanent, False)


@pytest.mark.parametrize(
    "mood, seconds, reason", [(Mood.HANG_UP, 60, "connection_lost"), (Mood.STALL, 2, "time_out")]
)
def test_no_answer_to_a_whole_letter_leaves_it_uncertain(
    mood: Mood, seconds: float, reason: str
) -> None:
    with Mailbox() as box:
        box.mood = mood
        error = refusal(carrier(box, seconds=seconds), a_letter())
    assert (error.reason, error.permanent, error.uncertain) == (reason, False, True)


def test_starttls_is_demanded_and_the_certificate_checked(tmp_path: Path) -> None:
    server, trusting = certificate(tmp_path)
    with Mailbox(tls=server, starttls=True, login=("desk", "pa55")) as box:
        logged_in = carrier(
            box,
            security=Security.STARTTLS,
            tls=trusting,
            user="desk",
            secrets=secrets(smtp=["pa55", "older"]),
        )
        logged_in.send(a_letter())
        assert [session.authenticated for session in box.sessions] == [True]
        stranger = carrier(box, security=Security.STARTTLS)
        assert refusal(stranger, a_letter()).permanent is False
        assert len(box.received) == 1
    with Mailbox() as box:
        error = refusal(carrier(box, security=Security.STARTTLS), a_letter())
        assert (error.reason, error.permanent, box.received) == ("no_starttls", False, [])


def test_tls_from_the_start(tmp_path: Path) -> None:
    server, trusting = certificate(tmp_path)
    with Mailbox(tls=server) as box:
        carrier(box, security=Security.TLS, tls=trusting).send(a_letter())
        assert len(box.received) == 1
        assert refusal(carrier(box, security=Security.TLS), a_letter()).reason == "unreachable"
        box.mood = Mood.STALL
        late = carrier(box, security=Security.TLS, tls=trusting, seconds=0.5)
        assert refusal(late, a_letter()).reason == "time_out"


def test_a_server_that_never_ends_the_handshake_holds_nobody_up() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        waiting = Smtp(
            host="127.0.0.1",
            port=silent.getsockname()[1],
            security=Security.TLS,
            sender=SENDER,
            seconds=0.3,
        )
        error = refusal(waiting, a_letter())
    assert (error.permanent, error.uncertain) == (False, False)


def test_a_refused_login_is_nobodys_letters_fault(tmp_path: Path) -> None:
    server, trusting = certificate(tmp_path)
    with Mailbox(tls=server, starttls=True, login=("desk", "pa55")) as box:
        wrong = carrier(
            box,
            security=Security.STARTTLS,
            tls=trusting,
            user="desk",
            secrets=secrets(smtp="wrong"),
        )
        error = refusal(wrong, a_letter())
        assert (error.reason[:8], error.permanent, box.received) == ("smtp_535", False, [])
        without = carrier(
            box, security=Security.STARTTLS, tls=trusting, user="desk", secrets=NoSecrets()
        )
        assert refusal(without, a_letter()).reason == "no_secret"


def test_a_server_that_lets_nobody_log_in_is_told(tmp_path: Path) -> None:
    server, trusting = certificate(tmp_path)
    with Mailbox(tls=server, no_login=True) as box:
        asking = carrier(
            box, security=Security.TLS, tls=trusting, user="desk", secrets=secrets(smtp="pa55")
        )
        error = refusal(asking, a_letter())
        assert (error.reason, error.permanent, box.received) == ("no_login_offered", False, [])


@pytest.mark.parametrize(
    "greeting, reason",
    [
        (b"554 no service for you\r\n", "smtp_554"),
        (b"421 come later\r\n", "smtp_421"),
        (b"what?\r\n", "smtp_-1"),
        (b"", "connection_lost"),
    ],
)
def test_a_server_that_greets_nobody_is_temporary(greeting: bytes, reason: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def greet() -> None:
            with listening.accept()[0] as line:
                line.sendall(greeting)

        thread = Thread(target=greet)
        thread.start()
        lonely = Smtp(
            host="127.0.0.1",
            port=listening.getsockname()[1],
            security=Security.NONE,
            sender=SENDER,
            seconds=5,
        )
        error = refusal(lonely, a_letter())
        thread.join()
    assert (error.reason, error.permanent, error.uncertain) == (reason, False, False)


@pytest.mark.parametrize(
    "fields, word",
    [
        ({"sender": "practice"}, "sender"),
        ({"sender": "a@b.example\r\nBcc: c@d.example"}, "sender"),
        ({"sender_name": "The\nPractice"}, "sender"),
        ({"seconds": 0}, "seconds"),
        ({"seconds": 500}, "seconds"),
        ({"user": "desk", "security": Security.NONE}, "security"),
    ],
)
def test_what_cannot_work_is_refused_at_the_start(fields: dict[str, Any], word: str) -> None:
    with pytest.raises(ConfigurationError, match=word):
        Smtp(**{"host": "mail.practice.example", "sender": SENDER, **fields})


def test_a_name_that_nobody_knows_is_temporary() -> None:
    lost = Smtp(host="mail.invalid", sender=SENDER, seconds=5)
    assert isinstance(refusal(lost, a_letter()), CarrierError)
    assert refusal(lost, a_letter()).reason == "unreachable"


def test_a_password_is_in_no_text() -> None:
    carrier = Smtp(host="h", sender=SENDER, user="u", secrets=secrets(smtp="pa55"))
    assert "pa55" not in repr(carrier)
    assert timedelta(seconds=carrier.seconds) == timedelta(seconds=20)


INVITE = "BEGIN:VCALENDAR\r\nMETHOD:CANCEL\r\nSUMMARY:Größe\r\nEND:VCALENDAR\r\n"


def an_invite(**fields: Any) -> Attachment:
    usual = {
        "name": "invite.ics",
        "content_type": "text/calendar; charset=utf-8; method=CANCEL",
        "text": INVITE,
    }
    return Attachment(**{**usual, **fields})


def test_an_invitation_stands_beside_the_text_and_as_a_file() -> None:
    note = an_invite(name="note.txt", content_type="text/plain; charset=utf-8", text="Grüße\n")
    with Mailbox() as box:
        read = sent(box, attachments=(an_invite(), note))

    assert read.get_content_type() == "multipart/mixed"
    parts = [part for part in read.walk() if not part.is_multipart()]
    assert [(part.get_content_type(), part.get_filename()) for part in parts] == [
        ("text/plain", None),
        ("text/calendar", None),
        ("text/calendar", "invite.ics"),
        ("text/plain", "note.txt"),
    ]
    assert read.get_body(("plain",)).get_content().strip() == a_letter().body
    for part in parts[1:3]:
        assert part["Content-Type"].params == {"charset": "utf-8", "method": "CANCEL"}
        assert part.get_payload(decode=True).decode() == INVITE
    assert parts[3].get_content().strip() == "Grüße"


@pytest.mark.parametrize("field", ["name", "text"])
def test_an_attachment_that_cannot_be_written_is_refused_for_good(field: str) -> None:
    with Mailbox() as box:
        letter = a_letter(attachments=(an_invite(**{field: "\ud800"}),))
        error = refusal(carrier(box), letter)
        assert (error.reason, error.permanent, box.received) == ("unwritable", True, [])
