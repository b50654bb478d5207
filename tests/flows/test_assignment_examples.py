"""The examples of assignment run, the plug-in as if it were installed."""

import importlib.util
import shutil
import tomllib
from pathlib import Path

import pytest
from attrs import evolve

from orthocrm import Actor, Intake, Pool, Role, Routing, connect
from orthocrm.core.ids import UserId

EXAMPLES = Path(__file__).parents[2] / "examples"
PLUGIN = EXAMPLES / "assignment_rule_plugin"


def test_leave_floods_nobody_and_the_cover_person_gives_back(
    capsys: pytest.CaptureFixture[str],
) -> None:
    path = EXAMPLES / "round_robin_with_leave.py"
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    module.main()

    assert capsys.readouterr().out.splitlines() == [
        "first week:  ana 3, ben 3, cleo 6",
        "Ana leaves 3 leads and 3 tasks with Ben",
        "on leave:    ben 4, cleo 8",
        "Ana is back and has her 3 leads again",
        "third week:  ana 3, ben 3, cleo 6",
        "ana by round_robin: ben not_chosen, cleo not_chosen",
    ]


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Put the package where an installer would, with the entry points that it declares."""
    project = tomllib.loads((PLUGIN / "pyproject.toml").read_text())["project"]
    shutil.copytree(PLUGIN / "src" / "language_first", tmp_path / "language_first")
    told = tmp_path / f"orthocrm_language_first-{project['version']}.dist-info"
    told.mkdir()
    (told / "METADATA").write_text(f"Name: {project['name']}\nVersion: {project['version']}\n")
    points = project["entry-points"]["orthocrm.plugins"]
    lines = [f"{name} = {target}" for name, target in points.items()]
    (told / "entry_points.txt").write_text("\n".join(["[orthocrm.plugins]", *lines, ""]))
    monkeypatch.syspath_prepend(tmp_path)


@pytest.mark.usefixtures("installed")
def test_an_installed_rule_is_found_and_decides() -> None:
    with connect("memory://") as crm:
        clinic = crm.create_clinic(name="Bright Smiles", timezone="America/Chicago")
        admin = crm.acting_as(Actor(user="boss", clinic=clinic.id, roles={Role.CLINIC_ADMIN}))
        front = crm.acting_as(Actor(user="front", clinic=clinic.id, roles={Role.FRONT_DESK}))
        for user in ("ana", "ben", "cleo"):
            admin.settings.add_coordinator(user, user.title())
        pool = Pool(name="language-es", members=(UserId("ben"), UserId("cleo")))
        present = admin.settings.practice().clinic.settings
        chain = ("language", "capacity", "round_robin")
        admin.settings.change(evolve(present, assignment=chain, routing=Routing(pools=(pool,))))
        campaigns = ("spring-es", "spring-es", "spring", "spring-es", "spring-de")
        captured = [
            front.leads.capture(
                Intake(first_name="K", last_name="L", email=f"{i}@example.com", campaign=campaign)
            )
            for i, campaign in enumerate(campaigns)
        ]

        owners = [item.lead.ownership.owner for item in captured]
        assert owners == ["ben", "cleo", "ana", "ben", "ben"]
        decision = admin.assignment.history(captured[0].lead.id)[0].decision
        assert [(one.user, one.reason) for one in decision.passed_over] == [
            ("ana", "language"),
            ("cleo", "not_chosen"),
        ]
