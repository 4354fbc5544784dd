"""What the fault tests do inside a house's database, in a process of its own: `python -m tests.faults.inside WORD`."""

import json
import os
import sys
from datetime import timedelta
from pathlib import Path

import django

from anlan.foundation import postgres

NOTICES = 200
PAUSE = timedelta(milliseconds=20)


def seed() -> None:
    """The tables and the town."""
    from django.core.management import call_command

    from tests.cast import build_town

    call_command("migrate", verbosity=0)
    build_town()


def queue() -> None:
    """Answered matters whose reporters are to be told, one after the other, in the seconds to come."""
    from anlan.city.people.access import anonymous, scope_of, scoped, system
    from anlan.loop import clock, engine, notices
    from anlan.loop.models import Notice, Party
    from anlan.services.dispatch.procedure import Dispatching
    from tests.cast import Cast, lamp

    chen = Cast().chen
    for _ in range(NOTICES):
        party = Party(part="reporter", phone="13812345678")
        matter = engine.open_matter(Dispatching, lamp(parties=[party]), by=anonymous()).matter
        engine.advance(matter.id, "answer", by=chen, told={"outcome": "explained", "text": "已说明"})
    notices.address_waiting()
    with scoped(scope_of(system())):
        start = clock.now() + timedelta(seconds=2)
        for place, notice in enumerate(Notice.objects.filter(to="reporter")):
            notice.due_at = start + place * PAUSE
            notice.save(update_fields=["due_at"])


def speak() -> None:
    """A word on the newest matter; print the version that it made."""
    from anlan.city.people.access import scope_of, scoped, system
    from anlan.loop import engine
    from anlan.loop.models import Matter

    with scoped(scope_of(system())):
        newest = Matter.objects.latest("number")
    print(engine.note(newest.id, "已联系", by=system(), public=True).version)


def state() -> None:
    """Print the codes of all matters, what the verification found, and each notice to a reporter with its state."""
    from anlan.city.people.access import scope_of, scoped, system
    from anlan.loop.models import Matter, Notice
    from anlan.loop.verification import verify

    with scoped(scope_of(system())):
        codes = list(Matter.objects.values_list("tracking", flat=True))
        notices = {str(id): state for id, state in Notice.objects.filter(to="reporter").values_list("id", "state")}
    found = verify()
    print(json.dumps({"codes": codes, "notices": notices, "chains": found.chains, "broken": found.broken}))


def lock() -> None:
    """Hold all matters, say so, and let go when told to."""
    from django.db import connections, transaction

    with transaction.atomic(using="owner"), connections["owner"].cursor() as cursor:
        cursor.execute("LOCK TABLE loop_matter")
        print("locked", flush=True)
        sys.stdin.readline()


if __name__ == "__main__":
    os.environ["DJANGO_SETTINGS_MODULE"] = "anlan.settings"
    postgres.ensure(Path(os.environ["ANLAN_HOME"]))
    django.setup()
    {"seed": seed, "queue": queue, "speak": speak, "state": state, "lock": lock}[sys.argv[1]]()
