"""Who has to set a second factor up, and until when they come in without it."""

from datetime import datetime

from attrs import evolve

from orthocrm.core.access import User, UserSecrets
from orthocrm.core.second_factor import SecondFactor


def begun(asked: SecondFactor, user: User, secrets: UserSecrets, now: datetime) -> UserSecrets:
    """Note the first log-in without the second factor that is asked for; forget it otherwise."""
    is_missing = secrets.totp is None and asked.is_for(user.roles)
    since = (secrets.enrolling_since or now) if is_missing else None
    return evolve(secrets, enrolling_since=since)


def enrol_by(asked: SecondFactor, user: User, secrets: UserSecrets) -> datetime | None:
    """Tell until when somebody comes in without a second factor; None: no such time runs."""
    since = secrets.enrolling_since
    is_missing = secrets.totp is None and asked.is_for(user.roles)
    return since + asked.grace if since is not None and is_missing else None
