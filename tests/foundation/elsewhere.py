"""Another process of the city, which changes something: `python -m tests.foundation.elsewhere DATABASE rules`."""

import os
import sys
from datetime import timedelta
from typing import TYPE_CHECKING

import django

if TYPE_CHECKING:
    from anlan.city.people.access import Actor

RULE, AMOUNT = "dispatch.respond", 11
CATEGORY, NAME = "city.lighting", "街灯照明"


def main(database: str, what: str) -> None:
    os.environ["DJANGO_SETTINGS_MODULE"] = "anlan.settings"
    django.setup()
    from django.conf import settings
    from django.db import connections

    from anlan.city.people.access import Actor, Held, Role

    for alias in ("default", "owner"):
        connections.databases[alias]["NAME"] = database
    by = Actor("staff", held=(Held(Role.ADMINISTRATOR, settings.ANLAN_CITY),))
    {"rules": change_a_rule, "categories": change_a_category}[what](by)


def change_a_rule(by: "Actor") -> None:
    from anlan.loop import clock
    from anlan.services.administration.regulations import add_version
    from anlan.services.administration.schemas import RuleIn

    given = RuleIn(
        amount=AMOUNT,
        starts=clock.today() + timedelta(days=1),
        source="本市规定",
        source_en="The city's own",
        reason="为了测试",
    )
    add_version(RULE, given, by=by)


def change_a_category(by: "Actor") -> None:
    from anlan.loop.administering import mark_of
    from anlan.services.triage.category_changes import CategoryIn, change_of, set_category

    given = CategoryIn(
        zh=NAME, en="Street lamps", department="urban-management", klass="ordinary", severity=1, reason="为了测试"
    )
    set_category(CATEGORY, given, by=by, mark=mark_of(change_of(CATEGORY)))


if __name__ == "__main__":
    main(*sys.argv[1:])
