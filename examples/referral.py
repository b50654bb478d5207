"""Referrals: a dentist and a patient send families, and the report says who sent how many.

Run it with `python examples/referral.py`.
"""

from collections import Counter

from orthocrm import (
    Actor,
    Desk,
    DoctorReferral,
    InvalidInput,
    PatientReferral,
    Referrer,
    Role,
    connect,
)

DR_KIM = Referrer(ref="dentist-17", name="Dr. Kim, Lakeside Dental")
"""`ref` is how the practice's own system knows the dentist; reports count by it."""


def referred(desk: Desk) -> None:
    """Note down three referrals."""
    desk.leads.enter(
        DoctorReferral(
            name="Maria Lopez",
            phone="312-555-0142",
            patient="Sofia Lopez",
            relationship="CHILD",
            about="crowding, sent with an X-ray",
            referrer=DR_KIM,
        )
    )
    desk.leads.enter(DoctorReferral(name="Omar Haddad", phone="312-555-0143", referrer=DR_KIM))
    desk.leads.enter(
        PatientReferral(
            name="Ann Lee", email="ann@example.com", referrer=Referrer(ref="patient-2041")
        )
    )


def without_referrer(desk: Desk) -> None:
    """Show that staff, who can still ask, have to say who referred."""
    try:
        desk.leads.enter(DoctorReferral(name="Bo Chen", phone="312-555-0144"))
    except InvalidInput as error:
        print(f"refused: {error}")


def main() -> None:
    """Enter referrals in a practice that was opened for this purpose, and count them."""
    with connect("memory://") as crm:
        clinic = crm.create_clinic(name="Bright Smiles", timezone="America/Chicago")
        operator = crm.acting_as(Actor.system(Role.OPERATOR, clinic.id))
        operator.settings.add_coordinator("tc-1", "Dana")
        front = crm.acting_as(Actor(user="fd-1", clinic=clinic.id, roles={Role.FRONT_DESK}))
        referred(front)
        without_referrer(front)
        origins = [lead.origin for lead in front.leads.find().leads]
        sent = Counter(o.referring_provider_ref or o.referring_patient_ref for o in origins)
        for referrer, families in sent.most_common():
            print(f"{referrer}: {families}")


if __name__ == "__main__":
    main()
