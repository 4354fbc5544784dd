"""Letting a kept model serve, and going back: by an administrator of the city, with a reason, written in the log."""

from typing import Annotated

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from pydantic import Field

from anlan.city.audit.recording import changed
from anlan.city.people.access import Actor
from anlan.loop.administering import mark_of, require_over
from anlan.loop.forms import Label
from anlan.loop.refusals import NotPossible, Stale, Unknown
from anlan.loop.schemas import Line, Told
from anlan.services.triage.learning import registry
from anlan.services.triage.learning.combining import HEADS
from anlan.services.triage.learning.linear import digest
from anlan.services.triage.learning.models import TriageModel, TriageModelChoice

LONGEST_REASON = 200


class Why(Told):
    """Why a model is switched on or taken back."""

    reason: Annotated[
        Line, Field(min_length=1, max_length=LONGEST_REASON), Label(_("Reason"), _("Kept in the audit log."))
    ]


def kept(id: int) -> TriageModel:
    """A kept model. Raises Unknown."""
    found = TriageModel.objects.filter(pk=id).first()
    if found is None:
        raise Unknown(gettext("there is no such model"))
    return found


def serving(head: str) -> TriageModelChoice | None:
    """What serves a head now. Raises Unknown."""
    if head not in HEADS:
        raise Unknown(gettext("there is no such model"))
    return registry.choice(head)


def switch_on(model: TriageModel, given: Why, *, by: Actor, mark: str) -> None:
    """Let a kept model serve from now on. Raises NotPossible, and Stale where another was chosen meanwhile."""
    require_over(by, settings.ANLAN_CITY)
    with transaction.atomic():
        before = _unchanged(model.head, mark)
        if before is not None and before.model_id == model.pk:
            raise NotPossible(gettext("this model serves already"))
        if digest(bytes(model.content)) != model.digest:
            raise NotPossible(gettext("this model cannot be read"))
        registry.choose(model.head, model, given.reason)
        _write_down(model, "switch-on", given, by, before, model.pk)


def roll_back(head: str, given: Why, *, by: Actor, mark: str) -> None:
    """Go back to what served before. Raises NotPossible where no model serves, and Stale."""
    require_over(by, settings.ANLAN_CITY)
    with transaction.atomic():
        before = _unchanged(head, mark)
        if before is None or before.model is None:
            raise NotPossible(gettext("no model serves; the rules alone do"))
        after = registry.roll_back(head, given.reason)
        _write_down(before.model, "roll-back", given, by, before, after.model_id)


def _unchanged(head: str, mark: str) -> TriageModelChoice | None:
    now = serving(head)
    if mark != (mark_of(now) if now else ""):
        raise Stale(gettext("somebody else has changed this in the meantime; load the page again"))
    return now


def _write_down(
    model: TriageModel, verb: str, given: Why, by: Actor, before: TriageModelChoice | None, after: int | None
) -> None:
    serves = [_name(before.model_id if before else None), _name(after)]
    changed(
        model,
        verb=verb,
        by=by,
        area=settings.ANLAN_CITY,
        reason=given.reason,
        difference={f"serves {model.head}": serves},
    )


def _name(model: int | None) -> str:
    return f"model/{model}" if model else "rules"
