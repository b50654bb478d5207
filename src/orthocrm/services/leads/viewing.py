"""`desk.leads`: lists of leads by condition, saved views of them, and marks to find them by."""

from collections.abc import Iterator, Sequence
from itertools import islice

from attrs import evolve, frozen

from orthocrm.core import limits
from orthocrm.core.actor import Permission, Role
from orthocrm.core.errors import Forbidden, InvalidInput, NotFound
from orthocrm.core.facts import LEADS
from orthocrm.core.ids import LeadId, ViewId
from orthocrm.core.lead import Lead
from orthocrm.core.query import EVERYTHING, AnyOf, Cond, Page, Sort, Where, both
from orthocrm.core.query_text import dumped, dumped_sort
from orthocrm.core.reading import Reading
from orthocrm.core.saved_view import SavedView
from orthocrm.leads import custom, searching
from orthocrm.services.batch import Refused, listed_ids
from orthocrm.services.cursors import Cursors
from orthocrm.services.gate import Area, verb
from orthocrm.services.leads import marking
from orthocrm.services.results import LeadPage
from orthocrm.services.settings import configuring
from orthocrm.services.work import Work, everything

NEWEST_FIRST = (Sort("created_at", descending=True),)
MOST_VIEWS = 200
"""How many views one person keeps."""

MOST_SEARCHED = 5_000
"""How many of the newest leads a search looks through."""

SUBJECT = "leads"
_MINE_BY_DEFAULT = frozenset({Role.TREATMENT_COORDINATOR, Role.AGENT})


class Viewing(Area, area="leads"):
    """Which leads there are, in which order, and under which names people look for them."""

    @verb(Permission.LEAD_READ)
    def find(
        self,
        work: Work,
        where: Where | None = None,
        *,
        view: ViewId | None = None,
        sort: Sequence[Sort] | None = None,
        size: int = 50,
        cursor: str | None = None,
        mine: bool | None = None,
    ) -> LeadPage:
        """List leads by condition, a page at a time.

        `mine` keeps to the actor's own leads; left open, it does so for those who are
        coordinators and nothing else. A saved `view` adds its condition, and its order where no
        `sort` is given. Fields: `orthocrm.core.facts.LEADS`, and `custom.NAME` for the clinic's
        own ones.
        """
        seen = None if view is None else _seen(work, view)
        own = work.actor.roles <= _MINE_BY_DEFAULT if mine is None else mine
        mine_only = Cond("owner", "eq", work.actor.user) if own else None
        asked = both(where, None if seen is None else seen.where)
        wanted = both(
            work.reach(Permission.LEAD_READ), mine_only, custom.in_query(asked, work.practice)
        )
        order = sort if sort is not None else (seen.sort if seen and seen.sort else NEWEST_FIRST)
        if isinstance(order, Sort | str):
            raise InvalidInput.at("sort", "not_a_list", "give a sequence of Sort")
        paging = Paging(
            cursors=work.cursors,
            where=LEADS.checked(wanted),
            sort=custom.in_order(order, work.practice),
        )
        return paging.page(work, size, cursor)

    @verb(Permission.LEAD_READ)
    def search(
        self, work: Work, text: str, where: Where | None = None, *, size: int = 20
    ) -> tuple[Lead, ...]:
        """Find the newest leads by the beginnings of names, by digits of a number or by address.

        Names are kept encrypted, so that at most the 5,000 newest leads that `where` leaves over
        are looked through, of everybody whom the actor may see.

        Raises:
            InvalidInput: at `text`, when it names nobody; at `size`; or at a field of `where`.
        """
        wanted = searching.wanted(text)
        most = Page(size).size
        within = both(
            work.reach(Permission.LEAD_READ), custom.in_query(asked(work, where), work.practice)
        )
        found = tuple(islice(filter(wanted.fits, _newest(work, LEADS.checked(within))), most))
        work.touch(lead.id for lead in found)
        return found

    @verb(Permission.LEAD_READ)
    def save_view(
        self,
        work: Work,
        name: str,
        where: Where = EVERYTHING,
        *,
        sort: Sequence[Sort] = (),
        is_shared: bool = False,
    ) -> SavedView:
        """Keep a condition and an order under a name, or replace the own view of this name.

        Raises:
            InvalidInput: the condition or the order names what leads do not have, or a field of
                the clinic by which nothing can be found.
        """
        draft = _draft(work, name, where, sort, is_shared=is_shared)
        present = {view.name.casefold(): view for view in _of_owner(work)}
        known = present.get(draft.name.casefold())
        if known is None:
            if len(present) >= MOST_VIEWS:
                raise InvalidInput.at("name", "too_many", f"keep at most {MOST_VIEWS} views")
            work.store.views.add([draft])
            saved = draft
        else:
            again = evolve(draft, id=known.id, created_at=known.created_at, version=known.version)
            (saved,) = work.store.views.save([again])
        work.touch([saved.id])
        return saved

    @verb(Permission.LEAD_READ)
    def views(self, work: Work) -> tuple[SavedView, ...]:
        """List the own views and those that others share, by name."""
        mine = Cond("owner", "eq", work.actor.user)
        within = both(Cond("subject", "eq", SUBJECT), AnyOf((mine, Cond("is_shared", "eq", True))))  # noqa: FBT003 - the value that is compared
        found = everything(work.store.views, within)
        return tuple(sorted(found, key=lambda view: (view.name.casefold(), view.id)))

    @verb(Permission.LEAD_READ)
    def view(self, work: Work, view_id: ViewId) -> SavedView:
        """Read one view: an own one, or one that is shared."""
        return _seen(work, view_id)

    @verb(Permission.LEAD_READ)
    def remove_view(self, work: Work, view_id: ViewId) -> None:
        """Forget an own view; a shared one may be removed by whoever configures the clinic, too.

        Raises:
            Forbidden: the view is somebody else's.
        """
        view = _seen(work, view_id)
        if view.owner != work.actor.user and not work.may(Permission.LEAD_CONFIGURE):
            raise Forbidden(work.operation, Permission.LEAD_CONFIGURE)
        work.touch([view.id])
        work.store.views.remove([view.id])

    @verb(Permission.LEAD_UPDATE)
    def tag(
        self, work: Work, lead_ids: Sequence[LeadId], tags: Sequence[str]
    ) -> tuple[Lead | Refused, ...]:
        """Add tags to leads, with a result for each; `Cond("tag", "has", …)` finds them again.

        A tag is of small letters, digits, `-` and `_`, 40 at most; a lead has at most 20.
        """
        return tuple(marking.tag(work, listed_ids(lead_ids), tags))

    @verb(Permission.LEAD_UPDATE)
    def untag(
        self, work: Work, lead_ids: Sequence[LeadId], tags: Sequence[str]
    ) -> tuple[Lead | Refused, ...]:
        """Take tags from leads, with a result for each."""
        return tuple(marking.untag(work, listed_ids(lead_ids), tags))


def _newest(work: Work, where: Where) -> Iterator[Lead]:
    """Read the newest leads, a page when it is needed."""
    after = None
    for _ in range(MOST_SEARCHED // limits.PAGE):
        page = work.store.leads.find(where, NEWEST_FIRST, Page(limits.PAGE, after))
        yield from page.items
        after = page.after
        if after is None:
            return


def _draft(
    work: Work, name: str, where: Where, sort: Sequence[Sort], *, is_shared: bool
) -> SavedView:
    """Check a view as a list would, and in the form in which it is kept."""
    title = configuring.label(name, "name", limits.NAME)
    reading = Reading()
    shared = reading.flag("is_shared", is_shared)
    reading.required("is_shared", shared)
    reading.finish()
    if isinstance(sort, Sort | str) or not all(isinstance(key, Sort) for key in sort):
        raise InvalidInput.at("sort", "not_a_list", "give a sequence of Sort")
    LEADS.checked(custom.in_query(where, work.practice))
    for key in custom.in_order(sort, work.practice):
        LEADS[key.field]
    kept = custom.portable(where)
    dumped(kept)
    dumped_sort(sort)
    return SavedView(
        id=ViewId(work.ids()),
        clinic_id=work.clinic_id,
        name=title,
        subject=SUBJECT,
        owner=work.actor.user,
        created_at=work.now,
        updated_at=work.now,
        where=kept,
        sort=tuple(sort),
        is_shared=bool(shared),
    )


def _of_owner(work: Work) -> tuple[SavedView, ...]:
    return everything(work.store.views, Cond("owner", "eq", work.actor.user))


def _seen(work: Work, view_id: ViewId) -> SavedView:
    """Load a view that the actor may see."""
    work.seek([view_id])
    view = work.store.views.get([view_id]).get(view_id)
    if view is None or not (view.is_shared or view.owner == work.actor.user):
        raise NotFound("view")
    return view


def asked(work: Work, where: Where | None, view: ViewId | None = None) -> Where:
    """Join a condition with that of a saved view that the actor may see."""
    return both(where, None if view is None else _seen(work, view).where)


@frozen(kw_only=True)
class Paging:
    """A query that is walked page by page."""

    cursors: Cursors
    where: Where
    sort: Sequence[Sort]

    def page(self, work: Work, size: int, cursor: str | None) -> LeadPage:
        """Read the page that begins at the cursor, and note its leads as seen."""
        query = (work.clinic_id, self.where, self.sort)
        after = None if cursor is None else self.cursors.read(*query, cursor, LEADS)
        found = work.store.leads.find(self.where, self.sort, Page(size, after))
        work.touch(lead.id for lead in found.items)
        following = None if found.after is None else self.cursors.write(*query, found.after)
        return LeadPage(leads=found.items, cursor=following)
