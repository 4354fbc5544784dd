"""Asking for a refund: what the law gives, line by line with its article, and what it leaves open; then the refund."""

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from anlan.city.people.access import Actor
from anlan.loop.refusals import BadInput, NotPossible, Refused
from anlan.services.prepaid.cards import repaying
from anlan.services.prepaid.cards.repayment_models import Repayment
from anlan.services.prepaid.form_keys import key_sent, key_shown
from anlan.services.prepaid.wallet import queries
from anlan.services.prepaid.wallet.door import for_holders


@require_http_methods(["GET", "HEAD", "POST"])
@for_holders
def refund(request: HttpRequest, actor: Actor, card: UUID) -> HttpResponse:
    """`?cause=…`: the preview for one of the causes that are a holder's to choose; sent, it is paid back."""
    kept = queries.kept(card, by=actor)
    default = Repayment.Cause.SEVEN_DAYS if kept.seven_days_until else Repayment.Cause.CONSUMER
    cause = _cause(request.POST.get("cause") or request.GET.get("cause") or default)
    refused: Refused | None = None
    if request.method == "POST":
        try:
            repaying.give_back(card, cause, by=actor, key=key_sent(request))
        except (NotPossible, BadInput) as error:
            refused = error
        else:
            return HttpResponseRedirect(f"{reverse('wallet-card', args=[card])}?done=refund")
    context: dict[str, Any] = {
        "kept": kept,
        "cause": cause,
        "causes": [each for each in repaying.OWN_CAUSES if each != Repayment.Cause.SEVEN_DAYS or kept.seven_days_until],
        "key": key_shown(request),
    }
    try:
        context["quote"] = repaying.quoted(card, cause, by=actor)
    except NotPossible as error:
        refused = refused or error
    context["refused"] = refused
    return render(request, "prepaid/refund.html", context, status=refused.status if refused else 200)


def _cause(told: str) -> Repayment.Cause:
    """Raises BadInput for what is none, or is not a holder's to say."""
    if told not in repaying.OWN_CAUSES:
        raise BadInput(_("choose from the list"), field="cause")
    return Repayment.Cause(told)
