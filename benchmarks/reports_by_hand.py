"""Every report of the catalogue as somebody would ask for its numbers who writes SQL by hand.

A report's answer is `{table: {key of a row: {column: number}}}`, with the names of the library's
own report; the key is `Total` for the last row, and None for a group that nobody recorded.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from attrs import frozen

from benchmarks.by_hand import ByHand, Label, Pair, Spread, Total

Cells = dict[str, Any]
Tables = dict[str, dict[Label, Cells]]

ONLY = ""
"""The key of a table that has one row only."""

_DAY, _MINUTE = 86_400_000, 60_000

_ALIVE = "leads WHERE clinic_id = :clinic AND deleted_at IS NULL"
_COHORT = f"{_ALIVE} AND created_at >= :start AND created_at < :until"
_WON = "converted_at IS NOT NULL"
_LOST = "lost_at IS NOT NULL AND converted_at IS NULL"
_OPEN = "lost_at IS NULL AND converted_at IS NULL"
_WON_THEN = "converted_at >= :start AND converted_at < :until"
_LOST_THEN = f"{_LOST} AND lost_at >= :start AND lost_at < :until"
_CAME_THEN = "created_at >= :start AND created_at < :until"

_NOT_LIVE = "ms_to_contact IS DISTINCT FROM 0"
_CLOCK = f"{_NOT_LIVE} AND (first_attempt_at IS NOT NULL OR observed_at IS NULL)"
_TRIED = f"{_CLOCK} AND first_attempt_at IS NOT NULL"
_NEVER = f"{_CLOCK} AND first_attempt_at IS NULL"
_TARGET = 5 * _MINUTE

_KEPT = "status IN ('ARRIVED', 'IN_PROGRESS', 'COMPLETED')"
_MISSED = "status = 'NO_SHOW'"
_FIXED = "status IN ('BOOKED', 'CONFIRMED')"


def _count(where: str) -> str:
    return f"count(*) FILTER (WHERE {where})"


@frozen(kw_only=True)
class Asked:
    """What is asked: a connection, the values of the parameters, and what else reports need."""

    db: ByHand
    given: Mapping[str, object]
    steps: Sequence[str]
    """The stages of the funnel in their order."""
    pieces: Sequence[str]
    """The first days of the pieces of the period; `:p0`, `:p1` and so on are where they begin."""
    categories: Mapping[str | None, str | None]
    """The category of each source."""
    shared: int = 12
    """How many months of the costs the period has."""

    def groups(self, rows: str, key: str, counts: Sequence[str], *spreads: Spread) -> Any:  # noqa: ANN401 - what drivers give
        """Give counts and spreads by key."""
        return self.db.groups(rows, key, ", ".join(counts), spreads, self.given)

    def one(self, sql: str) -> Any:  # noqa: ANN401 - what drivers give
        """Give the only row."""
        return self.db.rows(sql, self.given)[0]

    def piece(self, at: str) -> str:
        """Write in which piece of the period an instant lies."""
        pieces = self.pieces
        inside = [f"WHEN {at} < :p{place} THEN {place - 1}" for place in range(1, len(pieces))]
        return f"CASE {' '.join(inside)} ELSE {len(pieces) - 1} END"


def _over(top: float, bottom: float) -> float | None:
    return top / bottom if bottom else None


def _times(pair: Pair, unit: int) -> Pair:
    median, p90 = pair
    return (None if median is None else median / unit, None if p90 is None else p90 / unit)


def funnel(asked: Asked) -> Tables:
    """Count the cohort by its furthest stage."""
    outcomes = ", ".join(map(_count, (_OPEN, _WON, _LOST)))
    rows = asked.db.rows(
        f"SELECT furthest, {outcomes} FROM {_COHORT} GROUP BY furthest", asked.given
    )
    counts = dict.fromkeys(asked.steps, (0, 0, 0)) | {stage: tuple(c) for stage, *c in rows}
    here = [counts[step] for step in asked.steps]
    reached = [sum(map(sum, here[place:])) for place in range(len(here))]
    steps: dict[Label, Cells] = {
        step: {"reached": n, "drop_off": lost, "still_open": still}
        for step, n, (still, _, lost) in zip(asked.steps, reached, here, strict=True)
    }
    still, won, lost = (sum(column) for column in zip(*here, strict=True))
    standing = {"leads": reached[0], "converted": won, "lost": lost, "open": still}
    return {"steps": steps, "standing": {ONLY: standing}}


def sources(asked: Asked) -> Tables:
    """Compare the sources."""
    found = asked.groups(
        _COHORT, "source", ("count(*)", _count(_WON)), Spread(value="ms_to_convert", where=_WON)
    )
    return {"sources": {label: _performance(*cells) for label, cells in found.items()}}


def _performance(counts: Sequence[int], pairs: Sequence[Pair]) -> Cells:
    leads, won = counts
    return {
        "leads": leads,
        "converted": won,
        "conversion_rate": _over(won, leads),
        "median_days": _times(pairs[0], _DAY)[0],
    }


def summary(asked: Asked) -> Tables:
    """Tell of the cohort, of the period, of sources and of reasons."""
    took = ("coalesce(sum(ms_to_convert), 0)", "count(ms_to_convert)", _count("ms_to_convert < 0"))
    cohort = asked.groups(
        _COHORT,
        "source",
        ("count(*)", *map(_count, (_WON, _LOST, _OPEN)), *took),
        Spread(value="ms_to_convert", where=_WON),
    )
    (leads, won, lost, still, *days), pairs = cohort[Total]
    then = asked.groups(
        f"{_ALIVE} AND {_WON_THEN}", "0", ("count(*)", *took), Spread(value="ms_to_convert")
    )
    (conversions, *days_then), pairs_then = then[Total]
    reasons = asked.groups(f"{_ALIVE} AND {_LOST_THEN}", "lost_reason", ("count(*)",))
    of_cohort = {"leads": leads, "converted": won, "lost": lost, "open": still}
    losses = reasons[Total][0][0]
    of_period = {"converted": conversions, "lost": losses}
    return {
        "cohort": {ONLY: of_cohort | _days(days, _times(pairs[0], _DAY))},
        "period": {ONLY: of_period | _days(days_then, _times(pairs_then[0], _DAY))},
        "sources": _shares({label: counts[0] for label, (counts, _) in cohort.items()}, "leads"),
        "lost_reasons": _shares({k: counts[0] for k, (counts, _) in reasons.items()}, "lost"),
    }


def _days(counts: Sequence[int], spread: Pair) -> Cells:
    (took, n, errors), (median, p90) = counts, spread
    mean = _over(took / _DAY, n)
    return {"mean_days": mean, "median_days": median, "p90_days": p90, "data_errors": errors}


def _shares(counts: Mapping[Label, int], name: str) -> dict[Label, Cells]:
    return {
        label: {name: count, "share": _over(count, counts[Total])}
        for label, count in counts.items()
        if label is not Total
    }


def stages(asked: Asked) -> Tables:
    """Tell how long leads stayed in stages, and how old those are that stand there."""
    over = (
        "(SELECT v.stage, sum(v.ms) AS ms, sum(coalesce(v.business_ms, 0)) AS business"
        " FROM stage_visits v JOIN leads l ON l.clinic_id = v.clinic_id AND l.id = v.lead_id"
        " WHERE v.clinic_id = :clinic AND l.deleted_at IS NULL AND NOT v.observed"
        " AND v.stage NOT IN ('treatment_started', 'lost')"
        " AND v.left_at >= :start AND v.left_at < :until GROUP BY v.stage, v.lead_id) AS stays"
    )
    since = asked.db.ms("entered_at", ":now")
    late = (
        "stage = 'pending_decision' AND entered_at < :week_ago AND NOT EXISTS (SELECT 1"
        " FROM tasks t WHERE t.clinic_id = :clinic AND t.lead_id = leads.id"
        " AND t.status IN ('PENDING', 'IN_PROGRESS') AND t.due_at > :now)"
    )
    standing = (
        f"(SELECT stage, {since} AS age, CASE WHEN {late} THEN 1 ELSE 0 END AS late FROM {_ALIVE}"
        " AND status IN ('NEW', 'ACTIVE')"
        " AND (recall_due_on IS NULL OR recall_due_on <= :today)) AS standing"
    )
    stayed = asked.db.groups(
        over,
        "stage",
        "count(*), sum(ms)",
        (Spread(value="ms"), Spread(value="business")),
        asked.given,
        whole=False,
    )
    there = asked.db.groups(
        standing, "stage", "count(*), sum(late)", (Spread(value="age"),), asked.given, whole=False
    )
    nobody, nothing = ([0, 0], [(None, None)] * 2), ([0, 0], [(None, None)])
    return {
        "stages": {
            step: _stay(stayed.get(step, nobody), there.get(step, nothing))
            for step in asked.steps[:-1]
        }
    }


def _stay(stayed: Any, there: Any) -> Cells:  # noqa: ANN401 - what drivers give
    (n, took), (calendar, business) = stayed
    (still, late), (ages,) = there
    median, p90 = _times(calendar, _DAY)
    return {
        "left": n,
        "mean": _over(float(took) / _DAY, n),
        "median": median,
        "p90": p90,
        "business_median": _times(business, _DAY)[0],
        "open": still,
        "median_age": _times(ages, _DAY)[0],
        "over_age": late,
    }


def months(asked: Asked) -> Tables:
    """Put the cohorts of the months beside each other."""
    found = asked.groups(
        _COHORT,
        asked.piece("created_at"),
        ("count(*)", *map(_count, (_WON, _LOST, _OPEN))),
        Spread(value="ms_to_convert", where=_WON),
    )
    then = asked.groups(f"{_ALIVE} AND {_WON_THEN}", asked.piece("converted_at"), ("count(*)",))
    return {
        "reached": _reached(asked),
        "months": {
            label if label is Total else asked.pieces[label]: _month(
                counts, pairs, then[label][0][0] if label in then else 0
            )
            for label, (counts, pairs) in found.items()
        },
    }


def _reached(asked: Asked) -> dict[Label, Cells]:
    """Count how far the leads of each month came."""
    outcomes = ", ".join(map(_count, (_WON, f"NOT ({_WON})")))
    rows = asked.db.rows(
        f"SELECT {asked.piece('created_at')} AS month, furthest, {outcomes} FROM {_COHORT}"
        " GROUP BY 1, furthest",
        asked.given,
    )
    here = {piece: dict.fromkeys(asked.steps, 0) for piece in range(len(asked.pieces))}
    for month, furthest, won, others in rows:
        here[month][asked.steps[-1]] += won
        here[month][furthest] += others
    return {
        asked.pieces[month]: {
            "leads": sum(stood.values()),
            **{
                f"reached_{step}": sum(stood[later] for later in asked.steps[place:])
                for place, step in enumerate(asked.steps)
            },
        }
        for month, stood in here.items()
    }


def _month(counts: Sequence[int], pairs: Sequence[Pair], conversions: int) -> Cells:
    leads, won, lost, still = counts
    return {
        "leads": leads,
        "converted": won,
        "lost": lost,
        "open": still,
        "conversion": _over(won, leads),
        "median_days": _times(pairs[0], _DAY)[0],
        "conversions": conversions,
    }


def coordinators(asked: Asked) -> Tables:
    """Compare the coordinators, who holds a lead and who got it first."""
    held = asked.groups(
        _COHORT, "owner", ("count(*)", _count(_WON)), Spread(value="ms_to_convert", where=_WON)
    )
    first = asked.groups(_COHORT, "first_owner", ("count(*)", _count(_WON)))
    rows: dict[Label, Cells] = {}
    for label, ((leads, won), (days,)) in held.items():
        rows[label] = {"leads": leads, "converted": won, "median_days": _times(days, _DAY)[0]}
    for label, ((leads, won), _) in first.items():
        rows.setdefault(label, {}).update({"first_leads": leads, "first_converted": won})
    return {"coordinators": rows}


def agents(asked: Asked) -> Tables:
    """Tell what each agent converts, how soon each answers, and what each has to do."""
    spreads = Spread(value="ms_to_attempt"), Spread(value="ms_to_contact")
    counts = ("count(*)", _count(_WON), *_in_time())
    cohort = asked.groups(_COHORT, "owner", counts, *spreads)
    shown = asked.groups(_consultations(), "owner", (_count(_KEPT), _count(_MISSED)))
    rows = _workload(asked)
    for label, ((leads, won, quick, due), (tried, reached)) in cohort.items():
        kept, missed = shown[label][0] if label in shown else (0, 0)
        rows.setdefault(label, {}).update(
            {
                "leads": leads,
                "conversion": _over(won, leads),
                "in_time": _over(quick, due),
                "minutes_to_attempt": _times(tried, _MINUTE)[0],
                "minutes_to_contact": _times(reached, _MINUTE)[0],
                "show_rate": _over(kept, kept + missed),
            }
        )
    return {"agents": rows}


def _in_time() -> tuple[str, str]:
    """Count who was tried in time by the business clock, and who should have been."""
    due = f"({_TRIED}) OR ({_NEVER} AND created_at <= :due)"
    return _count(f"{_TRIED} AND business_ms_to_attempt <= {_TARGET}"), _count(due)


def _consultations(where: str = "starts_at >= :start AND starts_at < :until") -> str:
    return (
        "(SELECT a.status, a.starts_at, l.owner, l.source FROM appointments a"
        " JOIN leads l ON l.clinic_id = a.clinic_id AND l.id = a.lead_id"
        " WHERE a.clinic_id = :clinic AND l.deleted_at IS NULL"
        f" AND a.type IN ('consultation', 'enrollment') AND {where} AND a.starts_at <= :now)"
        " AS consultations"
    )


def workload(asked: Asked) -> Tables:
    """Tell what each coordinator has to do."""
    return {"workload": _workload(asked)}


def _workload(asked: Asked) -> dict[Label, Cells]:
    tasks = (
        "(SELECT t.assigned_to, t.due_at FROM tasks t"
        " JOIN leads l ON l.clinic_id = t.clinic_id AND l.id = t.lead_id"
        " WHERE t.clinic_id = :clinic AND l.deleted_at IS NULL"
        " AND t.status IN ('PENDING', 'IN_PROGRESS')) AS tasks"
    )
    week = (
        "(SELECT l.owner FROM appointments a"
        " JOIN leads l ON l.clinic_id = a.clinic_id AND l.id = a.lead_id"
        " WHERE a.clinic_id = :clinic AND l.deleted_at IS NULL"
        " AND a.type IN ('consultation', 'enrollment')"
        " AND a.status IN ('BOOKED', 'CONFIRMED', 'ARRIVED', 'IN_PROGRESS', 'COMPLETED')"
        " AND a.starts_at >= :monday AND a.starts_at < :next_monday) AS week"
    )
    standing = f"{_ALIVE} AND {_OPEN} AND archived_at IS NULL"
    rows: dict[Label, Cells] = {}
    for names, found in (
        (("open_leads",), asked.groups(standing, "owner", ("count(*)",))),
        (
            ("open_tasks", "overdue_tasks"),
            asked.groups(tasks, "assigned_to", ("count(*)", _count("due_at < :now"))),
        ),
        (("consultations",), asked.groups(week, "owner", ("count(*)",))),
    ):
        for label, (counts, _) in found.items():
            rows.setdefault(label, {}).update(zip(names, counts, strict=True))
    return rows


def losses(asked: Asked) -> Tables:
    """Tell why leads are lost: by the date of loss, and by cohort."""
    rows = f"{_ALIVE} AND {_LOST} AND ((lost_at >= :start AND lost_at < :until) OR ({_CAME_THEN}))"
    counts = _count("lost_at >= :start AND lost_at < :until"), _count(_CAME_THEN)
    keys = {"reasons": "lost_reason", "stages": "lost_stage", "sources": "source"}
    return {
        table: {
            label: dict(zip(("lost", "cohort_lost"), counted, strict=True))
            for label, (counted, _) in asked.groups(rows, key, counts).items()
        }
        for table, key in keys.items()
    }


def roi(asked: Asked) -> Tables:
    """Tell what sources cost and bring; categories are added up from them."""
    rows = f"{_ALIVE} AND (({_CAME_THEN}) OR ({_WON_THEN}))"
    counts = _count(_CAME_THEN), _count(f"{_CAME_THEN} AND {_WON}"), _count(_WON_THEN)
    monthly = asked.db.rows(
        "SELECT source, sum(amount) FROM spend WHERE clinic_id = :clinic GROUP BY source",
        asked.given,
    )
    spent = {source: amount for source, amount in monthly}  # noqa: C416 - rows are no pairs to mypy
    found = {k: list(counts) for k, (counts, _) in asked.groups(rows, "source", counts).items()}
    costs = {k: asked.shared * float(spent.get(k, 0)) / 100 for k in found if k is not Total}
    categories: dict[Label, list[float]] = {}
    for label, numbers in found.items():
        if label is not Total:
            name = asked.categories[label]
            before = categories.get(name, [0, 0, 0, 0])
            both = zip(before, (*numbers, costs[label]), strict=True)
            categories[name] = [a + b for a, b in both]
    names = ("leads", "converted", "conversions", "cost")
    by_source = {
        label: dict(zip(names, (*numbers, costs.get(label, sum(costs.values()))), strict=True))
        for label, numbers in found.items()
    }
    by_category = {k: dict(zip(names, numbers, strict=True)) for k, numbers in categories.items()}
    return {"sources": by_source, "categories": by_category}


def speed(asked: Asked) -> Tables:
    """Tell how soon leads are tried and reached."""
    rows = _COHORT
    quick, due = _in_time()
    counts = (
        due,
        quick,
        _count(f"{_CLOCK} AND ms_to_attempt <= {_TARGET}"),
        _count(f"{_NEVER} AND created_at <= :due"),
        _count(f"{_NEVER} AND created_at > :due"),
        _count("ms_to_contact = 0"),
    )
    spreads = (
        Spread(value="business_ms_to_attempt", where=_CLOCK),
        Spread(value="ms_to_attempt", where=_CLOCK),
        Spread(value="ms_to_contact", where=_NOT_LIVE),
        Spread(value="business_ms_to_contact", where=_NOT_LIVE),
    )
    return {
        table: {
            label: _speed(*cells)
            for label, cells in asked.groups(rows, key, counts, *spreads).items()
        }
        for table, key in (("coordinators", "owner"), ("sources", "source"))
    }


def _speed(counts: Sequence[int], pairs: Sequence[Pair]) -> Cells:
    due, quick, elapsed, overdue, waiting, live = counts
    business, tried, reached, _ = (_times(pair, _MINUTE) for pair in pairs)
    return {
        "n": due,
        "in_time": _over(quick, due),
        "in_time_elapsed": _over(elapsed, due),
        "overdue": overdue,
        "waiting": waiting,
        "live": live,
        "business_median": business[0],
        "business_p90": business[1],
        "median": tried[0],
        "p90": tried[1],
        "contact_median": reached[0],
        "contact_p90": reached[1],
    }


def _windows(at: str) -> tuple[str, str]:
    """Say that an instant lies in the period, or in the one before."""
    return f"{at} >= :start AND {at} < :until", f"{at} >= :before AND {at} < :start"


def appointments(asked: Asked) -> Tables:
    """Tell whether families come, and what they decide."""
    shown = "a.starts_at >= :before AND a.starts_at < :until"
    cells = [
        _count(f"{what} AND {when}")
        for when in _windows("starts_at")
        for what in (_KEPT, _MISSED, _FIXED)
    ]
    of_visits = asked.groups(_consultations(shown), "source", cells)
    at_once = "accepted_at IS NOT NULL AND recalled_at IS NULL"
    recommended = "observed_at IS NULL AND lost_reason IS DISTINCT FROM 'NOT_A_CANDIDATE'"
    same_day = "recalled_at IS NULL AND days_to_accept = 0"
    completed = (
        "TRUE",
        at_once,
        recommended,
        f"{recommended} AND {at_once}",
        same_day,
        "observed_at IS NOT NULL",
    )
    counts = []
    for place in (0, 1):
        counts.append(_count(_windows("scheduled_at")[place]))
        counts += [_count(f"{_windows('completed_at')[place]} AND {what}") for what in completed]
        counts += [
            _count(f"{_windows('converted_at')[place]} AND {what}")
            for what in ("TRUE", "recalled_at IS NOT NULL")
        ]
    touched = " OR ".join(
        f"({at} >= :before AND {at} < :until)"
        for at in ("scheduled_at", "completed_at", "converted_at")
    )
    of_leads = asked.groups(f"{_ALIVE} AND ({touched})", "source", counts)
    now, before = (
        _rates(of_visits[Total][0][3 * place :][:3], of_leads[Total][0][9 * place :][:9])
        for place in (0, 1)
    )
    rates: dict[Label, Cells] = {name: {"now": now[name], "before": before[name]} for name in now}
    by_source: dict[Label, Cells] = {}
    for label in {**of_visits, **of_leads}:
        kept, missed = of_visits[label][0][:2] if label in of_visits else (0, 0)
        completed_here = of_leads[label][0][1] if label in of_leads else 0
        if label is Total or kept + missed or completed_here:
            row = {"consultations": kept + missed, "kept": kept, "completed": completed_here}
            by_source[label] = row
    return {"rates": rates, "sources": by_source}


def _rates(visits: Sequence[int], leads: Sequence[int]) -> Cells:
    kept, missed, fixed = visits
    scheduled, completed, accepted, advised, agreed, same, observed, won, recalled = leads
    return {
        "show_rate": _over(kept, kept + missed),
        "unrecorded_consultations": fixed,
        "consultations_scheduled": scheduled,
        "acceptance_rate": _over(accepted, completed),
        "recommended_acceptance_rate": _over(agreed, advised),
        "same_day_acceptance_rate": _over(same, completed),
        "observation_rate": _over(observed, completed),
        "recall_starts": _over(recalled, won),
    }


def daily(asked: Asked) -> Tables:
    """Tell what a day brought, beside the day before."""
    return {"headlines": _headlines(asked), **_where_and_why(asked)}


def weekly(asked: Asked) -> Tables:
    """Tell what a week brought, beside the week before, day by day."""
    days: dict[Label, Cells] = {name: {} for name in asked.pieces}
    for name, at, where in (
        ("leads", "created_at", _CAME_THEN),
        ("converted", "converted_at", _WON_THEN),
        ("lost", "lost_at", _LOST_THEN),
    ):
        rows = f"{_ALIVE} AND {where}"
        found = asked.groups(rows, asked.piece(at), ("count(*)",))
        for place, day in enumerate(asked.pieces):
            days[day][name] = found[place][0][0] if place in found else 0
    return {"headlines": _headlines(asked), "days": days, **_where_and_why(asked)}


def _where_and_why(asked: Asked) -> Tables:
    came = asked.groups(_COHORT, "source", ("count(*)",))
    lost = asked.groups(f"{_ALIVE} AND {_LOST_THEN}", "lost_reason", ("count(*)",))
    return {
        "sources": _shares({label: counts[0] for label, (counts, _) in came.items()}, "leads"),
        "lost_reasons": _shares({label: counts[0] for label, (counts, _) in lost.items()}, "lost"),
    }


def _headlines(asked: Asked) -> dict[Label, Cells]:
    """Count everything about leads in one pass, and what belongs to them in three more."""
    counts = [
        _count(f"{when} AND {what}")
        for at, what in (
            ("created_at", "TRUE"),
            ("scheduled_at", "TRUE"),
            ("converted_at", "TRUE"),
            ("lost_at", _LOST),
        )
        for when in _windows(at)
    ]
    still = _count(f"{_OPEN} AND archived_at IS NULL")
    numbers = asked.one(f"SELECT {', '.join([*counts, still])} FROM {_ALIVE}")
    visits = asked.one(
        "SELECT "
        + ", ".join(_count(f"{w} AND {s}") for s in (_KEPT, _MISSED) for w in _windows("starts_at"))
        + f" FROM {_consultations('a.starts_at >= :before AND a.starts_at < :until')}"
    )
    quick, due, paces = _paces(asked)
    (overdue,) = asked.one(
        "SELECT count(*) FROM tasks t JOIN leads l"
        " ON l.clinic_id = t.clinic_id AND l.id = t.lead_id"
        " WHERE t.clinic_id = :clinic AND l.deleted_at IS NULL"
        " AND t.status IN ('PENDING', 'IN_PROGRESS') AND t.due_at < :now"
    )
    came, scheduled, won, lost = (numbers[2 * place :][:2] for place in range(4))
    shown = [
        _over(kept, kept + missed) for kept, missed in zip(visits[:2], visits[2:], strict=True)
    ]
    both: Mapping[str, Sequence[Any]] = {
        "total_leads": came,
        "consultations_scheduled": scheduled,
        "show_rate": shown,
        "conversions": won,
        "period_conversion_rate": [_over(*pair) for pair in zip(won, came, strict=True)],
        "losses": lost,
        "tried_in_time": [_over(*pair) for pair in zip(quick, due, strict=True)],
        "time_to_contact": paces,
        "open_leads": [numbers[-1], None],
        "overdue_tasks": [overdue, None],
    }
    return {name: {"now": now, "before": before} for name, (now, before) in both.items()}


def _paces(asked: Asked) -> tuple[list[int], list[int], list[float | None]]:
    """Count who was tried in time, and measure how soon families were reached, of both periods."""
    rows = f"{_ALIVE} AND created_at >= :before AND created_at < :until"
    key = "CASE WHEN created_at < :start THEN 'before' ELSE 'now' END"
    found = asked.db.groups(
        rows, key, ", ".join(_in_time()), (Spread(value="ms_to_contact"),), asked.given,
        whole=False,
    )  # fmt: skip
    cells = [found.get(name, ([0, 0], [(None, None)])) for name in ("now", "before")]
    return (
        [counts[0] for counts, _ in cells],
        [counts[1] for counts, _ in cells],
        [_times(pairs[0], _MINUTE)[0] for _, pairs in cells],
    )


BY_HAND: Mapping[str, Callable[[Asked], Tables]] = {
    "daily": daily,
    "weekly": weekly,
    "funnel": funnel,
    "months": months,
    "sources": sources,
    "summary": summary,
    "stages": stages,
    "coordinators": coordinators,
    "agents": agents,
    "workload": workload,
    "losses": losses,
    "roi": roi,
    "speed": speed,
    "appointments": appointments,
}
"""The reports by the names of the catalogue."""
