"""Writes the tables of the reference from the code, where a page says `<!-- table: name -->`."""

import inspect
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import attrs
import click

from orthocrm import cli, crm, hooks
from orthocrm.analytics.catalogue import METRICS
from orthocrm.analytics.reports import REPORTS
from orthocrm.core import actor, errors, events
from orthocrm.core.merge_fields import CARRIES, FIELDS
from orthocrm.core.rules import DEFAULT_RULES, FollowUpRule
from orthocrm.services.areas import OPERATIONS
from orthocrm.web.endpoints import ENDPOINTS

MARK = re.compile(r"^<!-- table: ([a-z-]+) -->$", re.MULTILINE)
_EVERY_EVENT = frozenset(attribute.name for attribute in attrs.fields(events.Event))
_OURS = crm.__name__.partition(".")[0]


def on_page_markdown(markdown: str, **_: Any) -> str:  # noqa: ANN401 - mkdocs passes more than we use
    """Called by mkdocs for every page."""
    return MARK.sub(lambda found: TABLES[found.group(1)](), markdown)


def operations() -> str:
    """List every operation of the gate."""
    return _table(
        ("operation", "permission", "what it does"),
        (
            (_code(name), _code(found.permission), _first_sentence(found.call))
            for name, found in sorted(OPERATIONS.items())
        ),
    )


def endpoints() -> str:
    """List every endpoint of the HTTP API."""
    return _table(
        ("endpoint", "permission", "what it does"),
        (
            (
                _code(f"{one.method} {one.pattern}"),
                "" if one.permission is None else _code(one.permission),
                one.summary,
            )
            for one in ENDPOINTS
        ),
    )


def roles() -> str:
    """List what each role may do under the default preset."""
    return _table(("role", "permissions"), ((_code(role), _granted(role)) for role in actor.Role))


def _granted(role: actor.Role) -> str:
    granted = actor.LITERAL.get(role, {})
    if len(granted) == len(actor.Permission):
        return "every permission"
    return ", ".join(
        _code(permission) + ("" if scope is actor.Scope.CLINIC else f" ({scope})")
        for permission, scope in sorted(granted.items())
    )


def contributions() -> str:
    """List the hooks that bring something."""
    return _hooks("register_", "what it returns")


def refusals() -> str:
    """List the hooks that may refuse."""
    return _hooks("before_", "what it may do")


def metrics() -> str:
    """List every metric with its formula."""
    return _table(
        ("metric", "title", "unit", "formula", "parts", "for marketing"),
        (
            (
                _code(one.name),
                one.title,
                one.unit,
                one.formula,
                ", ".join(map(_code, one.parts)),
                "yes" if one.for_marketing else "",
            )
            for one in METRICS.values()
        ),
    )


def reports() -> str:
    """List every report with the period that it takes by itself."""
    return _table(
        ("report", "title", "period", "for marketing"),
        (
            (
                _code(one.name),
                one.title,
                "all time" if one.usual is None else one.usual.__name__.replace("_", " "),
                "yes" if one.for_marketing else "",
            )
            for one in REPORTS.values()
        ),
    )


def _hooks(prefix: str, purpose: str) -> str:
    specs = [(name, spec) for name, spec in vars(hooks.Specs).items() if name.startswith(prefix)]
    return _table(
        ("hook", "parameters", purpose),
        ((_code(name), _parameters(spec), _first_paragraph(spec)) for name, spec in specs),
    )


def _parameters(spec: Callable[..., object]) -> str:
    names = [name for name in inspect.signature(spec).parameters if name != "self"]
    return _listed(names)


def told() -> str:
    """List every event with its own fields."""
    return _table(
        ("event", "its own fields", "what happened"),
        (
            (_code(kind), _listed(_own_fields(event)), _first_paragraph(event))
            for kind, event in events.KINDS.items()
        ),
    )


def _own_fields(event: type[events.Event]) -> list[str]:
    return [a.name for a in attrs.fields(event) if a.name not in _EVERY_EVENT]


def error_tree() -> str:
    """List every error below the ones that it belongs to."""
    return _table(
        ("class", "under", "code", "when"),
        (
            (
                _code(error.__name__),
                _listed([base.__name__ for base in error.__bases__]),
                _code(error.code),
                _first_paragraph(error),
            )
            for error in _below(errors.OrthoCRMError)
        ),
    )


def _below(error: type[errors.OrthoCRMError]) -> Iterator[type[errors.OrthoCRMError]]:
    for found in error.__subclasses__():
        if found.__module__.startswith(f"{_OURS}."):
            yield found
            yield from _below(found)


def rules() -> str:
    """List the follow-up rules that a clinic starts with."""
    return _table(
        ("rule", "speaks on", "makes the task", "after", "for"),
        (
            (
                _code(rule.name),
                _trigger(rule),
                rule.title or "none",
                _after(rule),
                rule.recipient.lower(),
            )
            for rule in DEFAULT_RULES
        ),
    )


def _trigger(rule: FollowUpRule) -> str:
    stage = f" of {_code(rule.stage)}" if rule.stage else ""
    attempts = f", attempt {rule.attempts}" if rule.attempts else ""
    return _code(rule.trigger) + stage + attempts


def _after(rule: FollowUpRule) -> str:
    if not rule.after:
        return "at once"
    hours = rule.after.total_seconds() / 3600
    length = f"{hours:g} hours" if hours >= 1 else f"{hours * 60:g} minutes"
    return f"{length} of business time" if rule.business else length


def fields() -> str:
    """List the merge fields of templates, and the channels that may carry them."""
    return _table(
        ("field", "what it stands for", "example", "channels"),
        (
            (
                _code(f"{{{field.name}}}"),
                field.meaning,
                field.example,
                ", ".join(_code(channel) for channel in CARRIES if CARRIES[channel] >= field.level),
            )
            for field in FIELDS.values()
        ),
    )


def commands() -> str:
    """Describe every command with its arguments and options."""
    return "\n\n".join(_described(name, command) for name, command in _commands(cli.main))


def _commands(group: click.Group, path: str = "orthocrm") -> Iterator[tuple[str, click.Command]]:
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            if command.invoke_without_command:
                yield f"{path} {name}", command
            yield from _commands(command, f"{path} {name}")
        else:
            yield f"{path} {name}", command


def _described(name: str, command: click.Command) -> str:
    context = click.Context(command, info_name=name)
    usage = f"{name} {' '.join(command.collect_usage_pieces(context))}"
    options = [option for option in command.params if isinstance(option, click.Option)]
    records = [record for option in options if (record := option.get_help_record(context))]
    table = _table(("option", "meaning"), ((_code(opts), said) for opts, said in records))
    return f"## {name}\n\n{inspect.cleandoc(command.help or '')}\n\n```\n{usage}\n```\n\n{table}"


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join(f"| {' | '.join(_cell(cell) for cell in line)} |" for line in lines)


def _cell(text: str) -> str:
    return text.replace("\n", " ").replace("|", r"\|")


def _code(text: str) -> str:
    return f"`{text}`"


def _listed(names: Sequence[str]) -> str:
    return ", ".join(map(_code, names)) or "none"


def _first_paragraph(thing: object) -> str:
    return " ".join((inspect.getdoc(thing) or "").partition("\n\n")[0].split())


def _first_sentence(thing: object) -> str:
    sentence = _first_paragraph(thing).partition(". ")[0]
    return sentence if sentence.endswith(".") else f"{sentence}."


TABLES: dict[str, Callable[[], str]] = {
    "operations": operations,
    "endpoints": endpoints,
    "roles": roles,
    "contributions": contributions,
    "refusals": refusals,
    "events": told,
    "errors": error_tree,
    "rules": rules,
    "merge-fields": fields,
    "commands": commands,
    "metrics": metrics,
    "reports": reports,
}
"""The tables by the name that a page gives."""
