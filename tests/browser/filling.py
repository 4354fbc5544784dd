"""Fills the city behind the pages: the demo's people, and matters at every point of their way.

Run inside a house by `tests.browser.city`, in a process of its own; what the tests need to know is left as JSON.
"""

import json
from io import BytesIO
from pathlib import Path

from django.core.management import call_command
from PIL import Image, ImageDraw

from anlan.city.people.access import Actor, actor_of, bearer, system
from anlan.city.people.credentials import Authenticator
from anlan.city.people.demo import PASSWORD
from anlan.city.people.models import Account, Posting
from anlan.insight import demo_city
from anlan.loop import clock, engine
from anlan.loop.doors import tracking_index
from anlan.loop.files import Sent, attach_all
from anlan.loop.queries import people
from anlan.services.dispatch.actions import assign, direct
from anlan.services.intake.actions import Taken, report
from anlan.services.intake.schemas import Contact, ReportIn

SEED = 7
TOWN = "330106013"
"""Wenxin, where the demo's dispatcher and responder work."""
# What the town's people say in these pictures; invented.
SAYINGS = (
    ("楼道里有煤气味", "3单元楼道里一股煤气味，越来越重，家里有老人。"),
    ("水管爆了", "小区门口自来水管爆裂，水漫到车库了。"),
    ("半夜施工太吵", "工地凌晨两点还在打桩，孩子没法睡。"),
    ("电梯困人", "5号楼电梯停在6楼，里面有两个人。"),
    ("占道停车", "消防通道停满了车，救护车进不来。"),
    ("邻居漏水", "楼上漏水泡了天花板，说了几次都不管，想请人调解。"),
)
# Each journey that uses one up finds one for itself, in both languages.
WAITING = 16
IN_HAND = 6
TO_RATE = 8


def fill(into: Path) -> None:
    """Fill the database and write what is in it (`tests.browser.city.Known`) to a file."""
    call_command("migrate", verbosity=0)
    demo_city.build(seed=SEED, at=clock.now(), progress=lambda *_: None)
    _seat_a_colleague()
    dispatcher, responder = _actor("dispatcher"), _actor("responder")
    waiting = [_reported(number, *said) for number, said in enumerate(SAYINGS, start=1)]
    more = range(len(SAYINGS) + 1, WAITING + 1)
    waiting += [_reported(number, f"长椅坏了 {number}", "公园的长椅坏了，坐不了。") for number in more]
    in_hand = [_sent(f"井盖松动 {number}", dispatcher, responder) for number in range(1, IN_HAND + 1)]
    to_rate = [_settled(f"路灯不亮 {number}", dispatcher, responder) for number in range(1, TO_RATE + 1)]
    shown = _reported(0, "单元门口的台阶碎了", "老人进出容易绊倒，请修一修。")
    sender = bearer(tracking_index(shown.code))
    (file,) = attach_all(shown.matter.id, [Sent(_photo(), "台阶.jpg")], by=sender, text="这是台阶的照片。")
    known = {
        "waiting": [str(each.matter.id) for each in waiting],
        "in_hand": [str(each.matter.id) for each in in_hand],
        "to_rate": [each.code for each in to_rate],
        "code": shown.code,
        "matter": str(shown.matter.id),
        "file": str(file.id),
        "party": str(people(dispatcher, shown.matter.id)[0].id),
    }
    _careful()
    into.write_text(json.dumps(known), encoding="utf-8")


def _seat_a_colleague() -> None:
    """A second dispatcher at the same desk: `colleague`."""
    seat = Posting.objects.get(account__username="dispatcher")
    colleague = Account.objects.create_user("colleague", PASSWORD, name="沈洁")
    Posting.objects.create(
        account=colleague, role=seat.role, area=seat.area, organisation=seat.organisation, starts=seat.starts
    )


def _careful() -> None:
    """An account with a second factor; nobody needs its codes here."""
    account = Account.objects.create_user("careful", PASSWORD, name="周谨")
    Authenticator.objects.create(account=account, secret="JBSWY3DPEHPK3PXP", confirmed_at=clock.now())


def _actor(username: str) -> Actor:
    return actor_of(Account.objects.get(username=username), on=clock.today())


def _reported(number: int, title: str, text: str) -> Taken:
    contact = Contact(name="王秀英", phone=f"1380000{number:04d}")
    given = ReportIn(title=title, text=text, area=TOWN, address=f"文二西路 {number + 100} 号", contact=contact)
    taken = report(given, by=system())
    direct(taken.matter.id)
    return taken


def _sent(title: str, dispatcher: Actor, responder: Actor) -> Taken:
    taken = _reported(0, title, f"{title}，晚上容易出事，请派人来看。")
    assign(taken.matter.id, responder.units[0], by=dispatcher)
    return taken


def _settled(title: str, dispatcher: Actor, responder: Actor) -> Taken:
    taken = _sent(title, dispatcher, responder)
    engine.advance(taken.matter.id, "accept", by=responder)
    engine.advance(taken.matter.id, "arrive", by=responder)
    told = {"outcome": "solved", "text": "已经修好，请您看看。"}
    engine.advance(taken.matter.id, "resolve", by=responder, told=told)
    return taken


def _photo() -> BytesIO:
    """Drawn here, so that nobody's photo is kept with the tests."""
    picture = Image.new("RGB", (640, 480), "#9aa7a0")
    draw = ImageDraw.Draw(picture)
    for step in range(5):
        draw.rectangle((60 + 40 * step, 360 - 60 * step, 600, 420 - 60 * step), fill=("#cfc7b8", "#b9b0a0")[step % 2])
    draw.line((300, 120, 340, 260, 310, 330, 360, 420), fill="#4a4238", width=6)
    out = BytesIO()
    picture.save(out, "JPEG", quality=70)
    out.seek(0)
    return out
