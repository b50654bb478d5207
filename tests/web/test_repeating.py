"""`Idempotency-Key`: one effect, and the first answer again."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from attrs import evolve

import orthocrm
from orthocrm import Role
from orthocrm.core.activity import LeadActivityType
from orthocrm.core.answers import AnswerState, KeptAnswer
from orthocrm.core.errors import BackendError
from orthocrm.core.ids import ClinicId, LeadId, UserId
from orthocrm.core.query import Cond, both
from orthocrm.services import answers
from orthocrm.services.access.users import NewUser
from orthocrm.services.work import everything
from orthocrm.testing.clock import FrozenClock
from orthocrm.testing.suite.arranged import together
from orthocrm.web import repeating
from orthocrm.web.endpoints import ENDPOINTS
from tests.flows.practice import House
from tests.web.knocking import FAMILY, PATIENT, Knocking, knocking

NOTE = {"type": "NOTE", "notes": "asked for a call"}


@pytest.fixture(scope="module")
def house() -> Iterator[House]:
    clock = FrozenClock()
    with orthocrm.connect("memory://", clock=clock, discover_plugins=False) as crm:
        settings = orthocrm.Settings(fallback=UserId("manager"))
        clinic = crm.create_clinic(name="Bright", timezone="UTC", settings=settings)
        made = House(crm, clinic, clock)
        made.admin.settings.add_coordinator(UserId("tc-1"), "Ana")
        yield made


@pytest.fixture(scope="module")
def desk(house: House) -> Iterator[Knocking]:
    found = knocking(house, PATIENT)
    with found.client:
        yield found


def key(name: str) -> dict[str, str]:
    return {"Idempotency-Key": name}


def kept(house: House) -> list[KeptAnswer]:
    with house.crm._backend.begin(house.clinic.id) as store:
        return list(everything(store.answers))


def log(desk: Knocking, name: str, lead: LeadId, body: object = NOTE) -> Any:
    return desk.ask("POST", f"/api/leads/{lead}/activities", body, headers=key(name))


def notes(house: House, lead: LeadId) -> int:
    mine = both(Cond("lead_id", "eq", lead), Cond("type", "eq", LeadActivityType.NOTE))
    with house.crm._backend.begin(house.clinic.id) as store:
        return store.activities.count(mine)


def test_a_repetition_gets_the_first_answer_and_has_no_effect(desk: Knocking, house: House) -> None:
    path = f"/api/leads/{house.lead().id}"
    first = desk.ask("PUT", path, {"notes": "one"}, headers=key("a"))
    version = desk.ask("GET", path).headers["etag"]
    again = desk.ask("PUT", path, {"notes": "one"}, headers=key("a"))
    assert (first.status_code, again.status_code) == (200, 200)
    assert (again.content, again.headers["etag"]) == (first.content, first.headers["etag"])
    assert again.headers["content-type"] == first.headers["content-type"]
    assert "idempotency-replayed" not in first.headers
    assert again.headers["idempotency-replayed"] == "true"
    assert "ratelimit-remaining" in again.headers
    assert desk.ask("GET", path).headers["etag"] == version


def test_a_refusal_is_an_answer_too(desk: Knocking) -> None:
    path = "/api/leads/01a1ff98-076d-7000-bd01-799ebd7ab7f5/stage"
    told = [desk.ask("POST", path, {"stage": "contacted"}, headers=key("b")) for _ in range(2)]
    assert [one.status_code for one in told] == [404, 404]
    assert (told[0].json(), told[1].headers["content-type"]) == (
        told[1].json(),
        "application/problem+json",
    )
    assert told[1].headers["idempotency-replayed"] == "true"


def test_a_request_that_is_none_uses_no_key(desk: Knocking, house: House) -> None:
    lead = house.lead().id
    assert log(desk, "c", lead, {"type": 7}).status_code == 400
    assert log(desk, "c", lead).status_code == 201


@pytest.mark.parametrize("what", ["body", "path", "version"])
def test_a_key_of_another_request_is_refused(desk: Knocking, house: House, what: str) -> None:
    path, own = f"/api/leads/{house.lead().id}", key(f"d-{what}")
    assert desk.ask("PUT", path, {"notes": "one"}, headers=own).status_code == 200
    before = desk.ask("GET", path).content
    asked: dict[str, tuple[str, str, dict[str, str]]] = {
        "body": (path, "two", {}),
        "path": (f"/api/leads/{house.lead().id}", "one", {}),
        "version": (path, "one", {"If-Match": '"1"'}),
    }
    elsewhere, text, more = asked[what]
    refused = desk.ask("PUT", elsewhere, {"notes": text}, headers={**own, **more})
    assert (refused.status_code, refused.json()["code"]) == (422, "key_reused")
    assert desk.ask("GET", path).content == before


def test_others_may_choose_the_same_key(desk: Knocking) -> None:
    made = [
        desk.ask("POST", "/api/leads", FAMILY, user=user, headers=key("e"))
        for user in ("manager", "tc-1")
    ]
    ids = [one.json()["lead"]["id"] for one in made]
    assert ([one.status_code for one in made], len({*ids})) == ([201, 201], 2)
    assert "idempotency-replayed" not in made[1].headers


def test_of_requests_that_come_at_once_one_is_carried_out(desk: Knocking, house: House) -> None:
    lead = house.lead().id
    told = together(*[lambda: log(desk, "f", lead)] * 8)
    assert {one.status_code for one in told} <= {201, 409}
    firsts = [
        one for one in told if one.status_code == 201 and "idempotency-replayed" not in one.headers
    ]
    assert len(firsts) == 1
    assert {one.json()["code"] for one in told if one.status_code == 409} <= {"still_running"}
    assert notes(house, lead) == 1
    assert log(desk, "f", lead).content == firsts[0].content


@pytest.mark.parametrize("is_done", [False, True])
def test_what_the_server_could_not_do_is_not_kept(
    desk: Knocking, house: House, monkeypatch: pytest.MonkeyPatch, *, is_done: bool
) -> None:
    """But what it did counts, also when the line was cut behind the commit."""
    lead, own, backend = house.lead().id, f"h-{is_done}", type(house.crm._backend)
    begin, real, marks = backend.begin, answers.done, list[str]()

    def marking(*given: Any) -> None:
        real(*given)
        marks.append("in this unit of work")

    @contextmanager
    def cut(self: Any, clinic: ClinicId) -> Iterator[Any]:
        with begin(self, clinic) as unit:
            yield unit
            if marks and not is_done:
                marks.clear()
                raise BackendError("the line was cut before the commit")
        if marks:
            marks.clear()
            raise BackendError("the line was cut behind the commit")

    with monkeypatch.context() as patch:
        patch.setattr(answers, "done", marking)
        patch.setattr(backend, "begin", cut)
        assert log(desk, own, lead).status_code == 503
    again = log(desk, own, lead)
    assert (again.status_code, notes(house, lead)) == (201, 1)
    assert ("idempotency-replayed" in again.headers) is is_done


def test_of_several_verbs_it_is_known_that_they_changed_something(
    desk: Knocking, house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed between the change and its answer, the request is not made once more."""
    made = house.admin.sources.all()[0]
    path, new = f"/api/lead-sources/{made.id}", {"name": "Local radio"}
    with monkeypatch.context() as patch:
        patch.setattr(answers.KeptAnswers, "end", _killed)
        assert desk.ask("PUT", path, new, headers=key("o")).status_code == 500
    again = desk.ask("PUT", path, new, headers=key("o"))
    assert (again.status_code, again.json()["code"]) == (409, "answer_lost")
    told = [desk.ask("PUT", path, new, headers=key("p")) for _ in range(2)]
    assert (told[0].status_code, told[1].content) == (200, told[0].content)
    assert house.admin.sources.all()[0].version == made.version + 2


def _killed(*_: object) -> None:
    raise RuntimeError


def test_after_a_day_it_is_a_new_request(desk: Knocking, house: House) -> None:
    lead = house.lead().id
    log(desk, "i", lead)
    house.clock.advance(timedelta(hours=24))
    assert log(desk, "i", lead, {"type": "NOTE", "notes": "another"}).status_code == 201
    house.crm.work()
    house.clock.advance(timedelta(hours=24, seconds=1))
    house.crm.work()
    assert kept(house) == []


def test_a_request_that_died_may_be_made_again(desk: Knocking, house: House) -> None:
    lead = house.lead().id
    log(desk, "j", lead)
    _put(house, AnswerState.RUNNING)
    assert log(desk, "j", lead).json()["code"] == "still_running"
    house.clock.advance(answers.LEASE)
    assert log(desk, "j", lead).status_code == 201
    assert notes(house, lead) == 2


def _put(house: House, state: AnswerState) -> None:
    """Bring every kept answer into a state in which a killed process leaves it."""
    with house.crm._backend.begin(house.clinic.id) as store:
        until = house.clock() + answers.LEASE
        found = everything(store.answers)
        store.answers.save([evolve(one, state=state, until=until, body="") for one in found])


def test_an_erasure_forgets_every_answer(desk: Knocking, house: House) -> None:
    made = desk.ask("POST", "/api/leads", {**FAMILY, "firstName": "Qzmaria"}, headers=key("k"))
    assert any("Qzmaria" in one.body for one in kept(house))
    house.admin.privacy.erase(made.json()["lead"]["id"])
    assert {one.state for one in kept(house)} == {AnswerState.LOST}
    assert [one.body for one in kept(house) if one.body] == []
    again = desk.ask("POST", "/api/leads", {**FAMILY, "firstName": "Qzmaria"}, headers=key("k"))
    assert (again.status_code, again.json()["code"]) == (409, "answer_lost")


def test_what_opens_something_is_told_once(desk: Knocking, house: House) -> None:
    zoe = house.admin.access.add_user(NewUser(name="Zoe", roles=[Role.FRONT_DESK])).user.id
    new = {"name": "till", "user": zoe, "scopes": ["lead:read"]}
    first = desk.ask("POST", "/api/keys", new, headers=key("l"))
    again = desk.ask("POST", "/api/keys", new, headers=key("l"))
    assert first.status_code == 201
    assert (again.status_code, again.json()["code"]) == (409, "answer_lost")
    assert [one for one in kept(house) if first.json()["token"] in one.body] == []
    assert [one.name for one in house.admin.access.api_keys()] == ["till"]


def test_strangers_have_no_keys(desk: Knocking) -> None:
    told = desk.ask("POST", "/api/session", {}, role=None, headers=key("m"))
    assert (told.status_code, told.json()["problems"][0]["code"]) == (400, "not_offered")


def test_every_change_of_somebody_known_takes_a_key(desk: Knocking) -> None:
    document = desk.ask("GET", "/api/openapi.json").json()
    for endpoint in ENDPOINTS:
        told = document["paths"][endpoint.pattern][endpoint.method.lower()]
        names = {one["name"] for one in told.get("parameters", [])}
        wanted = endpoint.method != "GET" and not endpoint.is_public
        assert (repeating.KEY in names) is wanted, endpoint.id
        answer = told["responses"][str(int(endpoint.status))]
        assert (repeating.REPLAYED in answer.get("headers", {})) is wanted
