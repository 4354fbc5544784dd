"""The machines of a merchant: tills that come in with a key, and webhooks by which its own system is told.

**A message on the wire** is a POST of JSON `{"id", "kind", "at", "data"}` with the headers `X-Anlan-Delivery` (the id,
the same at every try), `X-Anlan-Timestamp` (Unix seconds) and `X-Anlan-Signature`: `v1=` and the hex HMAC-SHA256, by
the webhook's secret, of `timestamp + "." + body`. Any 2xx is an arrival; whatever else is tried again, each pause
twice the one before, until the tries run out. A receiver refuses an old timestamp and drops an id it has had.
"""

import hashlib
import hmac
import json
import secrets
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, Final
from urllib.parse import urlsplit
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from anlan.city.people.access import scope_of, scoped, system
from anlan.loop import clock
from anlan.loop.refusals import BadInput, Unknown
from anlan.services.prepaid.access import Counter, at_counter, key_digest
from anlan.services.prepaid.figures import figure
from anlan.services.prepaid.merchants import outgoing
from anlan.services.prepaid.merchants.models import Delivery, Merchant, Shop, Till, Webhook

AT_ONCE: Final = 20
Send = Callable[[str, bytes, dict[str, str]], None]


def make_till(shop: Shop, name: str) -> tuple[Till, str]:
    """A till and its key, which is shown this once."""
    key = f"till_{secrets.token_urlsafe(32)}"
    till = Till.objects.create(
        merchant_id=shop.merchant_id, shop=shop, name=name, key=key_digest(key), made_at=clock.now()
    )
    return till, key


def revoke_till(counter: Counter, till: UUID) -> None:
    """From now on the till's key opens nothing. Raises Unknown."""
    mine = Till.objects.filter(id=till, merchant_id=counter.merchant, revoked_at=None)
    if not mine.update(revoked_at=clock.now()):
        raise Unknown(_("there is no such till"))


def add_webhook(merchant: Merchant, address: str) -> tuple[Webhook, str]:
    """A webhook and its secret, which is shown this once. Raises BadInput for what is no https address."""
    try:
        parts = urlsplit(address)
        is_one = parts.scheme == "https" and bool(parts.hostname) and not parts.username and parts.port != 0
    except ValueError:
        is_one = False
    if not is_one:
        raise BadInput(_("give an https address without a name in it"), field="address")
    secret = secrets.token_urlsafe(32)
    with at_counter(merchant.id):
        made = Webhook.objects.create(
            merchant=merchant, area=merchant.area, address=address, secret=secret, made_at=clock.now()
        )
    return made, secret


def end_webhook(counter: Counter, webhook: UUID) -> None:
    """Tell this address nothing more. Raises Unknown."""
    with at_counter(counter.merchant):
        if not Webhook.objects.filter(id=webhook, ended_at=None).update(ended_at=clock.now()):
            raise Unknown(_("there is no such webhook"))
        Delivery.objects.filter(webhook_id=webhook).update(next_at=None)


def tell(merchant: UUID, kind: str, data: dict[str, Any]) -> None:
    """Put a message for the merchant's system into the outbox, in the caller's transaction."""
    now = clock.now()
    with at_counter(merchant):
        Delivery.objects.bulk_create(
            Delivery(
                webhook=webhook,
                merchant_id=merchant,
                area=webhook.area,
                kind=kind,
                body={"kind": kind, "at": now.isoformat(), "data": data},
                made_at=now,
                next_at=now,
            )
            for webhook in Webhook.objects.filter(merchant_id=merchant, ended_at=None)
        )


def send_due(send: Send = outgoing.post) -> int:
    """The worker's job: try what is due; how many tries were made."""
    tried = 0
    for _n in range(AT_ONCE):
        with scoped(scope_of(system())):
            due = Delivery.objects.select_for_update(skip_locked=True, of=("self",)).select_related("webhook")
            delivery = due.filter(next_at__lte=clock.now()).order_by("next_at").first()
            if delivery is None:
                return tried
            _try(delivery, send)
        tried += 1
    return tried


def signature(secret: str, timestamp: str, body: bytes) -> str:
    """What the header `X-Anlan-Signature` holds."""
    return "v1=" + hmac.new(secret.encode(), timestamp.encode() + b"." + body, hashlib.sha256).hexdigest()


def _try(delivery: Delivery, send: Send) -> None:
    now = clock.now()
    body = json.dumps({"id": str(delivery.id), **delivery.body}, ensure_ascii=False, sort_keys=True).encode()
    timestamp = str(int(now.timestamp()))
    headers = {
        "Content-Type": "application/json; charset=utf-8",
        "X-Anlan-Delivery": str(delivery.id),
        "X-Anlan-Timestamp": timestamp,
        "X-Anlan-Signature": signature(delivery.webhook.secret, timestamp, body),
    }
    delivery.tries += 1
    try:
        send(delivery.webhook.address, body, headers)
    except outgoing.NotSent as fault:
        delivery.last_fault = str(fault)[:200]
        delivery.next_at = _next_try(delivery.tries, now)
    else:
        delivery.delivered_at, delivery.next_at, delivery.last_fault = now, None, ""
    with transaction.atomic():
        delivery.save(update_fields=["tries", "last_fault", "next_at", "delivered_at"])


def _next_try(tries: int, now: datetime) -> datetime | None:
    today = clock.local(now).date()
    if tries >= figure("webhook_tries", today):
        return None
    return now + timedelta(seconds=figure("webhook_pause", today) * 2 ** (tries - 1))
