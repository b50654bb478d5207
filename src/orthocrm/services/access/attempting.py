"""What a log-in form sends."""

from attrs import frozen

from orthocrm.access import codes, passwords, sessions
from orthocrm.access.logins import read_login
from orthocrm.access.tokens import ReadToken, TokenKind, read_token
from orthocrm.core.access import login_of
from orthocrm.core.errors import InvalidInput
from orthocrm.core.ids import ClinicId
from orthocrm.core.reading import Reading


@frozen(kw_only=True)
class Attempt:
    """A log-in that was read: `login` is the match key of its address."""

    clinic: ClinicId
    login: str
    password: str
    code: str | None = None
    device: str | None = None
    replaces: ReadToken | None = None


def read_attempt(
    clinic: object, email: object, password: object, code: object, device: object, replaces: object
) -> Attempt:
    """Read what a log-in form sends, and name everything that is wrong with it."""
    reading = Reading()
    if not isinstance(clinic, str):
        reading.refuse("clinic", "wrong_type", "give the id of a clinic")
    address = read_login(reading, email)
    reading.required("email", address)
    tried = ""
    try:
        tried = passwords.tried_password(password)
    except InvalidInput as error:
        reading.adopt(error)
    given = None if code is None or code == "" else codes.read_code(code)
    if given is None and code is not None and code != "":
        reading.refuse("code", "bad_code", "give six digits, or a recovery code")
    reading.finish()
    return Attempt(
        clinic=ClinicId(str(clinic)),
        login=login_of(address or ""),
        password=tried,
        code=given,
        device=_device(device),
        replaces=read_token(replaces, TokenKind.SESSION),
    )


def _device(raw: object) -> str | None:
    """Keep of a browser's own words what can be shown."""
    if not isinstance(raw, str):
        return None
    return "".join(filter(str.isprintable, raw))[: sessions.DEVICE] or None
