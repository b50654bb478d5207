"""The API under `/crm` of a practice's own FastAPI application, for the users that it knows.

Run it with `python examples/mounted_in_fastapi.py practice.db`; it prints its address and who may
log in. In earnest, put it behind a server that speaks TLS, and let cookies keep to that.
"""

import secrets
import sys
from typing import Annotated

import uvicorn
from fastapi import Body, FastAPI, HTTPException, Request
from litestar import Request as Asked
from starlette.middleware.sessions import SessionMiddleware

from orthocrm import Actor, Clinic, OrthoCRM, Role, connect
from orthocrm.authenticators import HostUser
from orthocrm.core.ids import UserId
from orthocrm.web import application

ROLES = {"dana": Role.TREATMENT_COORDINATOR, "rosa": Role.FRONT_DESK}
"""What each user of the practice's application may do; such an application keeps it in a table."""


def practice(crm: OrthoCRM, clinic: Clinic, passwords: dict[str, str]) -> FastAPI:
    """Make the practice's application, with the API in it."""
    app = FastAPI()
    app.add_middleware(  # Strict: no other site can make a browser ask the API for its user
        SessionMiddleware, secret_key=secrets.token_urlsafe(), same_site="strict"
    )

    @app.post("/login")
    async def login(
        request: Request, user: Annotated[str, Body()], password: Annotated[str, Body()]
    ) -> dict[str, str]:
        known = passwords.get(user, secrets.token_urlsafe())
        if not secrets.compare_digest(password.encode(), known.encode()):
            raise HTTPException(401)
        request.session["user"] = user
        return {"user": user}

    def who(request: object) -> Actor | None:
        user = request.session.get("user") if isinstance(request, Asked) else None
        if user not in ROLES:
            return None
        return Actor(user=UserId(user), clinic=clinic.id, roles={ROLES[user]})

    app.mount("/crm", application(crm, [HostUser(who)]))  # type: ignore[arg-type] # both are ASGI
    return app


def main(database: str, port: int = 8000) -> None:
    """Serve a practice until interrupted."""
    with connect(f"sqlite:///{database}") as crm:
        name, zone = "Bright Smiles", "America/Chicago"
        clinic = next(iter(crm.clinics()), None) or crm.create_clinic(name=name, timezone=zone)
        passwords = {user: secrets.token_urlsafe() for user in ROLES}
        config = uvicorn.Config(practice(crm, clinic, passwords), port=port, log_level="warning")
        listening = config.bind_socket()
        listening.listen()
        print(f"http://127.0.0.1:{listening.getsockname()[1]}/crm/api/openapi.json")
        print(*(f"{user} {password}" for user, password in passwords.items()), sep="\n", flush=True)
        uvicorn.Server(config).run([listening])


if __name__ == "__main__":
    main(sys.argv[1], *map(int, sys.argv[2:]))
