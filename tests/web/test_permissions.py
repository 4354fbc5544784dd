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

from anlan.city.areas.atlas import atlas
from anlan.city.people import access, second_factor
from anlan.city.people.access import Actor
from anlan.city.people.credentials import Passkey, SignedIn
from anlan.city.people.models import Account, Unit
from anlan.loop import clock, engine, queries, verbs
from anlan.loop.doors import tracking_index
from anlan.loop.exports.requests import path
from anlan.loop.files import Sent, attach_all
from anlan.loop.list_models import Export, SavedFilter
from anlan.loop.models import Matter, Party
from anlan.services.dispatch.models import Route
from anlan.services.dispatch.procedure import Dispatching
from tests.cast import CUIYUAN, CUIYUAN_GRID, WENXIN, Cast, lamp, post
from tests.loop import stories
from tests.routes import routes

CUIYUAN_CODE = CUIYUAN.rpartition(".")[2]
# The askers: all staff of Wenxin, the resident who reported there, and whoever holds that report's code.
ASKERS = {
    "anonymous": "",
    "resident": "wang",
    "code": "",
    "responder": "li",
    "dispatcher": "chen",
    "supervisor": "wu",
    "administrator": "feng",
    "auditor": "jin",
}
PASSWORD = "a long password"
"""Of all of them."""
ALL = frozenset(ASKERS)
NOBODY = frozenset[str]()
ANONYMOUS = frozenset({"anonymous"})
SIGNED_IN = ALL - {"anonymous", "code"}
RESIDENT = frozenset({"resident"})
REPORTER = RESIDENT | {"code"}
# Whoever holds a posting over the town reads its matters; what they may do there is another question.
READERS = frozenset({"responder", "dispatcher", "supervisor", "administrator", "auditor"})
ON_DUTY = frozenset({"responder", "dispatcher", "supervisor"})
DESK = frozenset({"dispatcher", "supervisor"})
SUPERVISOR = frozenset({"supervisor"})
DISPATCHER = frozenset({"dispatcher"})
RESPONDER = frozenset({"responder"})
ADMINISTRATOR = frozenset({"administrator"})
AUDITOR = frozenset({"auditor"})
# Lists are for whoever directs and for whoever looks after them.
LISTERS = DESK | ADMINISTRATOR | AUDITOR

# What happens to somebody.
IN, REFUSED, DOOR = "in", "refused", "to the door"
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
# These answer alike whatever the method, and change nothing.
ANY_METHOD = {"/health", "/ready", "/metrics", "/language", "/api/docs", "/api/docs/{path}", "/api/openapi.json"}

pytestmark = pytest.mark.django_db(databases=["default", "owner"])

SECRET = ("翠苑的秘密", "13911112222", "钱秀珍")
"""Of the matter in the other town; it may stand in no answer."""


@dataclass(frozen=True)
class Reach:
    """Who is let in, in their own town and in the other; the rest is refused."""

    own: frozenset[str]
    other: frozenset[str] = NOBODY
    door: frozenset[str] = NOBODY
    """Who is led to the door instead of being refused."""


OPEN = Reach(ALL, ALL)
"""For everybody; nothing of a matter is in the address."""
BY_CODE = Reach(ALL)
"""The address is the key: a right code opens, whoever brings it; a wrong one is nothing."""
OWN_SESSION = Reach(ALL)
"""A draft, in the browser that began it."""
TO_THE_DOOR = Reach(NOBODY, NOBODY, ALL)
"""Ends at the door for everybody here: one goes out by it, or it is half of a way in that nobody here has begun."""


def on_page(people: frozenset[str], other: frozenset[str] = NOBODY) -> Reach:
    return Reach(people, other, ALL - SIGNED_IN)


MATRIX: dict[str, Reach | None] = {
    # The shell
    "GET /health": OPEN,
    "GET /ready": OPEN,
    "GET /metrics": OPEN,
    "POST /language": OPEN,
    "POST /text-size": OPEN,
    "GET /styleguide": OPEN,
    "GET /sign-in": OPEN,
    "POST /sign-in": OPEN,
    "GET /sign-in/code": TO_THE_DOOR,
    "POST /sign-in/code": TO_THE_DOOR,
    "GET /sign-in/password": TO_THE_DOOR,
    "POST /sign-in/password": TO_THE_DOOR,
    "POST /sign-in/passkey/options": OPEN,
    "POST /sign-in/passkey": OPEN,
    # The reading room is for administrators of the whole city; there is none here.
    **{
        f"GET /admin/{address}": on_page(NOBODY)
        for address in (
            "",
            "jsi18n/",
            "{app_label}/",
            *(
                f"{records}/{page}"
                for records in (
                    "audit/auditentry",
                    "areas/areachange",
                    "people/signinfailure",
                    "loop/notice",
                    "loop/dailydigest",
                )
                for page in ("", "{object_id}/change/")
            ),
        )
    },
    "POST /sign-out": TO_THE_DOOR,
    "GET /home": on_page(SIGNED_IN, SIGNED_IN),
    "GET /posting": on_page(SIGNED_IN, SIGNED_IN),
    "POST /posting": on_page(SIGNED_IN, SIGNED_IN),
    "GET /manifest.webmanifest": OPEN,
    "GET /icons/{name}.png": OPEN,
    "GET /sw.js": OPEN,
    "GET /map/areas.json": OPEN,
    "GET /map/where": OPEN,
    # One's own account; in the other town it is that of somebody there
    "GET /account/security": on_page(SIGNED_IN, SIGNED_IN),
    "POST /account/password": on_page(SIGNED_IN, SIGNED_IN),
    "POST /account/sessions/{handle}/end": on_page(DISPATCHER),
    "POST /account/sessions/end": TO_THE_DOOR,
    # Without a secret that waits it leads back to the page above.
    "GET /account/security/app": OPEN,
    "POST /account/security/app": OPEN,
    "GET /account/security/app.svg": Reach(SIGNED_IN, SIGNED_IN),
    "POST /account/security/app/begin": on_page(SIGNED_IN, SIGNED_IN),
    "POST /account/security/app/remove": on_page(SIGNED_IN, SIGNED_IN),
    "POST /account/security/recovery": on_page(SIGNED_IN, SIGNED_IN),
    "POST /account/security/passkeys/options": Reach(SIGNED_IN, SIGNED_IN),
    "POST /account/security/passkeys": Reach(SIGNED_IN, SIGNED_IN),
    "POST /account/security/passkeys/{passkey_id}/remove": on_page(DISPATCHER),
    # A resident's account
    "GET /account/sign-in": OPEN,
    "POST /account/sign-in": OPEN,
    "GET /account/code": TO_THE_DOOR,
    "POST /account/code": TO_THE_DOOR,
    "POST /account/sign-out": OPEN,
    "POST /account/sign-out-everywhere": OPEN,
    "GET /account/oidc": OPEN,
    "GET /account/oidc/callback": OPEN,
    # These lead on where nothing is to be linked, and show nothing of anybody.
    "GET /account/link": OPEN,
    "POST /account/link": OPEN,
    "POST /account/unlink": OPEN,
    "GET /account": on_page(SIGNED_IN, SIGNED_IN),
    "POST /account/claim": on_page(SIGNED_IN),
    "GET /account/data": on_page(SIGNED_IN, SIGNED_IN),
    "POST /account/data/export": on_page(SIGNED_IN, SIGNED_IN),
    "GET /account/delete": on_page(SIGNED_IN, SIGNED_IN),
    "POST /account/delete": on_page(SIGNED_IN, SIGNED_IN),
    # A resident's way
    "GET /": OPEN,
    "GET /report": OPEN,
    "POST /report": OPEN,
    "GET /report/{key}/what": OWN_SESSION,
    "POST /report/{key}/what": OWN_SESSION,
    "GET /report/{key}/where": OWN_SESSION,
    "POST /report/{key}/where": OWN_SESSION,
    "GET /report/{key}/send": OWN_SESSION,
    "POST /report/{key}/send": OWN_SESSION,
    "GET /track": OPEN,
    "POST /track": BY_CODE,
    "GET /t/{code}": BY_CODE,
    "POST /t/{code}": BY_CODE,
    "GET /t/{code}/receipt": BY_CODE,
    "GET /t/{code}/qr.svg": BY_CODE,
    "GET /t/{code}/files/{attachment_id}": BY_CODE,
    # The desk, the way, the matter
    "GET /board": on_page(DESK, DESK),
    "POST /board/search": on_page(DESK, DESK),
    "GET /board/points": on_page(DESK, DESK),
    "GET /board/wall": on_page(DESK, DESK),
    # What is chosen there of somebody else's is left out, or said to be unknown.
    "GET /board/bulk": on_page(DESK, DESK),
    "POST /board/bulk/{name}": on_page(DESK, DESK),
    "POST /board/{matter_id}/steps/{name}": on_page(DISPATCHER),
    "GET /tasks": on_page(RESPONDER, RESPONDER),
    "POST /tasks/duty": on_page(RESPONDER),
    "POST /tasks/position": on_page(RESPONDER, RESPONDER),
    "GET /tasks/offline": OPEN,
    "POST /tasks/{matter_id}/steps/{name}": on_page(RESPONDER),
    "GET /matters": on_page(LISTERS, LISTERS),
    "POST /matters/by-phone": on_page(DESK, DESK),
    "POST /filters": on_page(SIGNED_IN, SIGNED_IN),
    "POST /filters/{filter_id}/remove": on_page(DISPATCHER),
    "GET /exports": on_page(LISTERS, LISTERS),
    "POST /exports": on_page(LISTERS, LISTERS),
    "POST /exports/{export_id}/cancel": on_page(DISPATCHER),
    "GET /exports/{export_id}/file": on_page(DISPATCHER),
    "GET /notices": on_page(ON_DUTY, ON_DUTY),
    "POST /notices/read": on_page(ON_DUTY, ON_DUTY),
    "GET /overview": on_page(DESK, DESK),
    "GET /overview.csv": on_page(DESK, DESK),
    "GET /matters/{matter_id}": on_page(READERS),
    "POST /matters/{matter_id}/verbs/{name}": on_page(ON_DUTY),
    "GET /matters/{matter_id}/merge": on_page(DESK),
    "POST /matters/{matter_id}/merge": on_page(DESK),
    "POST /matters/{matter_id}/steps/{name}": on_page(DISPATCHER),
    "POST /matters/{matter_id}/notes": on_page(ON_DUTY | RESIDENT),
    "GET /matters/{matter_id}/files/{attachment_id}": on_page(READERS | RESIDENT),
    "GET /matters/{matter_id}/files/{attachment_id}/small": on_page(READERS | RESIDENT),
    "POST /matters/{matter_id}/people/{party_id}/look": on_page(ON_DUTY),
    # Administration: one's own area; what the whole city shares is for an administrator of the city
    **{
        f"{method} /administration{page}": on_page(ADMINISTRATOR, people)
        for page, people in {
            "/organisations/new": ADMINISTRATOR,
            "/organisations/{id}": NOBODY,
            "/units/new": ADMINISTRATOR,
            "/units/{id}": NOBODY,
            "/units/{id}/retire": NOBODY,
            "/accounts/new": ADMINISTRATOR,
            "/accounts/{id}/give": NOBODY,
            "/accounts/{id}/switch": NOBODY,
            "/accounts/{id}/password": NOBODY,
            "/accounts/{id}/second-factor": NOBODY,
            "/postings/{id}/end": NOBODY,
            "/postings/{id}/extend": NOBODY,
            "/areas/{code}/rename": NOBODY,
            "/areas/{code}/close": NOBODY,
            "/routes/new": ADMINISTRATOR,
            "/routes/{id}": NOBODY,
            "/routes/{id}/remove": NOBODY,
        }.items()
        for method in ("GET", "POST")
    },
    **{
        f"GET /administration{page}": on_page(ADMINISTRATOR, ADMINISTRATOR)
        for page in ("", "/organisations", "/units", "/accounts", "/areas", "/rules", "/rules/{id}", "/routes")
    },
    "GET /administration/accounts/{id}": on_page(ADMINISTRATOR),
    "GET /administration/areas/{code}": on_page(ADMINISTRATOR),
    "GET /administration/log": on_page(ADMINISTRATOR | AUDITOR, ADMINISTRATOR | AUDITOR),
    "GET /administration/log.csv": on_page(ADMINISTRATOR | AUDITOR, ADMINISTRATOR | AUDITOR),
    **{
        f"{method} /administration{page}": on_page(NOBODY)
        for page in (
            "/rules/{id}/versions/new",
            "/rules/versions/{id}/withdraw",
            "/categories/{slug}",
            "/categories/{slug}/new",
        )
        for method in ("GET", "POST")
    },
    "GET /administration/categories": on_page(NOBODY),
    # The API
    "GET /api/docs": OPEN,
    "GET /api/docs/{path}": OPEN,
    "GET /api/openapi.json": OPEN,
    "GET /api/": None,
    "POST /api/v1/session": OPEN,
    "GET /api/v1/procedures": OPEN,
    "GET /api/v1/matters": Reach(ALL - ANONYMOUS, ALL - ANONYMOUS),
    "GET /api/v1/matters/{matter_id}": Reach(READERS | REPORTER),
    "GET /api/v1/matters/{matter_id}/history": Reach(READERS),
    "GET /api/v1/matters/{matter_id}/parties": Reach(READERS | REPORTER),
    "POST /api/v1/matters/{matter_id}/parties/{party_id}/look": Reach(ON_DUTY),
    "POST /api/v1/matters/{matter_id}/files": Reach(ON_DUTY | REPORTER),
    "GET /api/v1/matters/{matter_id}/files/{attachment_id}": Reach(READERS | REPORTER),
    "GET /api/v1/matters/{matter_id}/transitions": Reach(READERS | REPORTER),
    "POST /api/v1/matters/{matter_id}/transitions/{name}": Reach(DISPATCHER),
    "POST /api/v1/matters/{matter_id}/notes": Reach(ON_DUTY | REPORTER),
    "POST /api/v1/matters/{matter_id}/hand-over": Reach(DESK),
    "POST /api/v1/matters/{matter_id}/share": Reach(DESK),
    "POST /api/v1/matters/{matter_id}/suspend": Reach(SUPERVISOR),
    "POST /api/v1/matters/{matter_id}/resume": Reach(SUPERVISOR),
    "POST /api/v1/matters/{matter_id}/extend": Reach(SUPERVISOR),
    "POST /api/v1/matters/{matter_id}/escalate": Reach(ON_DUTY),
    "POST /api/v1/matters/{matter_id}/merge": Reach(DESK),
    "POST /api/v1/matters/{matter_id}/unmerge": Reach(DESK),
    "POST /api/v1/matters/{matter_id}/reclassify": Reach(DESK),
    "POST /api/v1/reports": OPEN,
    "POST /api/v1/reports/preview": OPEN,
    "GET /api/v1/reports/{code}": BY_CODE,
    "GET /api/v1/reports/{code}/qr.svg": BY_CODE,
    "POST /api/v1/reports/{code}/files": BY_CODE,
    "GET /api/v1/reports/{code}/files/{attachment_id}": BY_CODE,
    "GET /api/v1/dispatch/matters/{matter_id}/units": Reach(DESK),
    "GET /api/v1/dispatch/matters/{matter_id}/meanwhile": Reach(RESPONDER),
    "GET /api/v1/dispatch/phone": Reach(RESPONDER, RESPONDER),
    "POST /api/v1/dispatch/steps": Reach(RESPONDER),
    # Open311: one public door; its answers are cleaned of personal data (see test_open311.py)
    "GET /open311/discovery.{form}": OPEN,
    "GET /open311/v2/services.{form}": OPEN,
    "GET /open311/v2/services/{code}.{form}": None,
    "GET /open311/v2/requests.{form}": OPEN,
    "POST /open311/v2/requests.{form}": OPEN,
    "GET /open311/v2/requests/{id}.{form}": None,
    "GET /open311/v2/tokens/{token}.{form}": None,
    "GET /open311/": None,
}
"""Of every address and operation who is let in; None for an address at which, as it is tried here, nothing is."""

REASON = {"reason": "为了测试"}
APPROVED = {**REASON, "approver": "吴主任"}
SAID: dict[str, Mapping[str, Any]] = {
    "POST /language": {"language": "en"},
    "POST /sign-in": {"username": "chen", "password": "wrong"},
    "GET /map/areas.json": {"within": "330106"},
    "POST /account/security/passkeys/{passkey_id}/remove": {"password": PASSWORD},
    "POST /account/claim": {"code": "{code}"},
    "POST /board/search": {"q": SECRET[1]},
    "GET /board/bulk": {"chosen": "{matter_id}:{version}"},
    "POST /board/bulk/{name}": {"chosen": "{matter_id}:{version}", **REASON},
    "POST /tasks/position": {"lon": "120.1", "lat": "30.29"},
    "GET /matters": {"q": SECRET[0][2:]},
    "POST /matters/by-phone": {"phone": SECRET[1]},
    "POST /filters": {"page": "matters", "name": "路灯", "query": "open=true"},
    "POST /exports": {"format": "csv"},
    "POST /matters/{matter_id}/verbs/{name}": {"version": "{version}", **REASON},
    "GET /matters/{matter_id}/merge": {"with": "{sibling}"},
    "POST /matters/{matter_id}/merge": {"with": "{sibling}", "kept": "{sibling}", **REASON},
    "POST /report": {"text": "路灯不亮"},
    "POST /report/{key}/what": {"text": "路灯不亮"},
    "POST /track": {"code": "{code}"},
    "POST /t/{code}": {"act": "note", "text": "还有一盏"},
    "POST /board/{matter_id}/steps/{name}": {"version": "{version}", **REASON},
    "POST /tasks/duty": {"unit": "{unit}", "on": "true"},
    "POST /tasks/{matter_id}/steps/{name}": {"version": "{version}"},
    "POST /matters/{matter_id}/steps/{name}": {"version": "{version}", **REASON},
    "POST /matters/{matter_id}/notes": {"text": "已联系"},
    "POST /matters/{matter_id}/people/{party_id}/look": {"purpose": "回访"},
    "POST /api/v1/session": {"username": "chen", "password": PASSWORD},
    "POST /api/v1/matters/{matter_id}/parties/{party_id}/look": {"purpose": "回访"},
    "POST /api/v1/matters/{matter_id}/transitions/{name}": REASON,
    "POST /api/v1/matters/{matter_id}/notes": {"text": "已联系"},
    "POST /api/v1/matters/{matter_id}/hand-over": {**REASON, "to_area": CUIYUAN_CODE},
    "POST /api/v1/matters/{matter_id}/share": {**REASON, "with_area": CUIYUAN_CODE},
    "POST /api/v1/matters/{matter_id}/suspend": APPROVED,
    "POST /api/v1/matters/{matter_id}/resume": REASON,
    "POST /api/v1/matters/{matter_id}/extend": {**APPROVED, "deadline": "settle"},
    "POST /api/v1/matters/{matter_id}/escalate": REASON,
    "POST /api/v1/matters/{matter_id}/merge": {**REASON, "into": "{sibling}"},
    "POST /api/v1/matters/{matter_id}/unmerge": REASON,
    "POST /api/v1/matters/{matter_id}/reclassify": {**REASON, "severity": 2},
    "GET /api/v1/dispatch/matters/{matter_id}/meanwhile": {"seen": "{version}"},
    "POST /api/v1/dispatch/steps": {"key": "{key}", "matter": "{matter_id}", "step": "note", "seen": "{version}"}
    | {"told": """{{"text": "已联系"}}"""},
    "POST /api/v1/reports": {"text": "路灯不亮"},
    "POST /api/v1/reports/preview": {"text": "路灯不亮"},
    "POST /open311/v2/requests.{form}": {
        "service_code": "city.lighting",
        "description": "路灯不亮",
        "address_string": "某处",
    },
}
"""What is sent along, so that nothing is refused for the wrong reason."""


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


@dataclass(frozen=True)
class Town:
    """The two towns, each with a matter that a unit there has in hand, and everybody's session."""

    places: dict[str, Place]
    sessions: dict[str, str]


@pytest.fixture(scope="module")
def town(django_db_setup: None, django_db_blocker: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    """One for all tests: each request takes back what it did."""
    quick = {"PASSWORD_HASHERS": ["django.contrib.auth.hashers.MD5PasswordHasher"]}
    with (
        override_settings(ANLAN_FILES=tmp_path_factory.mktemp("files"), **quick),
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
    return Place(matter, opened.code, party.id, file.id, sibling.matter.id, merged.matter.id, unit)


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
        client = Client(headers={"X-Tracking-Code": town.places["own"].code} if asker == "code" else {})
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
            "app_label": "audit",
        }
        if "/administration/" in address:
            known |= administered(address, place)
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


NAMES = {"/tasks": "accept", "/icons": "192", "/matters/{matter_id}/verbs": "escalate"}
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
    return {"id": things.get(part, ""), "code": place.matter.area.rpartition(".")[2], "slug": "city.lighting"}


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
