"""Whatever is changed through a page of administration stands in the audit log.

The acts come from the addresses of the program: whoever adds a page adds a line to `ACTS` or to `READING`.
"""

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from anlan.city.areas import grid_changes
from anlan.city.areas.grid_drawing import Grid
from anlan.city.areas.grid_exchange import written as written_grids
from anlan.city.areas.models import Area, GridPlan
from anlan.city.regulations.models import RuleVersion
from anlan.loop import clock
from anlan.services.triage.category_changes import change_of
from tests.cast import Cast
from tests.routes import routes
from tests.services.administration.city import COMMUNITY_CODE, GRID_CODE, Known, browser, of_the_city, told, written

READING = {
    "administration",
    "administration/organisations",
    "administration/units",
    "administration/accounts",
    "administration/accounts/<uuid:id>",
    "administration/areas",
    "administration/areas/<code>",
    "administration/areas/<code>/grids",
    "administration/areas/<code>/grids.geojson",
    "administration/grids/<uuid:id>",
    "administration/grids/<uuid:id>.geojson",
    "administration/rules",
    "administration/rules/<id>",
    "administration/routes",
    "administration/categories",
    "administration/log",
    "administration/log.csv",
}
WHY = {"reason": "为了测试"}
UNIT = {"name": "巡防9组", "kind": "patrol", "home": GRID_CODE, "capacity": "2", "skills": ["patrol"]}
RULE = "dispatch.reopen_window"
TWO_GRIDS = (
    Grid("n1", "第一网格", ((120.10, 30.28), (120.105, 30.28), (120.105, 30.29), (120.10, 30.29))),
    Grid("n2", "第二网格", ((120.105, 30.28), (120.11, 30.28), (120.11, 30.29), (120.105, 30.29))),
)
CATEGORY = {"zh": "路灯", "en": "Lamps", "department": "urban-management", "klass": "ordinary", "severity": "1"}

Act = Callable[[Known], tuple[dict[str, str], dict[str, Any]]]
"""What stands in the address, and what is sent."""


def tomorrow() -> str:
    return str(clock.today() + timedelta(days=1))


def posting(**more: Any) -> dict[str, Any]:
    return {"role": "DISPATCHER", "in_area": COMMUNITY_CODE, "starts": str(clock.today()), **WHY, **more}


def a_version(known: Known) -> tuple[dict[str, str], dict[str, Any]]:
    version = RuleVersion.objects.create(rule=RULE, starts=clock.today() + timedelta(days=3), body={})
    return {"id": str(version.id)}, WHY


ACTS: dict[str, Act] = {
    "administration/organisations/new": lambda k: (
        {},
        {"name": "新办公室", "kind": "department", "in_area": COMMUNITY_CODE, **WHY},
    ),
    "administration/organisations/<uuid:id>": lambda k: (
        {"id": str(k.office.id)},
        told(k.office, name="文新指挥中心", kind="command", in_area="330106013"),
    ),
    "administration/units/new": lambda k: ({}, {**UNIT, "organisation": str(k.office.id), **WHY}),
    "administration/units/<uuid:id>": lambda k: (
        {"id": str(k.unit.id)},
        told(k.unit, **{**UNIT, "organisation": str(k.office.id)}),
    ),
    "administration/units/<uuid:id>/retire": lambda k: ({"id": str(k.unit.id)}, told(k.unit)),
    "administration/accounts/new": lambda k: ({}, posting(username="new.person", name="新来的")),
    "administration/accounts/<uuid:id>/give": lambda k: ({"id": str(k.account.id)}, posting()),
    "administration/accounts/<uuid:id>/switch": lambda k: ({"id": str(k.account.id)}, told(k.account)),
    "administration/accounts/<uuid:id>/password": lambda k: ({"id": str(k.account.id)}, told(k.account)),
    "administration/accounts/<uuid:id>/second-factor": lambda k: ({"id": str(k.account.id)}, told(k.account)),
    "administration/postings/<uuid:id>/end": lambda k: ({"id": str(k.posting.id)}, told(k.posting)),
    "administration/postings/<uuid:id>/extend": lambda k: ({"id": str(k.posting.id)}, told(k.posting, ends=tomorrow())),
    "administration/areas/<code>/rename": lambda k: (
        {"code": GRID_CODE},
        told(Area.objects.get(code=GRID_CODE), name="第九网格", effective_on=str(clock.today())),
    ),
    "administration/areas/<code>/close": lambda k: (
        {"code": "330106013002"},
        told(an_empty_area(), effective_on=str(clock.today())),
    ),
    "administration/areas/<code>/grids/plan": lambda k: (
        {"code": COMMUNITY_CODE},
        told(Area.objects.get(code=COMMUNITY_CODE)),
    ),
    "administration/areas/<code>/grids/import": lambda k: (
        {"code": COMMUNITY_CODE},
        {**WHY, "datum": "WGS-84", "geojson": json.dumps(written_grids(TWO_GRIDS))},
    ),
    "administration/grids/<uuid:id>/edit": lambda k: a_plan(act="rename", grid="n1", name="第八网格"),
    "administration/grids/<uuid:id>/decide": lambda k: a_plan(effective_on=tomorrow()),
    "administration/grids/<uuid:id>/withdraw": lambda k: a_plan(),
    "administration/grids/<uuid:id>/restore": lambda k: a_plan(state="in_force", effective_on=clock.today()),
    "administration/rules/<id>/versions/new": lambda k: (
        {"id": RULE},
        {"amount": "7", "starts": tomorrow(), "source": "本市规定", "source_en": "The city's own", **WHY},
    ),
    "administration/rules/versions/<uuid:id>/withdraw": a_version,
    "administration/routes/new": lambda k: ({}, {"in_area": COMMUNITY_CODE, "unit_kind": "grid_worker", **WHY}),
    "administration/routes/<uuid:id>": lambda k: (
        {"id": str(k.route.id)},
        told(k.route, in_area="330106013", unit_kind="grid_worker"),
    ),
    "administration/routes/<uuid:id>/remove": lambda k: ({"id": str(k.route.id)}, told(k.route)),
    "administration/categories/<slug>": lambda k: (
        {"slug": "city.lighting"},
        told(change_of("city.lighting"), **CATEGORY, keywords="路灯、街灯"),
    ),
    "administration/categories/<slug>/new": lambda k: (
        {"slug": "city.lighting"},
        {**CATEGORY, "leaf": "park", "keywords": "公园灯", **WHY},
    ),
}


def a_plan(**said: Any) -> tuple[dict[str, str], dict[str, Any]]:
    """A plan that draws two grids where one was never drawn."""
    community = Area.objects.get(code=COMMUNITY_CODE)
    plan = grid_changes.begin(community, by=None, at=clock.now(), reason="为了测试", drawing=TWO_GRIDS)
    if "state" in said:
        plan.state, plan.effective_on = said.pop("state"), said.pop("effective_on")
        plan.save()
    return {"id": str(plan.id)}, told(GridPlan.objects.get(id=plan.id), **said)


def an_empty_area() -> Area:
    community = Area.objects.get(code=COMMUNITY_CODE)
    return Area.objects.create(
        code="330106013002",
        path=f"{community.path.rpartition('.')[0]}.330106013002",
        level=4,
        parent_id="330106013",
        name="空社区",
        kind="社区",
        valid_from=community.valid_from,
    )


@pytest.fixture
def known(cast: Cast) -> Known:
    return Known()


@pytest.fixture
def city(cast: Cast) -> Client:
    return browser(of_the_city())


def test_every_page_of_administration_has_its_line() -> None:
    there = {route.pattern for route in routes() if route.pattern.startswith("administration")}
    assert there == READING | set(ACTS)


@pytest.mark.parametrize("pattern", ACTS)
def test_an_act_is_written_down_with_its_reason(known: Known, city: Client, pattern: str) -> None:
    parts, data = ACTS[pattern](known)
    answer = city.post(address(pattern, parts), data)
    assert answer.status_code in (200, 302), answer.content.decode()
    entry = written()[-1]
    assert (entry.account, entry.role, entry.reason) == ("mei", "ADMINISTRATOR", "为了测试")


@pytest.mark.parametrize("pattern", [pattern for pattern in ACTS if pattern != "administration/areas/<code>/close"])
@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_a_page_that_asks_is_shown(known: Known, pattern: str, language: str) -> None:
    parts, _data = ACTS[pattern](known)
    answer = browser(of_the_city(), language).get(address(pattern, parts))
    assert answer.status_code == 200
    assert "<form" in answer.content.decode()


@pytest.mark.parametrize("pattern", sorted(READING))
def test_a_page_that_shows_is_shown(known: Known, city: Client, pattern: str) -> None:
    parts = {"id": RULE if "rules" in pattern else str(known.account.id), "code": GRID_CODE}
    if "/grids/" in pattern:
        parts |= a_plan()[0]
    assert city.get(address(pattern, parts)).status_code == 200


@pytest.mark.parametrize("pattern", ACTS)
def test_an_act_without_a_reason_is_refused(known: Known, city: Client, pattern: str) -> None:
    parts, data = ACTS[pattern](known)
    before = len(written())
    answer = city.post(address(pattern, parts), {**data, "reason": " "})
    assert answer.status_code == 422
    assert len(written()) == before


def address(pattern: str, parts: dict[str, str]) -> str:
    for name, value in parts.items():
        for kind in (f"<uuid:{name}>", f"<{name}>"):
            pattern = pattern.replace(kind, value)
    return f"/{pattern}"
