"""The auditor's books: trial balance by kind, statements, the proof, and what of the bank's files is open."""

from collections.abc import Callable
from datetime import date, timedelta
from functools import wraps
from typing import Annotated, Any
from uuid import UUID

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe
from pydantic import Field, model_validator

from anlan.city.people.access import Actor, Role
from anlan.foundation.database import APPLICATION
from anlan.ledger import refusals
from anlan.ledger.bank_files import Unreadable
from anlan.ledger.bank_models import Comparison
from anlan.ledger.models import Account
from anlan.ledger.queries import statement
from anlan.ledger.reconciliation import Imported, import_file, open_ones
from anlan.ledger.reconciliation import settle as settle_comparison
from anlan.ledger.verification import Verification, count_lines, verify
from anlan.loop import clock
from anlan.loop.administering import paged, query_of
from anlan.loop.csv_answer import csv_answer
from anlan.loop.forms import Form, Label, checked, form_of
from anlan.loop.page_door import for_staff, say, shell
from anlan.loop.refusals import BadInput, NotAllowed, NotPossible, Refused, Unknown
from anlan.loop.schemas import Line, Told
from anlan.services.prepaid.audit import queries
from anlan.services.prepaid.merchants.actions import treasury
from anlan.services.prepaid.merchants.models import Treasury

AUDITORS = Role.AUDITOR | Role.ADMINISTRATOR
MOST_PROVED = 200_000
"""Lines that are proved while somebody waits; more than that `anlan ledger verify` proves."""
MOST_LINES = 1_000
MOST_BYTES = 20 * 1024 * 1024
SHOWN_REJECTED = 100
ROOMS = (
    ("books", gettext_lazy("Trial balance")),
    ("books-accounts", gettext_lazy("Ledger accounts")),
    ("books-reconciliation", gettext_lazy("Reconciliation")),
)


class DayWanted(Told):
    """As of which day."""

    day: Annotated[date | None, Label(gettext_lazy("As of the end of"))] = None


class AccountsWanted(Told):
    """Which accounts are listed."""

    kind: Annotated[Line, Field(max_length=40)] = ""
    id: UUID | None = None


class SpanWanted(Told):
    """The days of a statement, both included; a month where nothing is said."""

    since: Annotated[date | None, Label(gettext_lazy("From"))] = None
    until: Annotated[date | None, Label(gettext_lazy("Until"))] = None

    @model_validator(mode="after")
    def _runs_forward(self) -> "SpanWanted":
        if self.since and self.until and self.until < self.since:
            raise ValueError(_("the last day lies before the first"))
        return self


class SettlingForm(Told):
    """Why what does not match is settled."""

    reason: Annotated[Line, Field(min_length=1, max_length=200)]


def for_auditors(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """A page for whoever audits or administers the whole city: accounts lie in no area."""

    @for_staff
    @wraps(view)
    def page(request: HttpRequest, actor: Actor, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not any(held.role in AUDITORS and held.area == settings.ANLAN_CITY for held in actor.held):
            raise NotAllowed(_("the books are for an auditor of the whole city"))
        return view(request, actor, *args, **kwargs)

    return page


@require_safe
@for_auditors
def trial(request: HttpRequest, actor: Actor) -> HttpResponse:
    """`?day=…`: the sums of all accounts by kind."""
    return _trial(request, actor)


@require_safe
@for_auditors
def trial_file(request: HttpRequest, actor: Actor) -> HttpResponse:
    """The same as a file."""
    day = checked(DayWanted, request.GET).day or clock.today()
    lines: list[tuple[object, ...]] = [("day", "kind", "currency", "accounts", "booked_fen", "promised_fen")]
    lines += [(day, *(getattr(row, name) for name in row.__slots__)) for row in queries.trial(day).rows]
    return csv_answer(f"trial-balance-{day}.csv", lines)


@require_POST
@for_auditors
def prove(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Prove now that no booking was changed."""
    lines = count_lines(APPLICATION)
    if lines > MOST_PROVED:
        told = _("there are %(lines)d lines, too many to wait for; run `anlan ledger verify`") % {"lines": lines}
        return _trial(request, actor, refused=NotPossible(told))
    return _trial(request, actor, proof=verify())


@require_safe
@for_auditors
def accounts(request: HttpRequest, actor: Actor) -> HttpResponse:
    """`?kind=…&id=…`: the accounts, those with most money first."""
    refused: Refused | None = None
    try:
        wanted = checked(AccountsWanted, request.GET)
    except BadInput as error:
        wanted, refused = AccountsWanted(), error
    page = paged(request, queries.accounts(kind=wanted.kind, within=wanted.id))
    context = {
        **_frame(request, actor),
        "page": page,
        "rows": list(page),
        "query": query_of(request),
        "wanted": wanted,
        "refused": refused,
    }
    return render(request, "prepaid/books_accounts.html", context, status=refused.status if refused else 200)


@require_safe
@for_auditors
def account(request: HttpRequest, actor: Actor, id: UUID) -> HttpResponse:
    """`?since=…&until=…`: an account's statement; at most `MOST_LINES`, the newest."""
    found = Account.objects.filter(id=id).first()
    if found is None:
        raise Unknown(_("there is no such account"))
    refused: Refused | None = None
    try:
        wanted = checked(SpanWanted, request.GET)
    except BadInput as error:
        wanted, refused = SpanWanted(), error
    until = wanted.until or clock.today()
    since = wanted.since or until - timedelta(days=30)
    lines = statement(id, queries.end_of_day(since - timedelta(days=1)), queries.end_of_day(until))
    context = {
        **_frame(request, actor),
        "account": found,
        "lines": lines[: -MOST_LINES - 1 : -1],
        "hidden": max(len(lines) - MOST_LINES, 0),
        "since": since,
        "until": until,
        "refused": refused,
    }
    return render(request, "prepaid/books_account.html", context, status=refused.status if refused else 200)


@require_safe
@for_auditors
def reconciliation(request: HttpRequest, actor: Actor) -> HttpResponse:
    """What of the bank's files does not match and nobody has settled yet."""
    return _reconciliation(request, actor)


@require_POST
@for_auditors
def read(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Compare a file of the custody bank with the ledger; the same file again changes nothing."""
    file = request.FILES.get("file")
    try:
        if file is None:
            raise BadInput(_("choose a file"), field="file")
        if (file.size or 0) > MOST_BYTES:
            raise BadInput(_("the file is too large; send it in parts"), field="file")
        try:
            imported = import_file(file.read(), treasury().bank)
        except Unreadable as error:
            raise BadInput(error.message, field="file") from error
    except BadInput as refused:
        return _reconciliation(request, actor, refused=refused)
    return _reconciliation(request, actor, imported=imported)


@require_POST
@for_auditors
def settle(request: HttpRequest, actor: Actor, id: UUID) -> HttpResponse:
    """Settle one of them, for a reason."""
    assert actor.account_id is not None  # who holds a posting has an account
    try:
        settle_comparison(id, by=actor.account_id, reason=checked(SettlingForm, request.POST).reason)
    except BadInput as refused:
        return _reconciliation(request, actor, refused=refused, asked=id)
    except refusals.UnknownTransfer as error:
        raise Unknown(error.message) from error
    except refusals.NotPending as error:
        return _reconciliation(request, actor, refused=NotPossible(error.message))
    say(request, _("Settled."))
    return HttpResponseRedirect(reverse("books-reconciliation"))


def _trial(
    request: HttpRequest, actor: Actor, *, refused: Refused | None = None, proof: Verification | None = None
) -> HttpResponse:
    try:
        day = checked(DayWanted, request.GET).day or clock.today()
    except BadInput as error:
        day, refused = clock.today(), refused or error
    context = {
        **_frame(request, actor),
        "trial": queries.trial(day),
        "day": day,
        "proof": proof,
        "refused": refused,
    }
    return render(request, "prepaid/books.html", context, status=refused.status if refused else 200)


def _reconciliation(
    request: HttpRequest,
    actor: Actor,
    *,
    refused: Refused | None = None,
    asked: UUID | None = None,
    imported: Imported | None = None,
) -> HttpResponse:
    banks = Treasury.objects.values_list("bank", flat=True)
    rows = [comparison for bank in banks for comparison in open_ones(bank)]
    page = paged(request, rows)
    context = {
        **_frame(request, actor),
        "page": page,
        "rows": [(each, _form(request, each, refused, asked)) for each in page],
        "query": query_of(request),
        "refused": None if asked else refused,
        "imported": imported,
        "fresh": sum(imported.new.values()) if imported else 0,
        "rejected": imported.rejected[:SHOWN_REJECTED] if imported else [],
    }
    return render(request, "prepaid/books_reconciliation.html", context, status=refused.status if refused else 200)


def _form(request: HttpRequest, comparison: Comparison, refused: Refused | None, asked: UUID | None) -> Form:
    mine = refused if asked == comparison.id else None
    return form_of(SettlingForm, typed=request.POST if mine else None, refused=mine)


def _frame(request: HttpRequest, actor: Actor) -> dict[str, Any]:
    here = max((reverse(name) for name, _label in ROOMS if request.path.startswith(reverse(name))), key=len, default="")
    inside = [(reverse(name), label, reverse(name) == here) for name, label in ROOMS]
    return {**shell(request, actor), "inside": inside}
