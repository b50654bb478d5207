"""The channels that come with the library; plug-ins add theirs through the same hook."""

from collections.abc import Mapping

from orthocrm.leads.channels import google, meta, web_form
from orthocrm.leads.channels.delivery import Channel
from orthocrm.leads.channels.manual import Entries, QuickEntry
from orthocrm.leads.channels.phone import PhoneCall
from orthocrm.leads.channels.referral import DoctorReferral, PatientReferral
from orthocrm.leads.channels.walk_in import WalkIn

CHANNELS: Mapping[str, Channel] = {
    web_form.NAME: web_form.WebForm(),
    meta.NAME: meta.Meta(),
    google.NAME: google.Google(),
    "phone": Entries(PhoneCall),
    "walk_in": Entries(WalkIn),
    "doctor_referral": Entries(DoctorReferral),
    "patient_referral": Entries(PatientReferral),
    "manual": Entries(QuickEntry),
}
"""Every channel by the name that `desk.leads.receive` takes."""
