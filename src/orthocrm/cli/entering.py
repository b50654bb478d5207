"""`orthocrm user` and `orthocrm key`: who may come in, and by what.

No password is ever an argument: arguments stand in the list of processes and in histories. It is
asked for, or set by the one-time token that is printed.
"""

from collections.abc import Sequence
from datetime import timedelta
from typing import TYPE_CHECKING

import click

from orthocrm.cli.options import Failed, at_desk, database, of_clinic

if TYPE_CHECKING:
    from orthocrm.core.access import User
    from orthocrm.desk import Desk
    from orthocrm.services.access.results import IssuedKey, OneTimeToken


@click.group()
def user() -> None:
    """Add, list and change the users of a clinic.

    USER is an id or an e-mail address.
    """


@user.command("add")
@click.option("--name", prompt=True, help="What they are called.")
@click.option("--email", help="What they log in with; without it, a program that uses API keys.")
@click.option("--role", "roles", multiple=True, required=True, help="May be given several times.")
@click.option("--id", "own", metavar="ID", help="The id under which leads know them already.")
@click.option("--ask-password", is_flag=True, help="Ask for a password now, in place of a token.")
@database
@of_clinic
def user_add(
    name: str,
    email: str | None,
    roles: tuple[str, ...],
    own: str | None,
    url: str,
    wanted: str | None,
    *,
    ask_password: bool,
) -> None:
    """Add a user, and print their id and a one-time token that sets their password."""
    from orthocrm.core.ids import UserId  # noqa: PLC0415 - slow import
    from orthocrm.services.access.users import NewUser  # noqa: PLC0415 - slow import

    new = NewUser(name=name, email=email, roles=roles, id=None if own is None else UserId(own))
    with at_desk(url, wanted) as (_, desk):
        invited = desk.access.add_user(new)
        click.echo(f"user {invited.user.id}")
        if invited.invitation is not None:
            _hand_out(desk, invited.invitation, ask_password=ask_password)


@user.command("list")
@database
@of_clinic
def user_list(url: str, wanted: str | None) -> None:
    """List id, state, roles, name and address of every user."""
    with at_desk(url, wanted) as (_, desk):
        for each in desk.access.users():
            state = "active" if each.is_active else "deactivated"
            roles = ",".join(each.roles)
            click.echo(f"{each.id}  {state}  {roles}  {each.name}  {each.email or '-'}")


@user.command("roles")
@click.argument("who", metavar="USER")
@click.option("--role", "roles", multiple=True, required=True, help="May be given several times.")
@database
@of_clinic
def user_roles(who: str, roles: tuple[str, ...], url: str, wanted: str | None) -> None:
    """Give a user these roles and no others, from their next call on."""
    with at_desk(url, wanted) as (_, desk):
        changed = desk.access.change_roles(_found(desk, who).id, roles)
        click.echo(",".join(changed.roles))


@user.command("deactivate")
@click.argument("who", metavar="USER")
@database
@of_clinic
def user_deactivate(who: str, url: str, wanted: str | None) -> None:
    """Let a user in no more; their sessions end and their keys open nothing."""
    with at_desk(url, wanted) as (_, desk):
        desk.access.deactivate(_found(desk, who).id)
        click.echo("deactivated")


@user.command("reset-password")
@click.argument("who", metavar="USER")
@click.option("--drop-second-factor", is_flag=True, help="For a lost authenticator.")
@click.option("--ask-password", is_flag=True, help="Ask for a password now, in place of a token.")
@database
@of_clinic
def user_reset_password(
    who: str, url: str, wanted: str | None, *, drop_second_factor: bool, ask_password: bool
) -> None:
    """Print a one-time token by which a user sets a new password within a day."""
    with at_desk(url, wanted) as (_, desk):
        token = desk.access.reset_password(
            _found(desk, who).id, drop_second_factor=drop_second_factor
        )
        _hand_out(desk, token, ask_password=ask_password)


@click.group()
def key() -> None:
    """Make, list, rotate and revoke API keys."""


@key.command("add")
@click.argument("name")
@click.option("--user", "who", required=True, metavar="USER", help="As whom it acts.")
@click.option("--scope", "scopes", multiple=True, required=True, help="For example lead:create.")
@click.option("--days", type=click.IntRange(1, 365), default=90, show_default=True)
@database
@of_clinic
def key_add(
    name: str, who: str, scopes: tuple[str, ...], days: int, url: str, wanted: str | None
) -> None:
    """Make an API key, and print its id and its token, which is shown once."""
    from orthocrm.access.keys import NewKey  # noqa: PLC0415 - slow import

    with at_desk(url, wanted) as (_, desk):
        user = _found(desk, who).id
        lasts = timedelta(days=days)
        _show(desk.access.make_key(NewKey(name=name, scopes=scopes, user=user, lasts=lasts)))


@key.command("list")
@database
@of_clinic
def key_list(url: str, wanted: str | None) -> None:
    """List id, user, state, last use, scopes and name of every API key."""
    with at_desk(url, wanted) as (_, desk):
        now = desk.office.clock()
        for each in desk.access.api_keys():
            state = "expired" if each.expires_at <= now else f"until {each.expires_at:%Y-%m-%d}"
            state = state if each.revoked_at is None else "revoked"
            used = f"{each.last_used_at:%Y-%m-%d}" if each.last_used_at else "never used"
            scopes = ",".join(each.scopes)
            click.echo(f"{each.id}  {each.user}  {state}  {used}  {scopes}  {each.name}")


@key.command("rotate")
@click.argument("key_id", metavar="ID")
@click.option(
    "--overlap-hours",
    type=click.IntRange(0, 720),
    default=24,
    show_default=True,
    help="How long the present token opens too.",
)
@click.option("--days", type=click.IntRange(1, 365), default=90, show_default=True)
@database
@of_clinic
def key_rotate(key_id: str, overlap_hours: int, days: int, url: str, wanted: str | None) -> None:
    """Give an API key another token, and print it."""
    from orthocrm.core.ids import KeyId  # noqa: PLC0415 - slow import

    with at_desk(url, wanted) as (_, desk):
        _show(
            desk.access.rotate_key(
                KeyId(key_id), overlap=timedelta(hours=overlap_hours), lasts=timedelta(days=days)
            )
        )


@key.command("revoke")
@click.argument("key_id", metavar="ID")
@database
@of_clinic
def key_revoke(key_id: str, url: str, wanted: str | None) -> None:
    """Let an API key open nothing any more."""
    from orthocrm.core.ids import KeyId  # noqa: PLC0415 - slow import

    with at_desk(url, wanted) as (_, desk):
        desk.access.revoke_key(KeyId(key_id))
        click.echo("revoked")


def _found(desk: "Desk", who: str) -> "User":
    users: Sequence[User] = desk.access.users()
    folded = who.casefold()
    found = [each for each in users if each.id == who or each.email == folded]
    if len(found) != 1:
        raise Failed("user: no such user; orthocrm user list shows them")
    return found[0]


def _hand_out(desk: "Desk", token: "OneTimeToken", *, ask_password: bool) -> None:
    """Print a one-time token, or use it up with a password that is asked for."""
    if not ask_password:
        click.echo(f"token {token.token}")
        click.echo(f"it sets the password, once, until {token.expires_at:%Y-%m-%d %H:%M} UTC")
        return
    password = click.prompt("Password", hide_input=True, confirmation_prompt=True)
    desk.office.entrance.set_password(token.token, password)
    click.echo("the password is set")


def _show(issued: "IssuedKey") -> None:
    click.echo(f"key {issued.key.id}")
    click.echo(f"token {issued.token}")
    click.echo(f"it opens until {issued.key.expires_at:%Y-%m-%d}, and is not shown again")
