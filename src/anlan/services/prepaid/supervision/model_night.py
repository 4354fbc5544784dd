"""Each night the model that serves looks at every shop: in shadow it only notes what it would say, and one that warns
opens warnings beside those of the rules. It never colours a shop.

LightGBM is loaded here and only where a model serves.
"""

from typing import Final

import numpy as np

from anlan.city.people.access import scope_of, scoped, system
from anlan.foundation.rules import rulebook
from anlan.loop import clock
from anlan.services.prepaid.colour.indicators import Least
from anlan.services.prepaid.colour.trading import laid_out
from anlan.services.prepaid.figures import figure
from anlan.services.prepaid.merchants.models import Shop
from anlan.services.prepaid.supervision.warnings import raise_by_model
from anlan.services.prepaid.warning.models import ModelNight, Outlook, WarningModel
from anlan.services.prepaid.warning.registry import Part, current

_NIGHT_BEGINS: Final = 3
"""The hour from which the model may look: after the colours of the night."""


def look_tonight() -> int:
    """Once a night, where a model serves; how many shops it would warn of. For the worker."""
    now = clock.local(clock.now())
    with scoped(scope_of(system())):
        choice = current()
        if choice is None or choice.model is None or now.hour < _NIGHT_BEGINS:
            return 0
        if ModelNight.objects.filter(day=now.date()).exists():
            return 0
        found = look(choice.model)
        ModelNight.objects.create(day=now.date(), model=choice.model, at=now, found=len(found))
    if choice.part == Part.WARNS:
        for outlook in found:
            raise_by_model(outlook)
    return len(found)


def look(model: WarningModel) -> list[Outlook]:
    """What a model says of today: the shops from the probability of `prepaid.model_from` on, kept with their reasons.

    In the caller's transaction and scope. Raises BadModel for one that learned from other features.
    """
    from anlan.services.prepaid.warning.model import BadModel, FailureModel
    from anlan.services.prepaid.warning.shops import FEATURES, features_of

    served = FailureModel.from_bytes(bytes(model.content))
    if [each.name for each in served.features] != [each.name for each in FEATURES]:
        raise BadModel("the model learned from other features than a shop's")
    today = clock.today()
    least, most = Least.of(rulebook(), today), figure("model_from", today) / 100
    shops = list(Shop.objects.filter(closed_at=None).order_by("id").values_list("id", flat=True))
    found = []
    for ids, days in laid_out(shops, today):
        values = features_of(days, least)
        places = np.flatnonzero(served.probabilities(values) >= most)
        if not len(places):
            continue
        for place, outlook in zip(places, served.predict(values[places]), strict=True):
            reasons = [{"feature": each.feature, "zh": each.zh, "en": each.en} for each in outlook.reasons]
            found.append(
                Outlook(shop_id=ids[place], model=model, day=today, probability=outlook.probability, reasons=reasons)
            )
    return Outlook.objects.bulk_create(found, ignore_conflicts=True)
