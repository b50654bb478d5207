"""What a client generated from the OpenAPI document looks like in use; see README.md."""

import sys
from getpass import getpass
from uuid import uuid4

from practice_api import AuthenticatedClient
from practice_api.api.leads import get_leads, get_leads_lead_id, post_leads, put_leads_lead_id
from practice_api.models.captured import Captured
from practice_api.models.intake import Intake
from practice_api.models.lead_edit import LeadEdit
from practice_api.models.lead_page import LeadPage
from practice_api.models.problem_details import ProblemDetails


def main(address: str, key: str) -> None:
    """Capture a lead, change it, be told what is wrong, and list what there is."""
    with AuthenticatedClient(base_url=address, token=key) as client:
        family = Intake(first_name="Maria", last_name="Lopez", phone="312-555-0142")
        once = str(uuid4())
        made = post_leads.sync(client=client, body=family, idempotency_key=once)
        if not isinstance(made, Captured):
            sys.exit(f"refused: {made}")
        again = post_leads.sync_detailed(client=client, body=family, idempotency_key=once)
        is_again = again.headers.get("Idempotency-Replayed") == "true"
        print(f"captured as {made.lead.status}", "and not twice" if is_again else "twice")

        lead = made.lead.id
        seen = get_leads_lead_id.sync_detailed(lead, client=client).headers["ETag"]
        for notes in ("prefers mornings", "prefers evenings"):  # the second has not seen the first
            edit = LeadEdit(notes=notes)
            told = put_leads_lead_id.sync(lead, client=client, body=edit, if_match=seen)
            print(f"refused: {told.code}" if isinstance(told, ProblemDetails) else "changed")

        wrong = post_leads.sync(client=client, body=Intake(first_name="Ann", email="ann"))
        if isinstance(wrong, ProblemDetails):
            print(*(f"{one.path}: {one.message}" for one in wrong.problems), sep="\n")

        page = get_leads.sync(client=client, mine=False, size=50)
        print(len(page.leads) if isinstance(page, LeadPage) else page, "lead")


if __name__ == "__main__":
    main(sys.argv[1], getpass("API key: "))
