"""The gate: every public verb is registered, permitted, carried out and audited here.

A verb is a method of an `Area`, declared with `@verb(permission)`. Its first argument is the
`Work` that the gate opens; callers never pass it. A public method without the declaration makes
the import fail, so that nothing reaches the storage beside the gate.
"""

import inspect
from collections.abc import Callable
from functools import wraps
from typing import Any, ClassVar, Concatenate, ParamSpec, TypeVar

from attrs import field, frozen

from orthocrm.core.actor import Permission
from orthocrm.services.office import Office
from orthocrm.services.work import Work

P = ParamSpec("P")
R = TypeVar("R")
A = TypeVar("A", bound="Area")
F = TypeVar("F", bound=Callable[..., Any])


@frozen
class Operation:
    """One public verb: `name` is area and verb, `permission` what the actor needs for it."""

    name: str
    permission: Permission
    call: Callable[..., Any] = field(eq=False, repr=False)


OPERATIONS: dict[str, Operation] = {}
"""Every operation that exists; what is not here cannot be called."""


class Area:
    """A part of the desk: the verbs about one subject, on behalf of one actor."""

    area: ClassVar[str] = ""

    def __init__(self, office: Office) -> None:
        self._office = office

    def __init_subclass__(cls, *, area: str) -> None:
        cls.area = area
        for name, member in vars(cls).items():
            if name.startswith("_") or not callable(member):
                continue
            if getattr(member, "composed", False):
                continue
            permission = getattr(member, "permission", None)
            if permission is None:
                raise TypeError(f"{cls.__name__}.{name} does not pass the gate: declare it @verb")
            operation = Operation(f"{area}.{name}", permission, member)
            OPERATIONS[operation.name] = operation


def verb(
    permission: Permission, *, in_emergency: bool = False
) -> Callable[[Callable[Concatenate[A, Work, P], R]], Callable[Concatenate[A, P], R]]:
    """Declare a public verb and the permission that it asks for.

    One that reads a single lead can be open `in_emergency` to who broke the glass for that lead.
    """

    def declare(body: Callable[Concatenate[A, Work, P], R]) -> Callable[Concatenate[A, P], R]:
        @wraps(body)
        def call(self: A, /, *args: P.args, **kwargs: P.kwargs) -> R:
            name = f"{self.area}.{body.__name__}"
            with self._office.told_of(name):
                return self._office.carry_out(
                    name,
                    permission,
                    lambda work: body(self, work, *args, **kwargs),
                    in_emergency=in_emergency,
                )

        call.permission = permission  # type: ignore[attr-defined] # read by Area when it registers
        call.__signature__ = _public(body)  # type: ignore[attr-defined] # for help() and the docs
        return call

    return declare


def composed(method: F) -> F:
    """Declare a public method that only calls verbs: each of them passes the gate by itself."""
    method.composed = True  # type: ignore[attr-defined] # read by Area when it registers
    return method


def _public(body: Callable[..., Any]) -> inspect.Signature:
    signature = inspect.signature(body)
    shown = [p for name, p in signature.parameters.items() if name != "work"]
    return signature.replace(parameters=shown)
