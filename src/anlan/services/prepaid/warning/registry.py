"""Which failure model serves as what. A version decides nothing before it has been in shadow for the time of the rule
`prepaid.model_shadow`; whoever goes back to an earlier one, or to the rules alone, may do so at once."""

from datetime import timedelta
from hashlib import sha256
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _

from anlan.loop import clock
from anlan.loop.refusals import BadInput, NotPossible, Unknown
from anlan.services.prepaid.figures import rule
from anlan.services.prepaid.warning.models import WarningModel, WarningModelChoice

Part = WarningModelChoice.Part


def keep(content: bytes, card: dict[str, Any]) -> WarningModel:
    """Keep a model with its card; the same one again is the one that is there. It serves as nothing yet."""
    digest = sha256(content).hexdigest()
    found, _new = WarningModel.objects.get_or_create(
        digest=digest, defaults={"content": content, "card": card, "made_at": clock.now()}
    )
    return found


def current() -> WarningModelChoice | None:
    """The choice that holds; None where there never was one, which is the rules alone."""
    return WarningModelChoice.objects.select_related("model").order_by("-id").first()


def choose(part: Part, model: int | None, *, why: str, by: UUID | None) -> WarningModelChoice:
    """Let a model serve in a part from now on. For the city's administrator, or the console.

    Raises BadInput without a reason, Unknown for no such model, and NotPossible for one that would warn without having
    been in shadow for long enough.
    """
    if not why.strip():
        raise BadInput(_("say why"), field="why")
    asked = [] if part == Part.ALONE or model is None else [model]
    found = WarningModel.objects.filter(id__in=asked).first()
    if part != Part.ALONE and found is None:
        raise Unknown(_("there is no such model"), field="model")
    now = clock.now()
    if part == Part.WARNS:
        days = rule("model_shadow", clock.today()).amount or 0
        first = WarningModelChoice.objects.filter(model=found).order_by("at").first()
        if first is None or first.at > now - timedelta(days=days):
            raise NotPossible(
                _("a model is in shadow for %(days)d days before it warns") % {"days": days}, field="part"
            )
    return WarningModelChoice.objects.create(model=found, part=part, at=now, by=by, why=why.strip()[:200])
