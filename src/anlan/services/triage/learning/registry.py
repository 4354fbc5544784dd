"""Which model serves each head, kept in every process until somebody chooses another."""

import functools
from typing import Any

import structlog
from django.db import transaction

from anlan.foundation import freshness
from anlan.loop import clock
from anlan.services.triage.learning.combining import HEADS, Learned
from anlan.services.triage.learning.linear import BadModel, LinearModel, digest
from anlan.services.triage.learning.models import TriageModel, TriageModelChoice

TOPIC = "triage-model"
log = structlog.get_logger("anlan.services.triage.learning")


class NothingBefore(LookupError):
    """There is no choice to go back to."""


@functools.cache
def in_force() -> Learned:
    """The heads that serve now. One that cannot be read is passed over, and logged: triage goes on without it."""
    heads: dict[str, LinearModel] = {}
    names = []
    for head in HEADS:
        chosen = choice(head)
        if chosen is None or chosen.model is None:
            continue
        content = bytes(chosen.model.content)
        try:
            if digest(content) != chosen.model.digest:
                raise BadModel("its bytes are not those that were stored")
            heads[head] = LinearModel.from_bytes(content)
        except BadModel as error:
            log.error("model cannot be used", head=head, model=chosen.model_id, why=str(error))
        else:
            names.append(str(chosen.model_id))
    return Learned(heads, "model/" + ",".join(names))


def choice(head: str) -> TriageModelChoice | None:
    """The last choice for a head."""
    return TriageModelChoice.objects.filter(head=head).select_related("model").first()


def keep(head: str, model: LinearModel, source: str, card: dict[str, Any]) -> TriageModel:
    """Keep a trained head with its card; it does not serve yet."""
    content = model.to_bytes()
    return TriageModel.objects.create(
        head=head, made_at=clock.now(), source=source, digest=digest(content), card=card, content=content
    )


def choose(head: str, model: TriageModel | None, why: str) -> TriageModelChoice:
    """Let a kept model serve its head from now on; None lets the rules alone do so."""
    with transaction.atomic():
        made = TriageModelChoice.objects.create(head=head, model=model, at=clock.now(), why=why)
        freshness.changed(TOPIC)
    return made


def roll_back(head: str, why: str) -> TriageModelChoice:
    """Go back to what served before the present model; the rules alone where nothing did.

    Raises `NothingBefore` where no model serves.
    """
    now = choice(head)
    if now is None or now.model_id is None:
        raise NothingBefore(f"no model serves {head}; there is nothing to go back from")
    first = TriageModelChoice.objects.filter(head=head, model_id=now.model_id).order_by("id").first()
    assert first is not None  # `now` is one of them
    before = TriageModelChoice.objects.filter(head=head, id__lt=first.pk).select_related("model").first()
    return choose(head, before.model if before else None, why)


freshness.keep(TOPIC, in_force.cache_clear)
