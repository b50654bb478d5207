"""`/api/settings`: what the practice decides for itself."""

from collections.abc import Sequence

from attrs import evolve, frozen

from orthocrm.core.coordinator import Coordinator
from orthocrm.core.errors import NotFound
from orthocrm.core.forms import FormDefinition
from orthocrm.core.settings import Clinic, Settings
from orthocrm.core.visit_type import BookableResource, VisitType
from orthocrm.desk import Desk
from orthocrm.web.declaring import function, verb
from orthocrm.web.wire.annotations import Changes


def clinic(desk: Desk) -> Clinic:
    """Read the clinic and its settings."""
    return desk.settings.practice().clinic


def change(desk: Desk, edit: Changes[Settings]) -> Clinic:
    """Change settings; what is not named stays."""
    return desk.settings.change(evolve(desk.settings.practice().clinic.settings, **edit))


def coordinators(desk: Desk) -> Sequence[Coordinator]:
    """List the coordinators."""
    return desk.settings.practice().coordinators


@frozen(kw_only=True)
class CoordinatorFields:
    """What may be changed of a coordinator."""

    name: str
    weight: int
    capacity: int | None
    is_active: bool
    version: int


def change_coordinator(desk: Desk, user: str, edit: Changes[CoordinatorFields]) -> Coordinator:
    """Change a coordinator; what is not named stays."""
    for one in desk.settings.practice().coordinators:
        if one.id == user:
            return desk.settings.change_coordinator(evolve(one, **edit))
    raise NotFound("coordinator")


def forms(desk: Desk) -> Sequence[FormDefinition]:
    """List the web forms."""
    return desk.settings.practice().clinic.settings.forms


def visit_types(desk: Desk) -> Sequence[VisitType]:
    """List what can be booked."""
    return desk.settings.practice().clinic.settings.visit_types


def resources(desk: Desk) -> Sequence[BookableResource]:
    """List the chairs, rooms and devices."""
    return desk.settings.practice().clinic.settings.resources


ENDPOINTS = (
    function("GET", "/api/settings", "settings.practice", clinic),
    function("PATCH", "/api/settings", "settings.change", change),
    verb("PUT", "/api/settings/name", "settings.rename"),
    function("GET", "/api/coordinators", "settings.practice", coordinators),
    verb("POST", "/api/coordinators", "settings.add_coordinator", 201),
    function("PUT", "/api/coordinators/{user}", "settings.change_coordinator", change_coordinator),
    function("GET", "/api/forms", "settings.practice", forms),
    verb("POST", "/api/forms", "settings.save_form"),
    verb("DELETE", "/api/forms/{slug}", "settings.remove_form"),
    verb("GET", "/api/mappings", "settings.mappings"),
    verb("POST", "/api/mappings", "settings.save_mapping"),
    verb("DELETE", "/api/mappings/{name}", "settings.remove_mapping"),
    function("GET", "/api/appointment-types", "settings.practice", visit_types),
    verb("POST", "/api/appointment-types", "settings.save_visit_type"),
    verb("DELETE", "/api/appointment-types/{slug}", "settings.remove_visit_type"),
    function("GET", "/api/resources", "settings.practice", resources),
    verb("PUT", "/api/resources", "settings.set_resources"),
    verb("PUT", "/api/reminder-rules", "settings.set_reminders"),
    verb("POST", "/api/templates/preview", "settings.preview"),
)
"""Rules, templates, sequences, custom fields and business hours are parts of the settings."""
