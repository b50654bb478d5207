"""An item of a batch that was refused."""

from attrs import frozen

from orthocrm.services.batch import Refused
from orthocrm.web import problems
from orthocrm.web.problems import ProblemDetails


@frozen(kw_only=True)
class RefusedItem:
    """An item that was not carried out, and why; the others were."""

    refused: ProblemDetails


def shown(refused: Refused) -> RefusedItem:
    """Give a refusal in its shape."""
    return RefusedItem(refused=problems.of(refused.error))
