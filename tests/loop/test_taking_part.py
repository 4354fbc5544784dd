"""A person who takes part in a matter comes in by a door: with a code or an account, and sees their own side only."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from io import BytesIO
from uuid import uuid4

import pytest
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest
from django.test import Client, RequestFactory
from django.urls import resolve
from PIL import Image

from anlan.city.people.access import Actor, bearer
from anlan.city.people.models import Account
from anlan.foundation.sealing.fields import blind_index
from anlan.loop import engine, taking_part
from anlan.loop.doors import actor_of_request, token_for, tracking_index
from anlan.loop.files import Sent, attach_all
from anlan.loop.models import Event, Matter, Party
from anlan.services.mediation.procedures.mediation import PeoplesMediation
from tests.cast import Cast, lamp
from tests.loop.stories import everything, morning
from tests.routes import routes

OWN_NAME, OWN_PHONE = "赵四", "13911110000"
# What the reporter and the offices have said; none of it is the other side's to read.
SECRETS = (
    "楼上漏水三年",
    "天花板塌了一块",
    "钱秀珍",
    "13812345678",
    "文一西路七号",
    "私下说的底线",
    "钱*",
    "138****5678",
)
OWN = {"/api/v1/matters/{matter}/transitions", "/api/v1/matters/{matter}/parties"}
"""What a party reads: the steps that are theirs, and their own row."""

pytestmark = pytest.mark.django_db


@dataclass(frozen=True)
class Invited:
    """A dispute of Grandma Wang's, and Zhao, who acts in it by a code and by an account."""

    matter: Matter
    reporter: Party
    zhao: Party
    account: Account
    code: str
    reporters_code: str
    file: str


@pytest.fixture
def invited(cast: Cast) -> Iterator[Invited]:
    with morning():
        yield _invited(cast)


def _invited(cast: Cast) -> Invited:
    wang = Party(
        part=Party.Part.REPORTER,
        name=SECRETS[2],
        phone=SECRETS[3],
        phone_index=blind_index("phone", SECRETS[3]),
        address=SECRETS[4],
    )
    told = lamp(title=SECRETS[0], description=SECRETS[1], address=SECRETS[4], parties=[wang])
    opening = engine.open_matter(PeoplesMediation, told, by=cast.wang)
    matter = opening.matter
    (file,) = attach_all(matter.id, [Sent(_photo(), "天花板塌了一块.jpg")], by=cast.wang, text=SECRETS[1])
    engine.note(matter.id, SECRETS[5], by=cast.chen)
    zhao = Party(part=Party.Part.AFFECTED, name=OWN_NAME, phone=OWN_PHONE)
    taking_part.add(matter.id, zhao, by=cast.chen)
    account = Account.objects.create_user("zhao", name=OWN_NAME)
    code = taking_part.invite(matter.id, zhao.id, by=cast.chen, account_id=account.id)
    return Invited(matter, wang, zhao, account, code, opening.code, str(file.id))


def _photo() -> BytesIO:
    made = BytesIO()
    Image.new("RGB", (8, 8)).save(made, "JPEG")
    made.seek(0)
    return made


def doors(invited: Invited) -> list[tuple[Client, Mapping[str, str]]]:
    """The ways in: by code, by token, by session."""
    session = Client()
    session.force_login(invited.account)
    token = {"Authorization": f"Bearer {token_for(invited.account)}"}
    return [(Client(), {"X-Tracking-Code": invited.code}), (Client(), token), (session, {})]


def asked(path: str, **headers: str) -> HttpRequest:
    request = RequestFactory().get(path, headers=headers)
    request.resolver_match, request.user = resolve(path), AnonymousUser()
    return request


def test_a_code_is_resolved_to_its_person_at_the_address_of_the_matter(invited: Invited) -> None:
    path = f"/api/v1/matters/{invited.matter.id}/transitions"
    actor = actor_of_request(asked(path, **{"X-Tracking-Code": invited.code.lower()}))
    assert actor.takes_part is not None
    assert (actor.takes_part.party, actor.takes_part.matter) == (invited.zhao.id, invited.matter.id)


def test_an_account_is_resolved_to_its_person_at_the_address_of_the_matter(invited: Invited) -> None:
    token = f"Bearer {token_for(invited.account)}"
    actor = actor_of_request(asked(f"/api/v1/matters/{invited.matter.id}", Authorization=token))
    assert actor.account_id == invited.account.id
    assert actor.takes_part is not None
    assert actor.takes_part.party == invited.zhao.id


@pytest.mark.parametrize("path", ["/api/v1/matters", "/api/v1/matters/01890a5d-ac96-774b-bcce-b302099a8057"])
def test_elsewhere_an_account_is_nobodys_other_side(invited: Invited, path: str) -> None:
    actor = actor_of_request(asked(path, Authorization=f"Bearer {token_for(invited.account)}"))
    assert actor == Actor("resident", invited.account.id)


def test_a_tracking_code_is_still_the_reporters(invited: Invited) -> None:
    request = asked(f"/api/v1/matters/{invited.matter.id}", **{"X-Tracking-Code": invited.reporters_code})
    assert actor_of_request(request) == bearer(tracking_index(invited.reporters_code))


def test_somebody_on_duty_acts_by_their_posting_and_not_as_a_party(invited: Invited, cast: Cast) -> None:
    taking_part.invite(invited.matter.id, invited.zhao.id, by=cast.chen, account_id=cast.zhou.account_id)
    token = f"Bearer {token_for(Account.objects.get(username='zhou'))}"
    assert actor_of_request(asked(f"/api/v1/matters/{invited.matter.id}", Authorization=token)).takes_part is None


def test_by_every_door_a_party_sees_its_own_steps_and_its_own_row(invited: Invited) -> None:
    for client, headers in doors(invited):
        steps = client.get(f"/api/v1/matters/{invited.matter.id}/transitions", headers=headers).json()
        assert {step["name"] for step in steps} == {"end", "lead_out"}
        (row,) = client.get(f"/api/v1/matters/{invited.matter.id}/parties", headers=headers).json()
        assert row["id"] == str(invited.zhao.id)


def test_by_the_code_a_party_ends_the_mediation_with_one_step(invited: Invited) -> None:
    client, headers = doors(invited)[0]
    path = f"/api/v1/matters/{invited.matter.id}/transitions/end"
    answer = client.post(path, "{}", content_type="application/json", headers=headers)
    assert answer.status_code == 200, answer.content
    with everything():
        last = Event.objects.filter(matter=invited.matter).order_by("-seq")[0]
    assert (last.kind, last.actor_role, last.data["party"]) == ("end", "PARTY", str(invited.zhao.id))


def test_a_party_may_not_do_what_is_the_offices(invited: Invited) -> None:
    for client, headers in doors(invited):
        for act, body in (("notes", '{"text": "已联系"}'), ("escalate", '{"reason": "急"}')):
            path = f"/api/v1/matters/{invited.matter.id}/{act}"
            answer = client.post(path, body, content_type="application/json", headers=headers)
            assert answer.status_code == 403, (act, answer.content)


def test_no_address_of_today_tells_a_party_what_the_others_said(invited: Invited) -> None:
    known = {
        "matter_id": str(invited.matter.id),
        "party_id": str(invited.reporter.id),
        "attachment_id": invited.file,
        "code": invited.code,
    }
    tried = 0
    for route in routes():
        address = route.address.replace("{matter_id}", "{matter}")
        path = address.format_map(_Filled(known | {"matter": known["matter_id"]}))
        if not path.startswith(("/api/v1/", "/matters", "/board", "/tasks", "/t/", "/account", "/notices", "/triage")):
            continue
        for client, headers in doors(invited):
            tried += 1
            answer = client.get(path, headers=headers)
            said = b"".join(answer) if answer.streaming else answer.content
            found = [secret for secret in SECRETS if secret in said.decode(errors="replace")]
            assert not found, (path, headers, answer.status_code)
            if "{matter}" in address and address not in OWN:
                assert answer.status_code != 200, path
    assert tried > 100


def test_a_partys_code_is_no_key_to_the_residents_page(invited: Invited) -> None:
    answer = Client().get(f"/t/{invited.code}")
    assert answer.status_code == 404


class _Filled(dict[str, str]):
    """What else an address asks for."""

    def __missing__(self, name: str) -> str:
        return str(uuid4()) if name == "id" or name.endswith("_id") else "1"
