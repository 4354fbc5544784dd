"""The demo city's inspection: a base with a few faults in it, findings from one look at it, and a round under way."""

from collections.abc import Callable
from datetime import datetime
from random import Random
from typing import Final

from django.db import connection

from anlan.city.addresses.landing import Given, land
from anlan.city.addresses.models import PLACED, Address, Level
from anlan.city.areas.atlas import atlas
from anlan.city.people.access import RESPONDER, SUPERVISOR, Actor, Held, Scope, actor_of, scoped
from anlan.city.people.models import Posting
from anlan.loop import clock, engine
from anlan.services.inspection import checks, rounds
from anlan.services.inspection.detection import inspect
from anlan.services.inspection.models import Round
from anlan.services.inspection.schemas import Judgement, RoundIn, Seen

SOURCE: Final = "合成数据，非真实地址"
STEPS: Final = 4
STRAYED: Final = 3
"""Positions that are put outside their grid."""
_LONGEST_UNSEEN: Final = 760
"""Days: a few more than what counts as long, so that a few addresses are due."""


def build(*, seed: int, at: datetime, progress: Callable[[int, int], None]) -> None:
    """Once, in the town of the demo's supervisor; nothing where there is none, or no address there."""
    supervisor = Posting.objects.filter(account__username="supervisor", role=SUPERVISOR.name).first()
    if supervisor is None:
        return
    town = supervisor.area.path
    code = _community(town)
    with scoped(Scope(areas=(town,))):
        if code is None or Round.objects.exists():
            return
    _plant(code, Random(seed), at)
    progress(1, STEPS)
    inspect(town)
    progress(2, STEPS)
    by = actor_of(supervisor.account, on=clock.today())
    given = RoundIn(in_area=town.rpartition(".")[2], confidence=90, margin=15, reason="季度抽查（演示）")
    round = rounds.draw(given, by=by, seed=f"demo-{seed}")
    while rounds.send_waiting():
        progress(3, STEPS)
    _answer_some(round, by, Random(seed))
    progress(STEPS, STEPS)


def _community(town: str) -> str | None:
    """The first community of the town with houses that lie in a grid."""
    there = Address.objects.filter(area__within=town, level=Level.NUMBER).exclude(community="").exclude(grid="")
    return there.order_by("community").values_list("community", flat=True).first()


def _plant(code: str, random: Random, at: datetime) -> None:
    """Some faults, and a day of the latest look for every address."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            UPDATE addresses_address SET checked_on = %s::date - (abs(hashtext(code)) %% %s::int)
            WHERE level = ANY(%s::int[])
            """,
            [clock.local(at).date(), _LONGEST_UNSEEN, [int(level) for level in PLACED]],
        )
    numbers = list(Address.objects.filter(community=code, level=Level.NUMBER).exclude(grid="").order_by("code"))
    for each in random.sample(numbers, min(STRAYED, len(numbers))):
        each.lon = (each.lon or 0) + 0.05
        each.save(update_fields=["lon"])
    road = numbers[0].road or "演示路"
    faults = (
        {Level.ROAD: road, Level.NUMBER: "98765"},
        {Level.COMPOUND: "演示花园A区", Level.BUILDING: "1"},
        {Level.COMPOUND: "演示公寓", Level.BUILDING: "1", Level.UNIT: "1", Level.ROOM: "19902"},
    )
    land([Given(code, names) for names in faults], atlas(), source=SOURCE, on=clock.local(at).date())


def _answer_some(round: Round, by: Actor, random: Random) -> None:
    """Half of the addresses have been looked at, and half of those answers reviewed."""
    sent = [each for each in checks.checks_of(by, round) if each.state == "sent"]
    for each in sent[: max(2, len(sent) // 2)]:
        matter = each.check.matter
        if matter is None or matter.unit_id is None:
            continue
        worker = Actor("staff", held=(Held(RESPONDER, matter.area, unit_id=matter.unit_id),))
        wrong = random.random() < 0.25
        told = {"found": Seen.WRONG, "text": "门牌已换，现场号码不同"} if wrong else {"found": Seen.RIGHT}
        engine.advance(matter.id, "check", by=worker, told=told)
    answered = [each for each in checks.checks_of(by, round) if each.found == Seen.RIGHT]
    for each in answered[: max(1, len(answered) // 2)]:
        checks.review(each.check.id, Judgement(found=Seen.RIGHT), by=by)
