"""A lead from the first contact to the start of treatment, in memory.

Run it with `python examples/quickstart.py`.
"""

from orthocrm import (
    Actor,
    CallOutcome,
    Channel,
    Intake,
    LeadActivityType,
    LogEntry,
    Role,
    connect,
)


def main() -> None:
    """Play one lead through the pipeline and print the funnel."""
    with connect("memory://") as crm:
        clinic = crm.create_clinic(name="Bright Smiles", timezone="America/Chicago")
        admin = crm.acting_as(Actor(user="boss", clinic=clinic.id, roles={Role.CLINIC_ADMIN}))
        admin.settings.add_coordinator("tc-1", "Dana Whitlock")
        admin.settings.add_coordinator("tc-2", "Luis Ferreira")

        front = crm.acting_as(Actor(user="front", clinic=clinic.id, roles={Role.FRONT_DESK}))
        captured = front.leads.capture(
            Intake(
                channel=Channel.MANUAL,
                first_name="Maria",
                last_name="Lopez",
                patient_first_name="Sofia",
                patient_last_name="Lopez",
                phone="(312) 555-0142",
                source="Community event",
            )
        )
        lead = captured.lead
        print(f"assigned to {lead.ownership.owner}, first task: {captured.tasks[0].title}")

        sibling = front.leads.capture(
            Intake(first_name="Maria", last_name="Lopez", phone="312.555.0142")
        )
        print(f"warned of {len(sibling.duplicates)} lead with the same phone")

        owner = lead.ownership.owner or "tc-1"
        desk = crm.acting_as(
            Actor(user=owner, clinic=clinic.id, roles={Role.TREATMENT_COORDINATOR})
        )
        call = LogEntry(type=LeadActivityType.PHONE_CALL, call_outcome=CallOutcome.SPOKE)
        desk.followups.log(lead.id, call)
        desk.pipeline.move(lead.id, "contacted")
        desk.pipeline.move(lead.id, "consultation_completed")
        started = desk.pipeline.convert(lead.id)
        print(f"now a patient: {started.lead.status}")

        for step in admin.analytics.funnel().total.steps:
            print(f"{step.name:24}{step.reached}")


if __name__ == "__main__":
    main()
