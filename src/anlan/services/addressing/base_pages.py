"""The page of one address of the base: its history, its other names, and what its administrator may do with it."""

from typing import Any, Final

from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe
from pydantic import BaseModel

from anlan.city.addresses import aliases, changes
from anlan.city.addresses.access import CannotChange, NotYours, administers
from anlan.city.addresses.changes import Decision
from anlan.city.addresses.models import Address, AddressChange, Alias, Level
from anlan.city.addresses.queries import by_code, leads_to
from anlan.city.areas.atlas import atlas
from anlan.city.people.access import Actor, covers
from anlan.loop import clock
from anlan.loop.forms import checked, form_of
from anlan.loop.page_door import for_staff, require, say, shell
from anlan.loop.refusals import BadInput, NotAllowed, Refused, Unknown
from anlan.services.addressing.base_schemas import Deciding, Ending, Merging, Proposing, Renaming, Splitting, TakingBack
from anlan.services.addressing.pages import READERS
from anlan.services.addressing.splitting import MOST_CHILDREN, parts_told, split_form

MOST_BELOW: Final = 100
ASKED: Final[dict[str, type[BaseModel]]] = {
    "rename": Renaming,
    "merge": Merging,
    "split": Splitting,
    "demolish": Ending,
    "undo": TakingBack,
    "propose": Proposing,
    "accept": Deciding,
    "refuse": Deciding,
}
"""What each verb of the page asks for."""


@for_staff
@require_safe
def address(request: HttpRequest, actor: Actor, code: str) -> HttpResponse:
    """One address with everything about it."""
    require(actor, READERS)
    return _page(request, actor, _found(code))


@for_staff
@require_POST
def change(request: HttpRequest, actor: Actor, code: str, verb: str) -> HttpResponse:
    """Do what a form of the page asks; back to the page (or `?from=names` to the list of names), with what stands
    against it beside its field."""
    require(actor, READERS)
    own = _found(code)
    if verb not in ASKED:
        raise Unknown(_("there is no such step"))
    try:
        # What is refused halfway leaves nothing behind.
        with transaction.atomic():
            _do(own, checked(ASKED[verb], request.POST), request.POST, verb, actor)
    except NotYours as refused:
        raise NotAllowed(refused.message) from refused
    except CannotChange as refused:
        return _page(request, actor, own, verb, BadInput(refused.message, field=refused.field))
    except BadInput as refused:
        return _page(request, actor, own, verb, refused)
    say(request, _("Done."))
    if request.GET.get("from") == "names":
        return HttpResponseRedirect(reverse("address-names"))
    return HttpResponseRedirect(reverse("address", args=[code]))


def _do(own: Address, told: BaseModel, typed: QueryDict, verb: str, actor: Actor) -> None:
    """Raises CannotChange, BadInput."""
    match told:
        case Renaming():
            changes.rename(own, told.name, _decision(actor, told))
        case Merging():
            other = by_code(told.into)
            if other is None:
                raise BadInput(_("there is no address with this code"), field="into")
            changes.merge(own, other, _decision(actor, told))
        case Splitting():
            changes.split(own, parts_told(typed, list(_below(own))), _decision(actor, told))
        case Ending():
            changes.demolish(own, _decision(actor, told))
        case TakingBack():
            done = AddressChange.objects.filter(address=own, id=told.change).first()
            if done is None:
                raise BadInput(_("there is no such change of this address"), field="change")
            changes.undo(done, _decision(actor, told))
        case Proposing():
            aliases.propose(own, told.name, told.kind, by=actor, reason=told.reason)
        case Deciding():
            alias = Alias.objects.select_related("address").filter(address=own, id=told.alias).first()
            if alias is None:
                raise BadInput(_("there is no such name of this address"), field="alias")
            (aliases.accept if verb == "accept" else aliases.refuse)(alias, by=actor, reason=told.reason)


def _decision(actor: Actor, told: Renaming | Merging | Splitting | Ending | TakingBack) -> Decision:
    return Decision(by=actor, on=told.on, today=clock.today(), reason=told.reason)


def _found(code: str) -> Address:
    found = by_code(code)
    if found is None:
        raise Unknown(_("there is no address with this code"))
    return found


def _below(own: Address) -> QuerySet[Address]:
    """The addresses in use right below one."""
    return Address.objects.filter(parent=own, status=Address.Status.IN_USE).order_by("level", "code")


def _page(
    request: HttpRequest, actor: Actor, own: Address, verb: str = "", refused: Refused | None = None
) -> HttpResponse:
    def form(name: str) -> Any:
        wrong = refused if name == verb else None
        return form_of(
            ASKED[name],
            typed=request.POST if wrong else None,
            refused=wrong,
            initial={"on": str(clock.today())} if "on" in ASKED[name].model_fields else None,
        )

    in_use = own.status == Address.Status.IN_USE
    history = list(AddressChange.objects.filter(address=own).select_related("undone_by").order_by("-id"))
    below, how_many = _below(own), _below(own).count()
    mine = administers(actor, own.area) and own.level >= Level.ROAD
    splits = mine and in_use and how_many <= MOST_CHILDREN
    last = next((each for each in history if each.undoes_id is None and not hasattr(each, "undone_by")), None)
    context = {
        **shell(request, actor),
        "address": own,
        "place": atlas().full_name(own.area),
        "places": [] if in_use else leads_to(own),
        "history": history,
        "names": Alias.objects.filter(address=own).order_by("-proposed_at"),
        "below": below[:MOST_BELOW],
        "more_below": max(0, how_many - MOST_BELOW),
        "may_decide": administers(actor, own.area),
        "changes": [(name, form(name)) for name in ("rename", "merge", "demolish")] if mine and in_use else [],
        "splitting": form("split") if splits else None,
        "split": split_form(own, below, request.POST if verb == "split" else None) if splits else None,
        "last": last if mine and last is not None and last.part_of_id is None else None,
        "verb": verb,
        "refused": refused,
        "proposing": form("propose") if in_use and any(covers(held.area, own.area) for held in actor.held) else None,
        "today": clock.today(),
    }
    return render(request, "addressing/address.html", context, status=refused.status if refused else 200)
