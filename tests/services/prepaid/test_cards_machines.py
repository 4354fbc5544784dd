"""A merchant's machines: tills come in by their key, and its system is told by signed messages until they arrive."""

import hashlib
import hmac
import json
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from anlan.city.people.models import Account
from anlan.loop import clock
from anlan.loop.doors import token_for
from anlan.loop.refusals import BadInput
from anlan.services.prepaid.access import at_counter
from anlan.services.prepaid.merchants import machines, outgoing
from anlan.services.prepaid.merchants.models import Delivery
from tests.services.prepaid.market import Market, key

ADDRESS = "https://till.example/told"


class Listener:
    """A merchant's system; it refuses the first `deaf` messages."""

    def __init__(self, deaf: int = 0) -> None:
        self.deaf = deaf
        self.heard: list[tuple[bytes, dict[str, str]]] = []

    def __call__(self, address: str, body: bytes, headers: dict[str, str]) -> None:
        if self.deaf:
            self.deaf -= 1
            raise outgoing.NotSent("answered 503")
        self.heard.append((body, headers))


class TestWebhooks:
    def test_a_message_is_signed_over_its_time_and_body(self, market: Market) -> None:
        _webhook, secret = machines.add_webhook(market.merchant, ADDRESS)
        market.bought()
        listener = Listener()
        assert machines.send_due(listener) == 1
        ((body, headers),) = listener.heard
        signed = headers["X-Anlan-Timestamp"].encode() + b"." + body
        expected = hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()
        assert headers["X-Anlan-Signature"] == f"v1={expected}"
        assert json.loads(body)["kind"] == "card.bought"

    def test_what_did_not_arrive_is_sent_again_later_under_the_same_id_and_then_no_more(self, market: Market) -> None:
        machines.add_webhook(market.merchant, ADDRESS)
        market.bought()
        listener = Listener(deaf=1)
        machines.send_due(listener)
        assert machines.send_due(listener) == 0
        with clock.use(clock.ManualClock(clock.now() + timedelta(seconds=16))):
            assert machines.send_due(listener) == 1
            assert machines.send_due(listener) == 0
        assert len(listener.heard) == 1

    def test_after_its_tries_a_message_is_given_up_with_the_reason(self, market: Market) -> None:
        machines.add_webhook(market.merchant, ADDRESS)
        market.bought()
        listener, now = Listener(deaf=100), clock.ManualClock(clock.now())
        with clock.use(now):
            for _n in range(13):
                machines.send_due(listener)
                now.advance(timedelta(days=1))
        with at_counter(market.merchant.id):
            given_up = Delivery.objects.get()
        assert (given_up.tries, given_up.next_at, given_up.last_fault) == (12, None, "answered 503")

    def test_messages_hold_no_personal_data(self, market: Market) -> None:
        machines.add_webhook(market.merchant, ADDRESS)
        market.used(market.bought())
        listener = Listener()
        machines.send_due(listener)
        told = b"".join(body for body, _headers in listener.heard).decode()
        assert "use.confirmed" in told
        assert "wang" not in told
        assert "138" not in json.dumps([list(json.loads(body)["data"]) for body, _headers in listener.heard])

    @pytest.mark.parametrize("address", ["http://till.example/", "https://", "file:///etc/passwd", "https://a:b@c/"])
    def test_an_address_that_is_no_plain_https_is_refused(self, market: Market, address: str) -> None:
        with pytest.raises(BadInput) as refused:
            machines.add_webhook(market.merchant, address)
        assert refused.value.field == "address"

    @pytest.mark.parametrize("host", ["127.0.0.1", "10.0.0.8", "169.254.169.254", "[::1]"])
    def test_no_message_goes_to_a_machine_inside_the_house(self, host: str) -> None:
        with pytest.raises(outgoing.NotSent, match="public"):
            outgoing.post(f"https://{host}/", b"{}", {})


class Doors:
    """The API as a consumer and as a till use it."""

    def __init__(self, market: Market) -> None:
        self.market = market
        _till, self.till = machines.make_till(market.shop, "前台")
        wang = Account.objects.get(username="wang")
        self.wang = Client(headers={"Authorization": f"Bearer {token_for(wang)}"})
        self.counter = Client(headers={"X-Till-Key": self.till})

    def post(self, client: Client, path: str, told: dict[str, Any] | None = None) -> Any:
        return client.post(
            f"/api/v1/prepaid{path}", told or {}, content_type="application/json", headers={"Idempotency-Key": key()}
        )

    @property
    def here(self) -> str:
        return f"/shops/{self.market.shop.code}"


class TestApi:
    @pytest.fixture
    def doors(self, market: Market) -> Doors:
        return Doors(market)

    def test_anybody_reads_a_shop_with_its_colour_and_the_terms_of_its_offers(self, market: Market) -> None:
        market.offer()
        told = Client().get(f"/api/v1/prepaid/shops/{market.shop.code.lower()}").json()
        assert (told["colour"], told["takes_prepayments"]) == ("green", True)
        assert told["offers"][0]["refund_way"].startswith("未消费余额")

    def test_a_card_is_bought_used_by_qr_and_tap_and_given_back(self, doors: Doors) -> None:
        offer, shop = str(doors.market.offer().id), str(doors.market.shop.id)
        bought = doors.post(doors.wang, "/cards", {"offer": offer, "shop": shop})
        assert bought.status_code == 201
        card = bought.json()["id"]
        qr = doors.post(doors.wang, f"/cards/{card}/qr").json()["token"]
        use = doors.post(doors.counter, f"{doors.here}/uses", {"qr": qr, "item": "剪发", "list_price": 8_800}).json()
        assert [each["id"] for each in doors.wang.get("/api/v1/prepaid/uses").json()] == [use["id"]]
        assert doors.post(doors.wang, f"/uses/{use['id']}/confirm").json()["money"] == 8_800
        told = doors.wang.get(f"/api/v1/prepaid/cards/{card}").json()
        assert (told["card"]["left"], told["uses"][0]["state"]) == (91_200, "confirmed")
        back = doors.post(doors.wang, f"/cards/{card}/refund/consumer")
        assert (back.status_code, back.json()["principal"]) == (201, 91_200)

    def test_a_till_with_a_wrong_or_revoked_key_is_nobody(self, doors: Doors, market: Market) -> None:
        owner = market.counter_of("owner", market.merchant)
        (till,) = market.merchant.tills.all()
        machines.revoke_till(owner, till.id)
        for client in (doors.counter, Client(headers={"X-Till-Key": "till_wrong"})):
            answer = doors.post(client, f"{doors.here}/uses", {"number": "1", "item": "剪发"})
            assert answer.status_code == 401
            assert answer.json()["error"]["field"] == "X-Till-Key"

    def test_a_till_of_another_shop_does_not_serve_here(self, doors: Doors, market: Market) -> None:
        other = market.another_shop(market.merchant)
        answer = doors.post(doors.counter, f"/shops/{other.code}/uses", {"number": "1", "item": "剪发"})
        assert answer.status_code == 403

    @pytest.mark.parametrize("amount", [88.5, -1, "8800", 10**30, True])
    def test_an_amount_that_is_none_is_refused_naming_the_field(self, doors: Doors, amount: object) -> None:
        told = {"number": "1", "item": "剪发", "list_price": amount}
        answer = doors.post(doors.counter, f"{doors.here}/uses", told)
        assert answer.status_code == 422
        assert answer.json()["error"]["field"] == "list_price"

    def test_a_cashier_makes_no_key_and_an_owner_does(self, doors: Doors) -> None:
        for name, status in (("cashier", 403), ("owner", 201)):
            _ = doors.market.merchant
            client = Client(headers={"Authorization": f"Bearer {token_for(Account.objects.get(username=name))}"})
            assert doors.post(client, f"{doors.here}/tills", {"name": "二号"}).status_code == status
