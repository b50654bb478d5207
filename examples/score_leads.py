"""Train a clinic's own model on what became of its leads, and say why the next ones score so.

Run it with `python examples/score_leads.py`.
"""

import random
from datetime import UTC, datetime, timedelta

from orthocrm import (
    Actor,
    Channel,
    CustomField,
    Desk,
    FieldKind,
    Intake,
    Loss,
    Role,
    Score,
    Settings,
    Start,
    connect,
)
from orthocrm.core.ids import LeadId

CHANCES = {"Patient referral": 0.75, "Community event": 0.45, "Print advertising": 0.15}
JAW = CustomField(
    name="jaw", label="Jaw", kind=FieldKind.CHOICE, choices=("crowded", "open_bite", "straight")
)
START = datetime(2026, 1, 5, 15, tzinfo=UTC)


class Year:
    """A clock that the script turns on."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        """Tell the time."""
        return self.now


def enquiry(place: int, source: str, jaw: str) -> Intake:
    """Make an enquiry."""
    return Intake(
        channel=Channel.MANUAL,
        first_name=f"Parent {place}",
        last_name="Example",
        email=f"parent{place}@example.com",
        source=source,
        referring_patient=f"patient-{place}" if source == "Patient referral" else None,
        custom={"jaw": jaw},
    )


def lived_through(desk: Desk, clock: Year, leads: int) -> None:
    """Give the practice a past: families come, and start treatment or do not."""
    drawn = random.Random(7)  # noqa: S311 - a believable past, no secret
    for week in range(leads // 20):
        clock.now = START + timedelta(weeks=week)
        won: list[LeadId] = []
        lost: list[LeadId] = []
        for place in range(20):
            source, jaw = drawn.choice([*CHANCES]), drawn.choice(JAW.choices)
            lead = desk.leads.capture(enquiry(week * 20 + place, source, jaw)).lead.id
            chance = CHANCES[source] + (0.2 if jaw == "crowded" else -0.1)
            (won if drawn.random() < chance else lost).append(lead)
        clock.now += timedelta(days=3)
        desk.pipeline.convert_many([Start(lead_id=lead) for lead in won])
        desk.pipeline.lose_many([Loss(lead_id=lead, reason="NO_RESPONSE") for lead in lost])


def main(leads: int = 400) -> None:
    """Train, and print what the model is worth and why two new leads score as they do."""
    clock = Year()
    with connect("memory://", clock=clock) as crm:
        clinic = crm.create_clinic(
            name="Bright Smiles",
            timezone="America/Chicago",
            settings=Settings(custom_fields=(JAW,)),
        )
        desk = crm.acting_as(Actor.system(Role.OPERATOR, clinic.id))
        desk.settings.add_coordinator("tc-1", "Dana Whitlock")
        lived_through(desk, clock, leads)

        report = desk.intelligence.train().report
        print(f"learnt from {report.rows} leads, {report.came} of whom converted")
        print(f"tested on {report.reliability.rows} that it had not seen")

        for place, (source, jaw) in enumerate(
            [("Patient referral", "crowded"), ("Print advertising", "straight")]
        ):
            lead = desk.leads.capture(enquiry(leads + place, source, jaw)).lead
            (score,) = desk.intelligence.score([lead.id])
            if isinstance(score, Score):
                print(f"{source}: {score.probability:.0%}")
                for reason in score.reasons[:3]:
                    print(f"  {reason.text}")


if __name__ == "__main__":
    main()
