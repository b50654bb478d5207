"""Shows the constructors of attrs classes, which exist only at run time, in the reference."""

from collections.abc import Iterator
from typing import TypeAlias

from griffe import (
    Attribute,
    Class,
    Expr,
    ExprCall,
    ExprKeyword,
    Extension,
    Function,
    Module,
    Parameter,
    ParameterKind,
    Parameters,
)

Arguments: TypeAlias = dict[str, str | Expr]

DECORATORS = {f"{top}.{name}" for top in ("attr", "attrs") for name in ("define", "frozen")}
FIELDS = {"attr.field", "attrs.field"}
POSITIONAL = ParameterKind.positional_or_keyword


class AttrsSignatures(Extension):
    """Gives every attrs class the `__init__` that attrs will write."""

    def on_package(self, *, pkg: Module, **_: object) -> None:
        """Called by griffe when the whole package has been read."""
        for cls in _classes(pkg):
            if _decorator(cls) and "__init__" not in cls.members:
                cls.set_member("__init__", _constructor(cls))


def _classes(owner: Module | Class) -> Iterator[Class]:
    for member in list(owner.members.values()):
        if isinstance(member, Class):
            yield member
        if isinstance(member, Module | Class):
            yield from _classes(member)


def _constructor(cls: Class) -> Function:
    line = [*(above for above in reversed(cls.mro()) if _decorator(above)), cls]
    fields = {each.name: each for above in line for each in _parameters(above)}
    this = Parameter("self", kind=POSITIONAL)
    in_order = sorted(fields.values(), key=lambda each: each.kind is ParameterKind.keyword_only)
    return Function("__init__", parent=cls, parameters=Parameters(this, *in_order), returns="None")


def _parameters(cls: Class) -> Iterator[Parameter]:
    by_keyword = _arguments(_decorator(cls)).get("kw_only")
    for member in cls.members.values():
        if isinstance(member, Attribute) and _is_field(member):
            settings = _settings(member)
            fixed = "True" in (by_keyword, settings.get("kw_only"))
            if settings.get("init") != "False":
                yield Parameter(
                    member.name.lstrip("_"),
                    annotation=member.annotation,
                    kind=ParameterKind.keyword_only if fixed else POSITIONAL,
                    default=_default(member),
                )


def _decorator(cls: Class) -> Expr | None:
    for decorator in cls.decorators:
        if isinstance(decorator.value, Expr) and decorator.value.canonical_path in DECORATORS:
            return decorator.value
    return None


def _is_field(attribute: Attribute) -> bool:
    shared = "class-attribute" in attribute.labels and "instance-attribute" not in attribute.labels
    return bool(attribute.annotation) and not shared and "property" not in attribute.labels


def _settings(attribute: Attribute) -> Arguments:
    value = attribute.value
    made_by_field = isinstance(value, ExprCall) and value.canonical_path in FIELDS
    return _arguments(value) if made_by_field else {"default": value} if value else {}


def _default(attribute: Attribute) -> str | Expr | None:
    settings = _settings(attribute)
    factory = settings.get("factory")
    return ExprCall(factory, []) if isinstance(factory, Expr) else settings.get("default")


def _arguments(expression: object) -> Arguments:
    given = expression.arguments if isinstance(expression, ExprCall) else ()
    return {each.name: each.value for each in given if isinstance(each, ExprKeyword)}
