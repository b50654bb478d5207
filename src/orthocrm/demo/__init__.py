"""An invented year of a practice: families, enquiries, and what became of them.

Everything goes through the public verbs, with a clock that is set by hand. Names are made up,
phone numbers end in 555-01xx and addresses lie in `example.*`, so that none of them is anybody's.
"""

from orthocrm.demo.clock import SetClock, SetIds
from orthocrm.demo.people import PASSWORD, PEOPLE, let_in
from orthocrm.demo.year import fill

__all__ = ["PASSWORD", "PEOPLE", "SetClock", "SetIds", "fill", "let_in"]
