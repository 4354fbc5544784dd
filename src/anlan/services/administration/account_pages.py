"""The pages of accounts and postings."""

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from anlan.city.people import second_factor
from anlan.city.people.access import Actor
from anlan.city.people.models import Account, Posting
from anlan.loop import clock
from anlan.loop.administering import (
    Filter,
    Listing,
    Question,
    administers,
    areas_offered,
    asked,
    for_administrators,
    frame,
    listed,
    paged,
)
from anlan.loop.refusals import NotAllowed
from anlan.services.administration import accounts
from anlan.services.administration.office_pages import ASKING, organisations_offered, units_offered
from anlan.services.administration.offices import place
from anlan.services.administration.schemas import AccountIn, Ends, PostingIn, WithReason


@require_safe
@for_administrators
def account_list(request: HttpRequest, actor: Actor) -> HttpResponse:
    """The accounts of one's area."""
    text, state, where = (request.GET.get(name, "") for name in ("q", "state", "in_area"))
    found = accounts.search(actor, text, where).order_by("username")
    by_name = accounts.searches_names(actor, where)
    if state in ("on", "off"):
        found = found.filter(is_active=state == "on")
    page = paged(request, found)
    held = _held({each.id for each in page})
    rows = [
        (
            reverse("account", args=[each.id]),
            (
                each.username,
                each.name or "",
                "；".join(held.get(each.id, [])) or _("none today"),
                _("switched on") if each.is_active else _("switched off"),
            ),
        )
        for each in page
    ]
    listing = Listing(
        title=_("Accounts and postings"),
        headings=(_("User name"), _("Name"), _("Postings today"), _("State")),
        rows=rows,
        page=page,
        empty=_("Nobody has an account in your area yet."),
        create=(reverse("new-account"), _("New account")),
        searched=text,
        search_label=_("User name, name or telephone")
        if by_name
        else _("User name or telephone; in one town the name"),
        filters=[
            Filter("in_area", _("Area"), areas_offered(actor), where),
            Filter("state", _("State"), [("on", _("switched on")), ("off", _("switched off"))], state),
        ],
    )
    return listed(request, actor, listing)


@require_http_methods(ASKING)
@for_administrators
def new_account(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Open an account with its first posting; the one-time password is shown once."""

    def act(given: AccountIn, mark: str) -> HttpResponse:
        account, password = accounts.open_account(given, by=actor)
        return _password_shown(request, actor, account, password)

    question = Question(
        title=_("New account"),
        asks=AccountIn,
        act=act,
        back=reverse("accounts"),
        done="",
        button=_("Open the account"),
        initial={"starts": str(clock.today())},
        choices=_choices(actor),
    )
    return asked(request, actor, question)


@require_safe
@for_administrators
def account(request: HttpRequest, actor: Actor, id: UUID) -> HttpResponse:
    """An account: what it holds, and what can be done to it."""
    found, today = accounts.account_of(actor, id), clock.today()
    try:
        accounts.require_own(actor, found)
        forbidden = ""
    except NotAllowed as refused:
        forbidden = str(refused.message)
    postings = [
        {
            "posting": each,
            "role": each.get_role_display(),
            "where": place(each.area.path),
            "held": each.starts <= today and (each.ends is None or each.ends > today),
            "ahead": each.starts > today,
            "mine": administers(actor, each.area.path) and not forbidden,
        }
        for each in accounts.postings_of(actor, found)
    ]
    context = {
        **frame(request, actor),
        "account": found,
        "postings": postings,
        "forbidden": forbidden,
        "second_factor": second_factor.has_one(found),
    }
    return render(request, "administration/account.html", context)


@require_http_methods(ASKING)
@for_administrators
def give_posting(request: HttpRequest, actor: Actor, id: UUID) -> HttpResponse:
    """Give an account a posting."""
    found = accounts.account_of(actor, id)

    def act(given: PostingIn, mark: str) -> None:
        accounts.give_posting(found, given, by=actor)

    question = Question(
        title=_("A posting for %(name)s") % {"name": found.username},
        asks=PostingIn,
        act=act,
        back=reverse("account", args=[id]),
        done=_("The posting has been given."),
        button=_("Give the posting"),
        initial={"starts": str(clock.today())},
        choices=_choices(actor),
    )
    return asked(request, actor, question)


@require_http_methods(ASKING)
@for_administrators
def end_posting(request: HttpRequest, actor: Actor, id: UUID) -> HttpResponse:
    """End a posting today."""

    def act(given: WithReason, mark: str) -> None:
        ends = Ends(ends=max(clock.today(), found.starts), reason=given.reason)
        accounts.end_posting(id, ends, by=actor, mark=mark, verb="end")

    found = accounts.posting_of(actor, id)
    return asked(
        request,
        actor,
        Question(
            title=_("End a posting of %(name)s") % {"name": found.account.username},
            asks=WithReason,
            act=act,
            done=_("The posting has ended."),
            button=_("End today"),
            **_of_posting(found),
        ),
    )


@require_http_methods(ASKING)
@for_administrators
def extend_posting(request: HttpRequest, actor: Actor, id: UUID) -> HttpResponse:
    """Change until when a posting is held."""

    def act(given: Ends, mark: str) -> None:
        accounts.end_posting(id, given, by=actor, mark=mark)

    found = accounts.posting_of(actor, id)
    return asked(
        request,
        actor,
        Question(
            title=_("Until when %(name)s holds a posting") % {"name": found.account.username},
            asks=Ends,
            act=act,
            done=_("Saved."),
            button=_("Save"),
            initial={"ends": str(found.ends or "")},
            **_of_posting(found),
        ),
    )


@require_http_methods(ASKING)
@for_administrators
def switch(request: HttpRequest, actor: Actor, id: UUID) -> HttpResponse:
    """Switch an account off, or on again."""
    found = accounts.account_of(actor, id)

    def act(given: WithReason, mark: str) -> None:
        accounts.switch(found, on=not found.is_active, by=actor, mark=mark, reason=given.reason)

    title = _("Switch off %(name)s") if found.is_active else _("Switch on %(name)s")
    warning = _(
        "Nobody gets in with this account any more, and whoever is in is out at once. It can be switched on again."
    )
    question = _about(found, act, title, _("Switch off") if found.is_active else _("Switch on"))
    return asked(request, actor, Question(**question, warning=warning if found.is_active else "", done=_("Done.")))


@require_http_methods(ASKING)
@for_administrators
def reset_password(request: HttpRequest, actor: Actor, id: UUID) -> HttpResponse:
    """A new one-time password."""
    found = accounts.account_of(actor, id)

    def act(given: WithReason, mark: str) -> HttpResponse:
        password = accounts.reset_password(found, by=actor, mark=mark, reason=given.reason)
        return _password_shown(request, actor, found, password)

    warning = _("The old password no longer works, and every session ends. This can't be undone.")
    question = _about(found, act, _("New password for %(name)s"), _("Reset the password"))
    return asked(request, actor, Question(**question, warning=warning, done=""))


@require_http_methods(ASKING)
@for_administrators
def reset_second_factor(request: HttpRequest, actor: Actor, id: UUID) -> HttpResponse:
    """Take the second factor away, so that a new one can be set up."""
    found = accounts.account_of(actor, id)

    def act(given: WithReason, mark: str) -> None:
        accounts.reset_second_factor(found, by=actor, mark=mark, reason=given.reason)

    warning = _("The app, every passkey and the recovery codes are gone, and every session ends. This can't be undone.")
    question = _about(found, act, _("Reset the second factor of %(name)s"), _("Reset the second factor"))
    return asked(request, actor, Question(**question, warning=warning, done=_("Done.")))


def _password_shown(request: HttpRequest, actor: Actor, account: Account, password: str) -> HttpResponse:
    context = {**frame(request, actor), "account": account, "password": password}
    return render(request, "administration/password.html", context)


def _about(account: Account, act: Any, title: str, button: str) -> dict[str, Any]:
    return {
        "title": title % {"name": account.username},
        "asks": WithReason,
        "act": act,
        "back": reverse("account", args=[account.id]),
        "button": button,
        "shown": account,
    }


def _of_posting(posting: Posting) -> dict[str, Any]:
    return {
        "back": reverse("account", args=[posting.account_id]),
        "shown": posting,
        "facts": [
            (_("Role"), posting.get_role_display()),
            (_("Area"), place(posting.area.path)),
            (_("First day"), posting.starts),
        ],
    }


def _choices(actor: Actor) -> dict[str, Any]:
    return {
        "in_area": areas_offered(actor),
        "organisation": organisations_offered(actor),
        "unit": units_offered(actor),
    }


def _held(ids: set[UUID]) -> dict[UUID, list[str]]:
    """What accounts hold today, in words."""
    today = clock.today()
    held: dict[UUID, list[str]] = {}
    for each in Posting.objects.filter(account_id__in=ids, starts__lte=today).select_related("area"):
        if each.ends is None or each.ends > today:
            held.setdefault(each.account_id, []).append(f"{place(each.area.path)} · {each.get_role_display()}")
    return held
