"""`desk.access`: users, API keys and sessions, and everybody's own account."""

from orthocrm.services.access.account import OwnAccount
from orthocrm.services.access.keys import Keys
from orthocrm.services.access.users import Users


class Access(Users, Keys, OwnAccount, area="access"):
    """Who may come in, by what, and as whom."""
