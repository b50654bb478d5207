"""The API under `/crm` of a practice's own Flask application, for the users that it knows.

Flask is WSGI and the API is ASGI, so `a2wsgi` stands between them. Run it with
`python examples/mounted_in_flask.py practice.db`; it prints its address and who may log in. In
earnest, serve it by a server for WSGI that speaks TLS, and let cookies keep to that.
"""

import secrets
import sys
from typing import Any, cast

from a2wsgi import ASGIMiddleware
from flask import Flask, abort, request, session
from litestar import Request as Asked
from werkzeug.middleware.dispatcher import DispatcherMiddleware
from werkzeug.serving import make_server

from orthocrm import Actor, Clinic, OrthoCRM, Role, connect
from orthocrm.authenticators import HostUser
from orthocrm.core.ids import UserId
from orthocrm.web import application

ROLES = {"dana": Role.TREATMENT_COORDINATOR, "rosa": Role.FRONT_DESK}
"""What each user of the practice's application may do; such an application keeps it in a table."""


def practice(crm: OrthoCRM, clinic: Clinic, passwords: dict[str, str]) -> Flask:
    """Make the practice's application, with the API in it."""
    app = Flask(__name__)
    app.secret_key = secrets.token_bytes()
    app.config["SESSION_COOKIE_SAMESITE"] = "Strict"  # no other site can ask for its user

    @app.post("/login")
    def login() -> dict[str, str]:
        asked = {name: str(request.get_json().get(name)) for name in ("user", "password")}
        user, known = asked["user"], passwords.get(asked["user"], secrets.token_urlsafe())
        if not secrets.compare_digest(asked["password"].encode(), known.encode()):
            abort(401)
        session["user"] = user
        return {"user": user}

    def who(asked: object) -> Actor | None:
        if not isinstance(asked, Asked):
            return None
        with app.request_context(asked.scope["wsgi_environ"]):  # type: ignore[typeddict-item] # of a2wsgi
            user = session.get("user")
        if user not in ROLES:
            return None
        return Actor(user=UserId(user), clinic=clinic.id, roles={ROLES[user]})

    api: Any = ASGIMiddleware(cast("Any", application(crm, [HostUser(who)])))  # typed otherwise
    app.wsgi_app = DispatcherMiddleware(app.wsgi_app, {"/crm": api})  # type: ignore[method-assign] # as Flask's documentation does
    return app


def main(database: str, port: int = 8000) -> None:
    """Serve a practice until interrupted."""
    with connect(f"sqlite:///{database}") as crm:
        name, zone = "Bright Smiles", "America/Chicago"
        clinic = next(iter(crm.clinics()), None) or crm.create_clinic(name=name, timezone=zone)
        passwords = {user: secrets.token_urlsafe() for user in ROLES}
        app = practice(crm, clinic, passwords)
        server = make_server("127.0.0.1", port, app, threaded=True)
        print(f"http://127.0.0.1:{server.server_port}/crm/api/openapi.json")
        print(*(f"{user} {password}" for user, password in passwords.items()), sep="\n", flush=True)
        server.serve_forever()


if __name__ == "__main__":
    main(sys.argv[1], *map(int, sys.argv[2:]))
