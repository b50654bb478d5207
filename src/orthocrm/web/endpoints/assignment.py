"""Who takes care of which lead: assignment, transfers, absences and workload."""

from orthocrm.web.declaring import verb

ENDPOINTS = (
    verb("POST", "/api/leads/assign", "assignment.assign_many"),
    verb("POST", "/api/leads/{lead_id}/transfer", "assignment.transfer"),
    verb("POST", "/api/leads/{lead_id}/reassign-absent", "assignment.reassign_absent"),
    verb("GET", "/api/leads/{lead_id}/owners", "assignment.history"),
    verb("GET", "/api/workload", "assignment.workload"),
    verb("POST", "/api/assignment/unassigned", "assignment.assign_unassigned"),
    verb("POST", "/api/assignment/untouched", "assignment.reassign_untouched"),
    verb("POST", "/api/coordinators/{user}/transfer", "assignment.transfer_all"),
    verb("POST", "/api/coordinators/{user}/distribute", "assignment.distribute"),
    verb("POST", "/api/absences/{absence_id}/hand-over", "assignment.hand_over"),
    verb("POST", "/api/absences/{absence_id}/hand-back", "assignment.hand_back"),
)
"""Every decision leaves a record of who was passed over, and why."""
