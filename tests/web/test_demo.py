"""`orthocrm demo`: the application over an invented practice, until it is told to end."""

import re
import signal
import subprocess
import sys
from pathlib import Path

import httpx

START = "import sys; from orthocrm.cli import main; main(sys.argv[1:])"


def test_the_demo_prints_where_it_is_and_who_can_come_in(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/practice.db"
    asked = ["demo", "--db", url, "--leads", "20", "--no-browser"]
    command = [sys.executable, "-c", START, *asked]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        try:
            address = server.stdout.readline().strip()
            told = "".join(iter(server.stdout.readline, "\n"))
            told += "".join(iter(server.stdout.readline, "\n"))
            (email,) = re.findall(r"\S+(?= +Marta Keller)", told)
            (password,) = re.findall(r"password of all is: (.+)", told)
            with httpx.Client(base_url=address, timeout=60) as client:
                assert email in client.get("/").text
                entered = client.post("/api/session", json={"email": email, "password": password})
                assert entered.json()["outcome"] == "IN"
                assert client.get("/api/board").status_code == 200
        finally:
            server.send_signal(signal.SIGTERM)
            server.wait(timeout=60)
    assert address.startswith("http://127.0.0.1:")
