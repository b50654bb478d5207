"""The API under `/crm` of a practice's own Django site, for the users and groups that it knows.

Run it with `python examples/mounted_in_django.py practice.db`; it prints its address and who may
log in. The site keeps its own tables in `practice.db.site`. In earnest, put it behind a server
that speaks TLS, let cookies keep to that, and leave Django's protection of forms switched on.
"""

import json
import secrets
import sys
from collections.abc import Awaitable, Callable
from typing import Any

import django
import uvicorn
from django.conf import settings
from django.contrib import auth
from django.contrib.sessions.backends.signed_cookies import SessionStore
from django.core.asgi import get_asgi_application
from django.core.management import call_command
from django.db import close_old_connections
from django.http import HttpRequest, HttpResponseBase, JsonResponse
from django.urls import path
from litestar import Request as Asked

from orthocrm import Actor, Clinic, OrthoCRM, Role, connect
from orthocrm.authenticators import HostUser
from orthocrm.core.ids import UserId
from orthocrm.web import application

PREFIX = "/crm"


def login(request: HttpRequest) -> HttpResponseBase:
    """Log a user of the site in."""
    asked = json.loads(request.body)
    user = auth.authenticate(request, username=asked.get("user"), password=asked.get("password"))
    if user is None:
        return JsonResponse({}, status=401)
    auth.login(request, user)
    return JsonResponse({"user": user.get_username()})


urlpatterns = [path("login", login)]


def configure(database: str) -> None:
    """Set the site up, with groups that are named as the roles are."""
    settings.configure(
        SECRET_KEY=secrets.token_urlsafe(),
        ALLOWED_HOSTS=["127.0.0.1"],
        ROOT_URLCONF=__name__,
        INSTALLED_APPS=["django.contrib.auth", "django.contrib.contenttypes"],
        MIDDLEWARE=[
            "django.contrib.sessions.middleware.SessionMiddleware",
            "django.contrib.auth.middleware.AuthenticationMiddleware",
        ],
        SESSION_ENGINE="django.contrib.sessions.backends.signed_cookies",
        SESSION_COOKIE_SAMESITE="Strict",  # no other site can ask the API for its user
        DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": database}},
        USE_TZ=True,
    )
    django.setup()
    call_command("migrate", verbosity=0)


def add_users() -> dict[str, str]:
    """Make two users of the site, and give their passwords."""
    from django.contrib.auth.models import Group, User  # noqa: PLC0415 - Django is set up by now

    passwords = {"dana": secrets.token_urlsafe(), "rosa": secrets.token_urlsafe()}
    roles = {"dana": Role.TREATMENT_COORDINATOR, "rosa": Role.FRONT_DESK}
    for name, password in passwords.items():
        user, _ = User.objects.get_or_create(username=name)
        user.set_password(password)
        user.save()
        user.groups.set([Group.objects.get_or_create(name=roles[name])[0]])
    return passwords


def practice(crm: OrthoCRM, clinic: Clinic) -> Callable[..., Awaitable[None]]:
    """Make one application of the site and the API."""

    def who(asked: object) -> Actor | None:
        if not isinstance(asked, Asked):
            return None
        visit = HttpRequest()
        visit.session = SessionStore(asked.cookies.get(settings.SESSION_COOKIE_NAME))
        close_old_connections()
        user = auth.get_user(visit)
        names = [group.name for group in user.groups.all()] if user.is_authenticated else []
        roles = frozenset(Role(name) for name in names if name in set(Role))
        if not roles:
            return None
        return Actor(user=UserId(user.get_username()), clinic=clinic.id, roles=roles)

    site, api = get_asgi_application(), application(crm, [HostUser(who)])

    async def both(scope: Any, receive: Any, send: Any) -> None:  # noqa: ANN401 - ASGI
        if scope["type"] == "http" and scope["path"].startswith(f"{PREFIX}/"):
            placed: Any = {**scope, "root_path": PREFIX}
            await api(placed, receive, send)
        else:
            await site(scope, receive, send)

    return both


def main(database: str, port: int = 8000) -> None:
    """Serve a practice until interrupted."""
    configure(f"{database}.site")
    with connect(f"sqlite:///{database}") as crm:
        name, zone = "Bright Smiles", "America/Chicago"
        clinic = next(iter(crm.clinics()), None) or crm.create_clinic(name=name, timezone=zone)
        passwords = add_users()
        app = practice(crm, clinic)
        config = uvicorn.Config(app, port=port, log_level="warning", lifespan="off")
        listening = config.bind_socket()
        listening.listen()
        print(f"http://127.0.0.1:{listening.getsockname()[1]}{PREFIX}/api/openapi.json")
        print(*(f"{user} {password}" for user, password in passwords.items()), sep="\n", flush=True)
        uvicorn.Server(config).run([listening])


if __name__ == "__main__":
    main(sys.argv[1], *map(int, sys.argv[2:]))
