"""Drafts of the memory backend look only at what they are asked for."""

import threading
from typing import NamedTuple

from orthocrm.backends.memory.drafts import Draft, Rows
from orthocrm.backends.memory.tables import Table


class Noun(NamedTuple):
    id: int
    owner: str


class CountedReads:
    """Reads keys, and counts how often."""

    def __init__(self) -> None:
        self.count = 0

    def __call__(self, noun: Noun) -> int:
        self.count += 1
        return noun.id


def test_a_look_up_after_many_writes_reads_only_its_hits() -> None:
    key = CountedReads()
    table = Table(name="nouns", kind="noun", key=key, indexes={"owner": lambda noun: (noun.owner,)})
    committed = Rows(table)
    for number in range(3):
        committed.put(Noun(number, "ana"))
    draft = Draft(committed, threading.Lock())
    for number in range(2, 500):
        draft.put(Noun(number, "ben"))
    draft.drop(1)
    key.count = 0

    assert draft.holding("owner", "ana") == [Noun(0, "ana")]
    assert key.count <= 3
