"""The filters an account keeps for a page: its own, and nobody else's."""

from collections.abc import Sequence
from typing import Annotated
from urllib.parse import parse_qsl, urlencode
from uuid import UUID

from django.urls import reverse
from django.utils.translation import gettext as _
from pydantic import AfterValidator, Field, StringConstraints

from anlan.foundation.rules import rulebook
from anlan.loop import clock
from anlan.loop.list_models import SavedFilter
from anlan.loop.refusals import BadInput, NotPossible, Unknown
from anlan.loop.schemas import Told, storable

PAGES = ("matters", "board")
"""The pages that can be filtered, by the names of their addresses."""
NOT_KEPT = ("cursor", "csrfmiddlewaretoken", "matter")
"""What says where one stood, not what one looked for."""

Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=60), AfterValidator(storable)]


class NewFilter(Told):
    """A name for what a page shows now; `query` is what stands behind the question mark."""

    page: str
    name: Name
    query: Annotated[str, Field(max_length=1000), AfterValidator(storable)] = ""


def of(account_id: UUID, page: str) -> Sequence[SavedFilter]:
    """What an account keeps for a page, by name; one statement."""
    return list(SavedFilter.objects.filter(account_id=account_id, page=page).order_by("name"))


def save(account_id: UUID, given: NewFilter) -> SavedFilter:
    """Keep a filter; one of the same name is replaced. Raises BadInput, or NotPossible where there are too many."""
    if given.page not in PAGES:
        raise BadInput(_("this page has no filters to keep"), field="page")
    query = urlencode([(name, value) for name, value in parse_qsl(given.query) if name not in NOT_KEPT])
    if not query:
        raise BadInput(_("nothing is filtered here"), field="query")
    kept = SavedFilter.objects.filter(account_id=account_id, page=given.page)
    most = int(rulebook().at("loop.saved_filters", clock.today()).value or 0)
    if kept.exclude(name=given.name).count() >= most:
        raise NotPossible(_("at most %(n)d filters can be kept; remove one first") % {"n": most}, field="name")
    saved, _made = SavedFilter.objects.update_or_create(
        account_id=account_id, page=given.page, name=given.name, defaults={"query": query}
    )
    return saved


def remove(account_id: UUID, filter_id: UUID) -> SavedFilter:
    """Forget a filter. Raises Unknown, also for somebody else's."""
    found = SavedFilter.objects.filter(id=filter_id, account_id=account_id).first()
    if found is None:
        raise Unknown(_("there is no such filter"))
    found.delete()
    return found


def address_of(page: str, query: str = "") -> str:
    """Where a filter leads."""
    return reverse(page) + (f"?{query}" if query else "")
