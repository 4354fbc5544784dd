"""The pages of the rules: what is in force, what is to come, and the city's own versions."""

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from anlan.city.people.access import Actor
from anlan.city.regulations.models import RuleVersion
from anlan.city.regulations.versions import left_out
from anlan.foundation.language import said
from anlan.foundation.management.commands.rules import EVIDENCE, value_of
from anlan.foundation.rules import KIND_WORDS, Kind, Rule, rulebook
from anlan.loop import clock
from anlan.loop.administering import (
    Filter,
    Listing,
    Question,
    asked,
    for_administrators,
    for_the_city,
    frame,
    listed,
    paged,
)
from anlan.loop.refusals import Unknown
from anlan.services.administration import regulations
from anlan.services.administration.office_pages import ASKING
from anlan.services.administration.schemas import RuleIn, WithReason


@require_safe
@for_administrators
def rules(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Every rule as in force today, with what is to come."""
    text, kind, coming = (request.GET.get(name, "").strip() for name in ("q", "kind", "coming"))
    today = clock.today()
    ahead = {rule.id for rule in rulebook().all() if rule.effective_from > today}
    found = [regulations.present(id) for id in dict.fromkeys(rule.id for rule in rulebook().all())]
    found = [
        rule
        for rule in found
        if (not text or text in f"{rule.id} {rule.title} {rule.title_en.lower()}")
        and (not kind or rule.kind == kind)
        and (not coming or rule.id in ahead)
    ]
    page = paged(request, found)
    listing = Listing(
        before="administration/rules_left_out.html",
        more={"left_out": left_out()},
        title=_("Deadlines and rules"),
        headings=(_("Rule"), _("Value"), _("Kind"), _("Source"), _("Evidence"), _("In force"), _("To come")),
        rows=[
            (reverse("rule", args=[rule.id]), (*_cells(rule), _("yes") if rule.id in ahead else "–")) for rule in page
        ],
        page=page,
        empty=_("There is no rule."),
        searched=text,
        search_label=_("Designation"),
        filters=[
            Filter("kind", _("Kind"), [(each.value, said(*words)) for each, words in KIND_WORDS.items()], kind),
            Filter("coming", _("To come"), [("yes", _("yes"))], coming),
        ],
    )
    return listed(request, actor, listing)


@require_safe
@for_administrators
def rule(request: HttpRequest, actor: Actor, id: str) -> HttpResponse:
    """One rule: its versions, which procedures use it, and how many clocks run by it."""
    found, today = regulations.present(id), clock.today()
    unused = {version.id for version in left_out()}
    own = {version.starts: version.id for version in RuleVersion.objects.filter(rule=id).exclude(id__in=unused)}
    shown = [
        {
            "cells": _cells(each),
            "state": _("in force now")
            if each.in_force(today)
            else _("to come")
            if each.effective_from > today
            else _("ended"),
            "withdraw": own.get(each.effective_from) if each.effective_from > today else None,
            "own": each.effective_from in own,
            "note": each.note,
        }
        for each in reversed(regulations.versions(id))
    ]
    context = {
        **frame(request, actor),
        "rule": found,
        "title": said(found.title, found.title_en),
        "versions": shown,
        "used": list(regulations.used_by(id)),
        "running": regulations.running(id, by=actor),
    }
    return render(request, "administration/rule.html", context)


@require_http_methods(ASKING)
@for_the_city
def new_version(request: HttpRequest, actor: Actor, id: str) -> HttpResponse:
    """A further version of a rule from a day on."""
    found = regulations.present(id)

    def act(given: RuleIn, mark: str) -> None:
        regulations.add_version(id, given, by=actor)

    numbers = {name: str(getattr(found, name)) for name in regulations.NUMBERS if getattr(found, name) is not None}
    warning = (
        _(
            "A statutory term: only what an article says. Name the article. It is shown as entered by the city, not "
            "verified by the project."
        )
        if found.kind is Kind.STATUTORY
        else ""
    )
    question = Question(
        title=_("A further version: %(title)s") % {"title": said(found.title, found.title_en)},
        asks=RuleIn,
        omit=frozenset(regulations.NUMBERS) - numbers.keys(),
        act=act,
        back=reverse("rule", args=[id]),
        done=_("Saved. It counts from its first day on."),
        button=_("Add the version"),
        initial={
            **numbers,
            "starts": str(regulations.earliest(id)),
            "source": found.source,
            "source_en": found.source_en,
        },
        facts=[
            (_("Now"), value_of(found)),
            (_("Clocks that run by it and keep today's version"), regulations.running(id, by=actor)),
        ],
        warning=warning,
    )
    return asked(request, actor, question)


@require_http_methods(ASKING)
@for_the_city
def withdraw_version(request: HttpRequest, actor: Actor, id: UUID) -> HttpResponse:
    """Take back a version that has not begun."""
    version = RuleVersion.objects.filter(id=id).first()
    if version is None:
        raise Unknown(_("there is no such version; it may have been withdrawn"))

    def act(given: WithReason, mark: str) -> None:
        regulations.withdraw(id, by=actor, reason=given.reason)

    question = Question(
        title=_("Withdraw the version of %(day)s") % {"day": version.starts},
        asks=WithReason,
        act=act,
        back=reverse("rule", args=[version.rule]),
        done=_("Done."),
        button=_("Withdraw"),
        facts=[(_("Rule"), version.rule)],
    )
    return asked(request, actor, question)


def _cells(rule: Rule) -> tuple[object, ...]:
    until = rule.effective_until or ""
    return (
        said(rule.title, rule.title_en),
        value_of(rule),
        said(*KIND_WORDS[rule.kind]),
        said(rule.source, rule.source_en),
        said(*EVIDENCE[rule.evidence]),
        f"{rule.effective_from} – {until}".strip(),
    )
