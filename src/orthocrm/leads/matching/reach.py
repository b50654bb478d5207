"""Phone numbers and e-mail addresses: the same, misspelt, or of somebody else."""

from rapidfuzz.distance import OSA

from orthocrm.leads.matching.agreement import Agreement

SUBSCRIBER = 7
"""Digits of a number behind its area code; an area code changes when people move."""

SLIPS = 2
"""Letters that may be wrong in an e-mail address."""

SHORTEST_MAILBOX = 5
"""A shorter local part (`info`, `mail`) says nothing at another domain."""


def phones_agree(ones: frozenset[str], twos: frozenset[str]) -> Agreement:
    """Compare two sets of numbers (digits only); the closest two count."""
    if not ones or not twos:
        return Agreement.UNKNOWN
    if not ones.isdisjoint(twos):
        return Agreement.SAME
    slips = any(_slipped(one, two) for one in ones for two in twos)
    return Agreement.SLIP if slips else Agreement.DIFFERENT


def _slipped(one: str, two: str) -> bool:
    if one[-SUBSCRIBER:] == two[-SUBSCRIBER:]:
        return True
    return OSA.distance(one, two, score_cutoff=1) <= 1


def emails_agree(ones: frozenset[str], twos: frozenset[str]) -> Agreement:
    """Compare two sets of folded addresses; PART is the same mailbox at another domain."""
    if not ones or not twos:
        return Agreement.UNKNOWN
    if not ones.isdisjoint(twos):
        return Agreement.SAME
    found = {_mailboxes_agree(one, two) for one in ones for two in twos}
    for agreement in (Agreement.SLIP, Agreement.PART):
        if agreement in found:
            return agreement
    return Agreement.DIFFERENT


def _mailboxes_agree(one: str, two: str) -> Agreement:
    if OSA.distance(one, two, score_cutoff=SLIPS) <= SLIPS:
        return Agreement.DIFFERENT if _numbered_apart(one, two) else Agreement.SLIP
    here, there = mailbox(one), mailbox(two)
    return Agreement.PART if here and here == there else Agreement.DIFFERENT


def _numbered_apart(one: str, two: str) -> bool:
    """Whether two addresses differ by their numbers alone, as those of namesakes do."""
    return one.translate(_DIGITS) == two.translate(_DIGITS)


_DIGITS = str.maketrans("", "", "0123456789")


def mailbox(email: str) -> str:
    """Give the local part of an address, or nothing where it is too short to tell people apart."""
    local = email.partition("@")[0]
    return local if len(local) >= SHORTEST_MAILBOX else ""
