"""The version that a change is meant for, and the key by which a repetition is known."""

from tests.flows.practice import House
from tests.web.knocking import FAMILY, Knocking


def test_a_change_that_is_meant_for_an_older_version_is_not_made(
    desk: Knocking, here: House
) -> None:
    lead = here.lead().id
    first = {"If-Match": desk.ask("GET", f"/api/leads/{lead}").headers["etag"]}
    made = desk.ask("PUT", f"/api/leads/{lead}", {"notes": "one"}, headers=first)
    late = desk.ask("PUT", f"/api/leads/{lead}", {"notes": "two"}, headers=first)
    assert (made.status_code, late.status_code) == (200, 412)
    assert late.json()["code"] == "stale_version"
    assert desk.ask("GET", f"/api/leads/{lead}").json()["notes"] == "one"


def test_so_are_changes_that_hold_their_version(desk: Knocking) -> None:
    source = desk.ask("POST", "/api/lead-sources", {"name": "Radio", "category": "OTHER"}).json()
    path, first = f"/api/lead-sources/{source['id']}", {"If-Match": f'"{source["version"]}"'}
    assert desk.ask("PUT", path, {"name": "Local radio"}, headers=first).status_code == 200
    late = desk.ask("PUT", path, {"name": "Television"}, headers=first)
    assert (late.status_code, late.json()["code"]) == (412, "stale_version")


def test_a_tag_that_is_none_of_ours_is_malformed(desk: Knocking, here: House) -> None:
    refused = desk.ask(
        "PUT", f"/api/leads/{here.lead().id}", {"notes": "new"}, headers={"If-Match": "yesterday"}
    )
    assert (refused.status_code, refused.json()["problems"][0]["path"]) == (400, "If-Match")


def test_the_same_key_twice_makes_one_lead(desk: Knocking, here: House) -> None:
    key = {"Idempotency-Key": "k-1"}
    first = desk.ask("POST", "/api/leads", FAMILY, headers=key).json()
    second = desk.ask("POST", "/api/leads", FAMILY, headers=key).json()
    assert (first["replayed"], second["replayed"]) == (False, True)
    assert second["lead"]["id"] == first["lead"]["id"]
    misused = desk.ask("POST", "/api/leads", {**FAMILY, "firstName": "Eve"}, headers=key)
    assert (misused.status_code, misused.json()["code"]) == (409, "delivery_misused")
    assert len(here.coordinator.leads.find(mine=False).leads) == 1


def test_a_key_where_nothing_is_known_by_one_is_refused(desk: Knocking, here: House) -> None:
    path, key = f"/api/leads/{here.lead().id}/stage", {"Idempotency-Key": "k-1"}
    refused = desk.ask("POST", path, {"stage": "contacted"}, headers=key)
    assert (refused.status_code, refused.json()["problems"][0]["code"]) == (400, "not_offered")
