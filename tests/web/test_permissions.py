"""Who may do what: every address and every operation, for each kind of person, in their own town and in another.

The addresses come from the resolver, the operations of the API from its own description. One without a line in
`MATRIX` fails; so does a method that answers although no line names it.
"""

import itertools
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from typing import Any
from uuid import UUID

import pytest
from django.conf import settings
from django.db import transaction
from django.test import Client, override_settings
from django.utils import translation
from PIL import Image

from anlan.city.addresses.landing import Given, land
from anlan.city.addresses.models import Address, Level
from anlan.city.areas import grid_changes
from anlan.city.areas.atlas import atlas
from anlan.city.areas.models import Area
from anlan.city.people import access, second_factor
from anlan.city.people.access import Actor
from anlan.city.people.credentials import Passkey, SignedIn
from anlan.city.people.models import Account, Unit
from anlan.insight.models import Topic, TopicMember
from anlan.loop import clock, engine, queries, verbs
from anlan.loop.doors import tracking_index
from anlan.loop.exports.requests import path
from anlan.loop.files import Sent, attach_all
from anlan.loop.list_models import Export, SavedFilter
from anlan.loop.models import Matter, Party
from anlan.services.addressing.batches import answers_path
from anlan.services.addressing.models import Batch
from anlan.services.dispatch.models import Route
from anlan.services.dispatch.procedure import Dispatching
from anlan.services.inspection.models import Check, Finding, Round
from tests.cast import CUIYUAN_GRID, WENXIN, Cast, lamp, post
from tests.loop import stories
from tests.routes import routes
from tests.web.permissions import ASKERS, MATRIX, PASSWORD, SAID, SECRET, Reach

# What happens to somebody.
IN, REFUSED, DOOR = "in", "refused", "to the door"
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
# These answer alike whatever the method, and change nothing.
ANY_METHOD = {"/health", "/ready", "/metrics", "/language", "/api/docs", "/api/docs/{path}", "/api/openapi.json"}

pytestmark = pytest.mark.django_db(databases=["default", "owner"])


@dataclass(frozen=True)
class Place:
    """A matter with everything that hangs on it, and what an address needs to name it."""

    matter: Matter
    code: str
    party_id: UUID
    attachment_id: UUID
    sibling: UUID
    merged: UUID
    unit: str
    topic_id: UUID


@dataclass(frozen=True)
class Town:
    """The two towns, each with a matter that a unit there has in hand, and everybody's session."""

    places: dict[str, Place]
    sessions: dict[str, str]


@pytest.fixture(scope="module")
def town(django_db_setup: None, django_db_blocker: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    """One for all tests: each request takes back what it did."""
    with (
        override_settings(ANLAN_FILES=tmp_path_factory.mktemp("files")),
        django_db_blocker.unblock(),
        translation.override("en"),
        stories.morning(),
        taken_back(),
    ):
        atlas.cache_clear()
        yield _town()


@contextmanager
def taken_back() -> Iterator[None]:
    """What is left in the database is taken back at the end."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def _town() -> Town:
    cast = Cast()
    for username, role in (("feng", "ADMINISTRATOR"), ("jin", "AUDITOR")):
        post(Account.objects.create_user(username, name=username), role, WENXIN)
    neighbour = Account.objects.create_user("lu", name="邻街居民")
    for account in Account.objects.all():
        account.set_password(PASSWORD)
        account.save()
    places = {
        "own": _place(Account.objects.get(username="wang"), cast.chen, cast.li, "路灯不亮", "13800000000"),
        "other": _place(neighbour, cast.zhou, cast.qian, *SECRET, area=CUIYUAN_GRID),
    }
    return Town(places, {username: _session(username) for username in (*filter(None, ASKERS.values()), "zhou")})


def _session(username: str) -> str:
    client = Client()
    client.force_login(Account.objects.get(username=username))
    return client.cookies[settings.SESSION_COOKIE_NAME].value


def _place(
    reporter: Account, desk: Actor, responder: Actor, title: str, phone: str, name: str = "王秀英", **where: str
) -> Place:
    by = access.actor_of(reporter, on=clock.today())
    person = Party(part="reporter", name=name, phone=phone)
    sibling = engine.open_matter(Dispatching, lamp(title=title, **where), by=by)
    opened = engine.open_matter(Dispatching, lamp(title=title, parties=[person], **where), by=by)
    engine.advance(opened.matter.id, "route", by=desk)
    sender = access.bearer(tracking_index(opened.code))
    (file,) = attach_all(opened.matter.id, [Sent(picture(), "a.png")], by=sender)
    unit = Cast.unit(responder)
    matter = engine.advance(opened.matter.id, "assign", by=desk, told={"unit_id": unit})
    (party,) = queries.people(desk, matter.id)
    merged = engine.open_matter(Dispatching, lamp(title=title, **where), by=by)
    verbs.merge(merged.matter.id, into=sibling.matter.id, by=desk, reason="同一盏灯")
    topic = Topic.objects.create(found_at=clock.now())
    for each in (matter, sibling.matter, merged.matter):
        TopicMember.objects.create(topic=topic, matter_id=each.id)
    return Place(matter, opened.code, party.id, file.id, sibling.matter.id, merged.matter.id, unit, topic.id)


def operations() -> set[str]:
    """Each operation of the API, and each other address with the methods that stand in the matrix for it."""
    schema = Client().get("/api/openapi.json").json()
    found = {f"{method.upper()} {path}" for path, methods in schema["paths"].items() for method in methods}
    for route in routes():
        if not route.address.startswith("/api/v1/"):
            named = {each for each in MATRIX if each.partition(" ")[2] == route.address}
            found |= named or {f"? {route.address}"}
    return found


def test_every_operation_has_its_line_and_every_line_its_operation(db: None) -> None:
    assert operations() == set(MATRIX)


@pytest.mark.parametrize("operation", MATRIX)
def test_exactly_those_are_let_in_and_nobody_reads_of_the_other_town(town: Town, operation: str) -> None:
    reach = MATRIX[operation]
    seen, wanted = {}, {}
    # Where nothing is named in the address it is the same in either town.
    for asker, where in itertools.product(ASKERS, ("own", "other") if needs_place(operation) else ("own",)):
        answer = ask(operation, asker, town, where)
        assert answer.status_code < 500
        assert not [each for each in SECRET if each in text(answer)], f"read by {asker}"
        seen[asker, where] = outcome(operation, answer)
        wanted[asker, where] = expected(reach, asker, where)
    assert seen == wanted


@pytest.mark.parametrize("address", sorted({operation.partition(" ")[2] for operation in MATRIX} - ANY_METHOD))
def test_no_other_method_is_answered(town: Town, address: str) -> None:
    named = {method for method in METHODS if f"{method} {address}" in MATRIX}
    for method in set(METHODS) - named:
        answer = ask(f"{method} {address}", "dispatcher", town, "own")
        assert answer.status_code in (404, 405), method


def ask(operation: str, asker: str, town: Town, where: str) -> Any:
    """One request; what it leaves in the database is taken back at once."""
    method, _, address = operation.partition(" ")
    place = town.places[where]
    with taken_back():
        shown = {"X-Tracking-Code": town.places["own"].code} if asker == "code" else {}
        client = Client(headers={"Idempotency-Key": "tried", **shown})
        if username := ASKERS[asker]:
            client.cookies[settings.SESSION_COOKIE_NAME] = town.sessions[username]
        known = {
            **vars(place),
            "matter_id": place.merged if address.endswith("/unmerge") else place.matter.id,
            "version": place.matter.version,
            "code": place.code if where == "own" else "0000-0000-0000-0000",
            "key": draft(client if where == "own" else Client()) if "{key}" in address else UUID(int=1),
            "name": next((name for part, name in NAMES.items() if address.startswith(part)), "withdraw"),
            "path": "swagger-ui.css",
            "form": "json",
            "id": "0",
            "token": "0",
            "object_id": "0",
            "head": "category",
            "app_label": "audit",
            "today": clock.today(),
            **dict.fromkeys(("card", "use", "offer"), UUID(int=1)),
            "cause": "consumer",
            "word": "lost",
        }
        if address.startswith(("/api/v1/prepaid/", "/books/")):
            known |= {"id": UUID(int=1)}
        if "/administration/" in address:
            known |= administered(address, place)
        if address.startswith("/inspection/"):
            known |= inspected(address, place)
        if address.startswith("/addresses/"):
            known |= {"code": numbered(place).code, "verb": "rename"}
        known |= owned(address, "chen" if where == "own" else "zhou")
        if address.startswith("/account/security/app") and username:
            second_factor.begin(Account.objects.get(username=username))
        told = filled(SAID.get(operation, {}), known)
        if address.endswith("/files") and method == "POST":
            told = {"files": picture()}
        as_form = not address.startswith("/api/") or "files" in told or address == "/api/v1/dispatch/steps"
        more = {} if as_form or method == "GET" else {"content_type": "application/json"}
        answer = getattr(client, method.lower())(address.format(**known), told, **more)
        answer.told = text(answer)
    return answer


NAMES = {"/tasks": "accept", "/icons": "192", "/matters/{matter_id}/verbs": "escalate", "/topics": "dismiss"}
"""What stands for `name` in an address that begins so, where it is not a step of the desk."""


def owned(address: str, username: str) -> dict[str, object]:
    """What the addresses of one's own things name: a thing of this account."""
    account = Account.objects.get(username=username)
    if "{passkey_id}" in address:
        made = {"credential_id": b"1", "public_key": b"2", "added_at": clock.now()}
        return {"passkey_id": Passkey.objects.create(account=account, name="手机", **made).id}
    if "{handle}" in address:
        return {"handle": SignedIn.objects.get(session_key=_session(username)).handle}
    if "{filter_id}" in address:
        kept = SavedFilter.objects.create(account=account, page="matters", name="路灯", query="open=true")
        return {"filter_id": kept.id}
    if "{batch_id}" in address:
        batch = Batch.objects.create(account=account, asked_at=clock.now(), language="en", name="a.csv", rows=1)
        if address.endswith("/file"):
            Batch.objects.filter(id=batch.id).update(state=Batch.State.READY, ended_at=clock.now())
            answers_path(batch).write_text("")
        return {"batch_id": batch.id}
    if "{export_id}" in address:
        asked = {"asked_at": clock.now(), "format": Export.Format.CSV, "language": "en", "filters": {}}
        ready = Export.objects.create(account=account, **asked)
        if address.endswith("/file"):
            Export.objects.filter(id=ready.id).update(state=Export.State.READY, ended_at=clock.now())
            path(ready).write_text("")
        return {"export_id": ready.id}
    return {}


def administered(address: str, place: Place) -> dict[str, object]:
    """What the addresses of administration name: a thing of the place's town."""
    unit = Unit.objects.select_related("organisation").get(id=place.unit)
    posting = unit.postings.get()
    routed = Route.objects.get_or_create(area=place.matter.area, category="", defaults={"unit": unit})[0]
    things = {
        "organisations": unit.organisation_id,
        "units": unit.id,
        "accounts": posting.account_id,
        "postings": posting.id,
        "routes": routed.id,
        "rules": "dispatch.close" if "versions/{id}" not in address else UUID(int=0),
    }
    part = address.split("/")[2]
    if part == "grids":
        community = Area.objects.get(code=place.matter.area.split(".")[3])
        things[part] = grid_changes.begin(community, by=None, at=clock.now(), reason="为了测试").id
    return {"id": things.get(part, ""), "code": place.matter.area.rpartition(".")[2], "slug": "city.lighting"}


def inspected(address: str, place: Place) -> dict[str, object]:
    """What the addresses of the inspection name: a finding, a round and a check of the place's community."""
    number = numbered(place)
    area = str(number.area)
    asked = {"asked_at": clock.now(), "asked_by": UUID(int=1), "address": number, "area": area}
    with access.scoped(access.scope_of(access.system())):
        finding = Finding.objects.create(
            address=number, kind="number", about="number", value="1", area=area, since=clock.now()
        )
        drawn = {"drawn_at": clock.now(), "drawn_on": clock.today(), "drawn_by": UUID(int=1)}
        sample = {"confidence": 0.95, "margin": 0.1, "population": 1, "seed": "a", "frame": ""}
        round = Round.objects.create(area=area, reason="为了测试", **drawn, **sample)
        check = Check.objects.create(round=round, **asked)
    things = {"findings": finding.id, "rounds": round.id, "checks": check.id}
    return {"finding": finding.id, "id": things.get(address.split("/")[2], "")}


def numbered(place: Place) -> Address:
    """An address of the place's community: 文一路1号."""
    community = place.matter.area.split(".")[3]
    land([Given(community, {Level.ROAD: "文一路", Level.NUMBER: "1"})], atlas(), source="tests", on=clock.today())
    return Address.objects.get(community=community, level=Level.NUMBER)


def needs_place(operation: str) -> bool:
    """Is something of a town named, in the address or in what is sent?"""
    return "{" in operation or any("{" in str(said) for said in SAID.get(operation, {}).values())


def filled(told: Mapping[str, Any], known: Mapping[str, object]) -> dict[str, Any]:
    return {name: value.format(**known) if isinstance(value, str) else value for name, value in told.items()}


def draft(client: Client) -> str:
    """A report just begun; returns its key."""
    return str(client.post("/report", {"text": "路灯不亮"})["Location"].split("/")[2])


def picture() -> BytesIO:
    out = BytesIO()
    Image.new("RGB", (4, 4)).save(out, "PNG")
    out.seek(0)
    out.name = "a.png"
    return out


def text(answer: Any) -> str:
    """What is answered, read once: a file is gone with its transaction."""
    if hasattr(answer, "told"):
        return str(answer.told)
    content = b"".join(answer.streaming_content) if answer.streaming else answer.content
    return str(content.decode(errors="replace"))


def outcome(operation: str, answer: Any) -> str:
    """What became of the asker. A refusal of what was said (409, 422) is none of the person."""
    leads = answer.get("Location", "")
    if leads.partition("?")[0] in ("/sign-in", "/account/sign-in"):
        return DOOR
    if "{key}" in operation and leads == "/report":
        return REFUSED
    return IN if answer.status_code < 400 or answer.status_code in (409, 422) else REFUSED


def expected(reach: Reach | None, asker: str, where: str) -> str:
    if reach is None:
        return REFUSED
    if asker in (reach.own if where == "own" else reach.other):
        return IN
    return DOOR if asker in reach.door else REFUSED
