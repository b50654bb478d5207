"""A call at the front desk: who is it, what do they want, and who calls back.

Run it with `python examples/phone_desk.py`. In earnest, `look_up` asks the carrier of the practice.
"""

from orthocrm import (
    Actor,
    Caller,
    CallerDetails,
    Desk,
    LogEntry,
    Outside,
    PhoneCall,
    Role,
    connect,
)
from orthocrm.core.activity import ActivityDirection, CallOutcome, LeadActivityType

NAMES = {"+13125550142": "LOPEZ MARIA", "+13125550177": "CHEN LI"}


class Directory:
    """Caller ID from a list; it is asked only about numbers that no family in the practice has."""

    def look_up(self, number: str) -> CallerDetails | None:
        """Give the name of a number."""
        name = NAMES.get(number)
        return None if name is None else CallerDetails(name=name)


def greeting(caller: Caller) -> str:
    """Tell the front desk who is on the line."""
    if caller.household:
        patients = ", ".join(lead.patient.first_name for lead in caller.household)
        return f"the family of {patients}, {caller.household[0].contact.name}"
    if caller.details is not None:
        return f"perhaps {caller.details.name}"
    return "nobody we know"


def answer(desk: Desk, number: str, call: PhoneCall) -> None:
    """Look who calls; note a first call down as a lead, and any other on the family's lead."""
    caller = desk.leads.caller(number)
    print(f"the line shows {greeting(caller)}")
    if not caller.household:
        lead = desk.leads.enter(call).lead
        print(f"new lead: {lead.status}, still to ask: {', '.join(lead.enquiry.incomplete)}")
        return
    entry = LogEntry(
        type=LeadActivityType.PHONE_CALL,
        direction=ActivityDirection.INBOUND,
        call_outcome=CallOutcome.SPOKE,
        notes=call.about,
    )
    desk.followups.log(caller.household[0].id, entry)
    print("logged on the lead of the family")


def main() -> None:
    """Take three calls in a practice that was opened for this purpose."""
    with connect("memory://", outside=Outside(caller_id=Directory())) as crm:
        clinic = crm.create_clinic(name="Bright Smiles", timezone="America/Chicago")
        operator = crm.acting_as(Actor.system(Role.OPERATOR, clinic.id))
        operator.settings.add_coordinator("tc-1", "Dana")
        front = crm.acting_as(Actor(user="fd-1", clinic=clinic.id, roles={Role.FRONT_DESK}))
        first = PhoneCall(
            name="Maria Lopez", phone="312-555-0142", about="braces", patient="Sofia Lopez"
        )
        answer(front, "312-555-0142", first)
        answer(front, "312-555-0142", PhoneCall(about="would rather come on Tuesday"))
        answer(front, "312-555-0199", PhoneCall(name="Omar", phone="312-555-0199"))


if __name__ == "__main__":
    main()
