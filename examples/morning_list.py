"""The morning of a coordinator: what to do first, by which means, and why.

Run it with `python examples/morning_list.py`.
"""

from orthocrm import (
    ActivityDirection,
    Actor,
    CallOutcome,
    Desk,
    Intake,
    LeadActivityType,
    LogEntry,
    Role,
    connect,
)
from orthocrm.testing.clock import FrozenClock

NO_ANSWER = LogEntry(type=LeadActivityType.PHONE_CALL, call_outcome=CallOutcome.NO_ANSWER)


def wrote(text: str) -> LogEntry:
    """Give an e-mail of a family."""
    return LogEntry(type=LeadActivityType.EMAIL, direction=ActivityDirection.INBOUND, notes=text)


def three_families(desk: Desk) -> dict[str, str]:
    """Take in three families, of whom one writes, one complains and one does not answer."""
    names: dict[str, str] = {}
    for place, (name, entries) in enumerate(
        {
            "Maria Lopez": [NO_ANSWER] * 3,
            "Omar Haddad": [wrote("Which documents do we have to bring?")],
            "Ann Lee": [wrote("Nobody ever called us back. This is unacceptable.")],
        }.items()
    ):
        first, last = name.split()
        asked = Intake(first_name=first, last_name=last, phone=f"312 555 014{place}")
        lead = desk.leads.capture(asked).lead
        names[lead.id] = name
        for entry in entries:
            desk.followups.log(lead.id, entry)
    return names


def main() -> None:
    """Show the list on a Tuesday, half an hour after the practice has opened."""
    clock = FrozenClock()
    with connect("memory://", clock=clock) as crm:
        clinic = crm.create_clinic(name="Bright Smiles", timezone="America/Chicago")
        crm.acting_as(Actor.system(Role.OPERATOR, clinic.id)).settings.add_coordinator(
            "dana", "Dana"
        )
        roles = {Role.TREATMENT_COORDINATOR}
        desk = crm.acting_as(Actor(user="dana", clinic=clinic.id, roles=roles))
        names = three_families(desk)
        clock.set(clock().replace(day=3, minute=30))
        for action in desk.intelligence.next_actions():
            also = f" (also {', '.join(action.also)})" if action.also else ""
            print(f"{action.means:5} {names[action.lead_id]}: {action.words}{also}")


if __name__ == "__main__":
    main()
