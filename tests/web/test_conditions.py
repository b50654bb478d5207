"""The version that a change is meant for, and the key that outlasts kept answers."""

from datetime import timedelta

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


def test_the_key_of_a_request_is_that_of_the_lead_too(desk: Knocking, here: House) -> None:
    """The lead's own key outlasts the answer that is kept for a day."""
    key = {"Idempotency-Key": "k-1"}
    first = desk.ask("POST", "/api/leads", FAMILY, headers=key).json()
    here.clock.advance(timedelta(days=2))
    second = desk.ask("POST", "/api/leads", FAMILY, headers=key)
    assert (first["replayed"], second.json()["replayed"]) == (False, True)
    assert "idempotency-replayed" not in second.headers
    assert second.json()["lead"]["id"] == first["lead"]["id"]
    here.clock.advance(timedelta(days=2))
    misused = desk.ask("POST", "/api/leads", {**FAMILY, "firstName": "Eve"}, headers=key)
    assert (misused.status_code, misused.json()["code"]) == (409, "delivery_misused")
    assert len(here.coordinator.leads.find(mine=False).leads) == 1
