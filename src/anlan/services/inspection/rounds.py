"""Rounds of spot checks: drawing a sample, sending it to the grids' workers, and what it says of the whole.

**The draw.** Every address that could be drawn is ranked by sha256(seed + its code), and the first n are taken. So
whoever knows seed and codes can repeat it by hand, and nobody chooses what is looked at: the seed is made by the
program, and every round is kept, also one that is given up.
"""

import secrets
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from django.db import connection
from django.utils.translation import gettext as _

from anlan.city.addresses.keys import sharing
from anlan.city.addresses.models import PLACED, Address, Level
from anlan.city.areas.atlas import atlas
from anlan.city.audit.recording import changing
from anlan.city.people.access import Actor, Scope, scope_of, scoped, system
from anlan.city.people.models import Unit
from anlan.foundation.rules import rulebook
from anlan.loop import clock, engine
from anlan.loop.models import Channel, Event, Matter
from anlan.loop.refusals import BadInput, Refused, Unknown
from anlan.loop.suggestions import Klass, Severity
from anlan.services.inspection.access import area_of, require_over, within_own
from anlan.services.inspection.models import Check, Round
from anlan.services.inspection.procedure import Inspecting
from anlan.services.inspection.sampling import Interval, interval, sample_size
from anlan.services.inspection.schemas import RoundIn, Seen

FROM_OUTSIDE: Final = (*PLACED, Level.UNIT)
"""What a worker can look at without going inside."""
CATEGORY: Final = "other"
SENT_AT_ONCE: Final = 50

_RANKED: Final = """
    WITH frame AS MATERIALIZED (
        SELECT a.id, a.code FROM addresses_address a
        WHERE a.area <@ %(area)s::text::ltree AND a.level = ANY(%(levels)s::int[])
            AND a.valid_from <= %(on)s::date AND (a.valid_until IS NULL OR a.valid_until > %(on)s::date)
    )
    SELECT (SELECT count(*) FROM frame),
        (SELECT encode(sha256(convert_to(coalesce(string_agg(code, ',' ORDER BY code), ''), 'UTF8')), 'hex')
            FROM frame),
        ARRAY(
            SELECT id FROM frame ORDER BY sha256(convert_to(%(seed)s::text || code, 'UTF8')) LIMIT %(most)s::int
        )
"""


@dataclass(frozen=True, slots=True)
class Drawn:
    """A draw: how many there were, the digest of their codes, and who was drawn, in order."""

    population: int
    frame: str
    addresses: Sequence[UUID]


@dataclass(frozen=True, slots=True)
class Result:
    """How far a round has come and what it says. `share` counts what a reviewer has confirmed and nothing else."""

    drawn: int
    by_state: Counter[str]
    right: int
    wrong: int
    not_found: int
    share: Interval | None

    @property
    def seen(self) -> int:
        """How many a reviewer has judged."""
        return self.right + self.wrong + self.not_found

    @property
    def waiting(self) -> int:
        """How many have not been judged yet, and have not been given up."""
        return self.drawn - self.seen - self.by_state["cancelled"]


def draw(given: RoundIn, *, by: Actor, seed: str = "") -> Round:
    """Draw a round. Its matters are opened and sent by the worker (`send_waiting`).

    Raises BadInput for an area that is not one's own or has no addresses, and for a sample larger than a round may be.
    """
    area = area_of(by, given.in_area, field="in_area")
    require_over(by, area)
    assert by.account_id is not None  # who holds a posting has an account
    confidence, margin = given.confidence / 100, given.margin / 100
    round = Round(
        area=area,
        reason=given.reason,
        confidence=confidence,
        margin=margin,
        rooms=given.rooms,
        seed=seed or secrets.token_hex(8),
        drawn_at=clock.now(),
        drawn_on=clock.today(),
        drawn_by=by.account_id,
    )
    with changing(round, verb="draw", by=by, area=area, reason=given.reason):
        found = _drawn(round, most_in_round())
        if not found.population:
            raise BadInput(_("the base has no address there that could be drawn"), field="in_area")
        size = sample_size(found.population, confidence=confidence, margin=margin)
        if size > most_in_round():
            message = _("that takes %(size)d addresses, and a round has at most %(most)d; allow a wider margin")
            raise BadInput(message % {"size": size, "most": most_in_round()}, field="margin")
        round.population, round.frame = found.population, found.frame
        round.save()
        places = dict(Address.objects.filter(id__in=found.addresses[:size]).values_list("id", "area"))
        Check.objects.bulk_create(
            Check(round=round, address_id=id, area=places[id], asked_at=round.drawn_at, asked_by=by.account_id)
            for id in found.addresses[:size]
        )
    return round


def repeats(round: Round) -> bool | None:
    """Draw it again: is it the same? None where the base of that day can't be had any more, so that nothing is said."""
    with scoped(Scope(areas=(round.area,))):
        checked = set(round.checks.values_list("address_id", flat=True))
        again = _drawn(round, len(checked))
    if again.frame != round.frame:
        return None
    return set(again.addresses) == checked


def rounds(actor: Actor) -> list[Round]:
    """The rounds of one's own areas, the newest first."""
    with scoped(scope_of(actor)):
        return list(Round.objects.filter(within_own(actor)).order_by("-drawn_at"))


def round_of(actor: Actor, id: UUID) -> Round:
    """A round of one's own. Raises Unknown."""
    with scoped(scope_of(actor)):
        found = Round.objects.filter(within_own(actor), id=id).first()
    if found is None:
        raise Unknown(_("there is no such round, or it is not yours"))
    return found


def result(round: Round, *, community: str = "") -> Result:
    """What a round says of its area, or of one community in it: then of as many as there may be, for how many addresses
    of it could have been drawn is not kept."""
    with scoped(Scope(areas=(round.area,))):
        checks = round.checks.all()
        if community:
            checks = checks.filter(address__community=community)
        matters = dict(checks.filter(matter__isnull=False).values_list("matter_id", "matter__state"))
        verdicts = Counter(judged(list(matters)).values())
        drawn = checks.count()
    right, seen = verdicts[Seen.RIGHT], verdicts.total()
    share = interval(
        right, seen, confidence=round.confidence, population=None if community else max(round.population, seen)
    )
    return Result(
        drawn=drawn,
        by_state=Counter(matters.values()),
        right=right,
        wrong=verdicts[Seen.WRONG],
        not_found=verdicts[Seen.NOT_FOUND],
        share=share,
    )


def judged(matters: Sequence[UUID]) -> dict[UUID, str]:
    """The reviewers' latest word on each matter that has one. In a scope."""
    lines = Event.objects.filter(matter_id__in=matters, kind="review").order_by("seq")
    return {matter: str(data["found"]) for matter, data in lines.values_list("matter_id", "data")}


def send_waiting(*, limit: int = SENT_AT_ONCE) -> int:
    """Open the matters of checks that were asked for and send each to its grid's worker, the oldest first; returns how
    many. Where a grid has nobody the matter waits at the town's desk, which sends it by hand. For the worker."""
    program = system()
    sent = 0
    with scoped(scope_of(program)):
        waiting = list(
            Check.objects.filter(matter=None).order_by("asked_at", "id").values_list("id", flat=True)[:limit]
        )
    for id in waiting:
        with scoped(scope_of(program)):
            check = Check.objects.select_for_update(of=("self",), skip_locked=True).filter(id=id, matter=None).first()
            if check is None:
                continue
            check.matter = _opened(check, program)
            check.save(update_fields=["matter"])
            sent += 1
    return sent


def worker_of(grid: str) -> Unit | None:
    """The grid's own worker: one on duty before one who is not."""
    there = (
        Unit.objects.filter(kind=Unit.Kind.GRID_WORKER, home_id=grid, retired_on=None) if grid else Unit.objects.none()
    )
    return there.order_by("-on_duty", "name").first()


def most_in_round() -> int:
    return int(rulebook().at("inspection.most_in_round", clock.today()).value or 0)


def _drawn(round: Round, most: int) -> Drawn:
    levels = [*FROM_OUTSIDE, *((Level.ROOM,) if round.rooms else ())]
    with connection.cursor() as cursor:
        cursor.execute(
            _RANKED,
            {
                "area": round.area,
                "levels": [int(level) for level in levels],
                "on": round.drawn_on,
                "seed": round.seed,
                "most": most,
            },
        )
        population, frame, addresses = cursor.fetchone()
    return Drawn(population, frame, addresses)


def _opened(check: Check, program: Actor) -> Matter:
    address = Address.objects.select_related("parent").get(id=check.address_id)
    spot = _spot(address)
    grid = spot.grid if address.community and spot.grid.startswith(address.community) else ""
    opening = engine.Opening(
        area=f"{address.area}.{grid}" if grid in atlas().paths else address.area,
        channel=Channel.PATROL,
        title=f"核查地址：{address.name}",
        klass=Klass.ORDINARY,
        category=CATEGORY,
        severity=Severity.BLUE,
        description=_what_for(check, address),
        address=address.text[:200],
        lon=spot.lon,
        lat=spot.lat,
    )
    told = {"check": str(check.id), "address": address.code}
    matter = engine.open_matter(Inspecting, opening, by=program, told=told).matter
    unit = worker_of(grid)
    if unit is not None:
        try:
            return engine.advance(
                matter.id, "send", by=program, told={"unit_id": str(unit.id), "reason": "本网格网格员"}
            )
        except Refused:
            return matter
    return matter


def _spot(address: Address) -> Address:
    """Where to go: the address itself, or what has a position below it or above it; a building stands where its rooms
    do."""
    if address.grid:
        return address
    below = Address.objects.filter(sharing(address)).exclude(grid="").order_by("code").first()
    return below or (address.parent if address.parent and address.parent.grid else address)


def _what_for(check: Check, address: Address) -> str:
    """What the worker is to look at; the program speaks Chinese first, for a matter has one language."""
    asked = f"请到现场核对这个地址是否正确：{address.text}。"
    if check.finding is None:
        return f"{asked}随机抽查，不针对任何人。"
    return f"{asked}系统发现：{check.finding.value}"


def latest_results(actor: Actor, communities: Collection[str]) -> dict[str, Result]:
    """For each community what the latest round with reviewed checks there says of it."""
    with scoped(scope_of(actor)):
        latest = (
            Check.objects.filter(within_own(actor), round__isnull=False, address__community__in=communities)
            .filter(matter__state__in=("reviewed", "closed"))
            .order_by("address__community", "-round__drawn_at")
            .distinct("address__community")
            .values_list("address__community", "round_id")
        )
        by_community = dict(latest)
        known = Round.objects.in_bulk(set(by_community.values()))
    return {
        community: result(known[id], community="" if known[id].area.endswith(community) else community)
        for community, id in by_community.items()
        if id in known
    }
