"""Where an account is signed in: the list of its sessions, and how they end.

What is kept says which kind of browser it was, never who made it exactly; of the network address only a keyed digest,
by which a list can say "the same network".
"""

from datetime import timedelta
from typing import Any
from uuid import UUID

from django.contrib.auth.signals import user_logged_in
from django.contrib.sessions.backends.base import SessionBase
from django.db.models import F, QuerySet
from django.dispatch import Signal, receiver
from django.http import HttpRequest
from django.utils import timezone
from django.utils.crypto import salted_hmac

from anlan.city.people.credentials import SignedIn
from anlan.city.people.models import Account
from anlan.city.people.session_store import ABOUT, SessionStore
from anlan.foundation.identifiers import new_id

sessions_ended = Signal()
"""Sent with `keys` after sessions were ended here: for what stays open longer than a request."""
SEEN_EVERY = timedelta(minutes=1)
# The first that is found counts: most browsers name the others as well.
_BROWSERS = (
    ("MicroMessenger", "WeChat"),
    ("DingTalk", "DingTalk"),
    ("HuaweiBrowser", "Huawei Browser"),
    ("QQBrowser", "QQ Browser"),
    ("Edg", "Edge"),
    ("Firefox", "Firefox"),
    ("Chrome", "Chrome"),
    ("Safari", "Safari"),
)
_SYSTEMS = (
    ("OpenHarmony", "HarmonyOS"),
    ("HarmonyOS", "HarmonyOS"),
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Windows", "Windows"),
    ("Mac OS X", "macOS"),
    ("Linux", "Linux"),
)


def sessions_of(account: Account) -> QuerySet[SignedIn]:
    """Where an account is signed in now, the latest seen first."""
    return SignedIn.objects.filter(account=account, expire_date__gt=timezone.now()).order_by("-seen_at", "handle")


def end(account: Account, handle: UUID) -> bool:
    """End one session of an account; False if it has no such one."""
    return _end(SignedIn.objects.filter(account=account, handle=handle))


def end_everywhere(account: Account) -> None:
    """Nothing that was signed in before holds any more: no session, no token, no sign-in that has only begun."""
    Account.objects.filter(id=account.id).update(generation=F("generation") + 1)
    _end(SignedIn.objects.filter(account=account))
    account.refresh_from_db(fields=["generation"])


def seen(session: SessionBase) -> None:
    """Note that a session is in use, at most once a minute. Costs a statement only then."""
    row = session.row if isinstance(session, SessionStore) else None
    now = timezone.now()
    if row is not None and now - row.seen_at >= SEEN_EVERY:
        SignedIn.objects.filter(session_key=row.session_key).update(seen_at=now)


def mark_new_device(session: SessionBase) -> None:
    """Note that the account had never signed in with this browser."""
    session[ABOUT] = {**session[ABOUT], "new_device": True}


def device_words(user_agent: str) -> str:
    """`Chrome · Windows`: the browser and the system by name, nothing that tells one machine from another."""
    names = [next((name for mark, name in table if mark in user_agent), "") for table in (_BROWSERS, _SYSTEMS)]
    return " · ".join(filter(None, names))


def address_digest(request: HttpRequest) -> str:
    """By which two sessions are known to come from one network."""
    address = request.META.get("REMOTE_ADDR", "")
    return salted_hmac("anlan.signed_in.address", address, algorithm="sha256").hexdigest() if address else ""


def _end(sessions: QuerySet[SignedIn]) -> bool:
    keys = list(sessions.values_list("session_key", flat=True))
    SignedIn.objects.filter(session_key__in=keys).delete()
    sessions_ended.send(SignedIn, keys=keys)
    return bool(keys)


@receiver(user_logged_in)
def _about(request: HttpRequest, **_: Any) -> None:
    request.session[ABOUT] = {
        "handle": str(new_id()),
        "device": device_words(request.META.get("HTTP_USER_AGENT", "")),
        "address": address_digest(request),
        "since": timezone.now().isoformat(),
        "new_device": False,
    }
