"""What a transaction may see where the engine itself keeps clinics apart."""

from attrs import frozen

from orthocrm.core.ids import ClinicId


@frozen
class Sight:
    """What a transaction may see: a setting that the policies ask for, and its value."""

    setting: str
    value: str


CLINIC = "orthocrm.clinic"
"""The setting that names the clinic whose rows a transaction sees."""


def of_clinic(clinic: ClinicId) -> Sight:
    """See, and change, the rows of one clinic."""
    return Sight(CLINIC, clinic)


LIST_OF_CLINICS = Sight("orthocrm.every_clinic", "on")
"""See who the clinics are, and nothing of what is theirs: for operators and workers."""
