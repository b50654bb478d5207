"""An assignment rule for orthocrm: families are called in their own language."""

from collections.abc import Callable, Mapping

from orthocrm import Choice, Narrowed, hook

LANGUAGES = ("es", "fr", "pl", "zh")


def language(choice: Choice) -> Narrowed | None:
    """Ask the pool of the language in which the lead's campaign was written."""
    spoken = (choice.lead.origin.campaign or "").rpartition("-")[2]
    pools = choice.practice.clinic.settings.routing.pools
    pool = next((pool for pool in pools if pool.name == f"language-{spoken}"), None)
    if spoken not in LANGUAGES or pool is None:
        return None
    return Narrowed(users=frozenset(pool.members), reason="language", pool=pool.name)


class LanguageFirst:
    """The plug-in: it contributes one link, by the name that settings use."""

    @staticmethod
    @hook
    def register_assignment_strategies() -> Mapping[str, Callable[[Choice], Narrowed | None]]:
        """Contribute the link `language`."""
        return {"language": language}
