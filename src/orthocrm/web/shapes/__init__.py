"""The nouns of the source documents as these write them: flat, and by their names.

Importing this package teaches the codecs about them; every other noun goes out as it is.
"""

from orthocrm.analytics.reports import values
from orthocrm.analytics.results import Outcomes, Ratio
from orthocrm.core.activity import Activity
from orthocrm.core.appointment import Appointment
from orthocrm.core.lead import Lead
from orthocrm.core.schedule import RepeatedBlock, Schedule
from orthocrm.core.source import Source
from orthocrm.core.stage import Stage
from orthocrm.core.task import Task
from orthocrm.intelligence import scoring
from orthocrm.pipeline import board
from orthocrm.services.batch import Refused
from orthocrm.web.shapes import appointments, leads, refusals, sources, work
from orthocrm.web.wire.annotations import hide, name, show, tell_also, write_by
from orthocrm.web.wire.scalars import WallTime

show(Lead, leads.shown, leads.LeadShown)
show(Activity, work.activity_shown, work.LeadActivity)
show(Task, work.task_shown, work.LeadTask)
show(Source, sources.source_shown, sources.LeadSource)
show(Stage, sources.stage_shown, sources.PipelineStage)
show(Appointment, appointments.shown, appointments.AppointmentShown)
show(Refused, refusals.shown, refusals.RefusedItem)

name(board.Column, "BoardColumn")
name(scoring.Report, "ModelReport")
name(values.Kind, "CellKind")
name(values.Column, "ReportColumn")
hide(Schedule, "feed")
write_by(RepeatedBlock, "starts_at", WallTime())
tell_also(Ratio, "value")
tell_also(Outcomes, "conversion")
