"""Who asks for a stream: the same doors as everywhere, asked in a thread because Django's database calls wait.

A viewer is looked up when the stream begins and every minute from then on, so that a session, a token or a posting
that has ended ends the stream or narrows it.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from io import BytesIO
from typing import Any, TypeVar
from urllib.parse import parse_qs
from uuid import UUID

from django.conf import settings
from django.contrib.auth.middleware import AuthenticationMiddleware
from django.contrib.sessions.middleware import SessionMiddleware
from django.core.handlers.asgi import ASGIRequest
from django.db import close_old_connections
from django.http import HttpRequest, HttpResponse
from django.utils import translation
from django.utils.translation import gettext as _

from anlan.city.people.access import Actor, bearer
from anlan.city.people.models import Account
from anlan.foundation.database import drop_dead_connections
from anlan.loop import queries
from anlan.loop.announcer import announcer
from anlan.loop.doors import known_actor, tracking_index
from anlan.loop.joining import worked_on
from anlan.loop.refusals import BadInput, Unknown
from anlan.web.live.address import PATH

Scope = dict[str, Any]
"""A request as ASGI describes it."""
SESSION_ENDED = "session-ended:"
"""How a wake-up begins that names, by its viewers' key, a session that was signed out."""
_BY_CODE = f"{PATH}/t/"

T = TypeVar("T")


@dataclass(frozen=True)
class Viewer:
    """Who reads a stream. `key` stands for the session, token or code in counting; `name` is what colleagues see of
    somebody on duty, and empty for everybody else. Who reads by the code of a joined report hears of `follows` too, the
    matter that is worked on in its place, under the report's own identifier `own`."""

    actor: Actor
    key: str
    name: str = ""
    own: UUID | None = None
    follows: UUID | None = None


@dataclass(frozen=True)
class Wish:
    """What a stream was asked for: after which event, since which second, and which matter is being looked at."""

    last: str = ""
    since: int | None = None
    looking: UUID | None = None


def header(scope: Scope, name: bytes) -> str:
    """The first header of this name, or an empty text."""
    return next((value.decode("latin-1") for each, value in scope["headers"] if each == name), "")


def wish_of(scope: Scope) -> Wish:
    """Raises BadInput naming the parameter."""
    given = {name: values[-1] for name, values in parse_qs(scope["query_string"].decode("latin-1")).items()}
    since, looking = given.get("since", ""), given.get("looking", "")
    if since and not (since.isascii() and since.isdecimal() and len(since) <= 12):
        raise BadInput(_("this is not a moment in seconds"), field="since")
    try:
        matter = UUID(looking) if looking else None
    except ValueError as error:
        raise BadInput(_("there is nothing with this identifier"), field="looking") from error
    last = header(scope, b"last-event-id") or given.get("last", "")
    return Wish(last, int(since) if since else None, matter)


def viewer_of(scope: Scope) -> Viewer:
    """Raises NotSignedIn, or Unknown for a code that opens nothing and an address that is none."""
    path = scope["path"]
    if path.startswith(_BY_CODE):
        tracking = tracking_index(path.removeprefix(_BY_CODE))
        own = queries.by_code(tracking)
        follows = worked_on(own).id if own.merged_into_id else None
        return Viewer(bearer(tracking), f"code:{tracking.hex()}", own=own.id, follows=follows)
    if path != PATH:
        raise Unknown(_("there is no such address"))
    request = _request(scope)
    actor = known_actor(request)
    return Viewer(actor, _key(request, actor), _name(request, actor))


def may_look_at(viewer: Viewer, matter: UUID) -> None:
    """Raises Unknown where this viewer may not see the matter."""
    queries.seen(viewer.actor, matter)


def session_key(key: str) -> str:
    """How the viewers of a session are known: the key itself opens the session, and is kept nowhere else."""
    return "session:" + hashlib.sha256(key.encode()).hexdigest()[:32]


def session_ended(key: str | None) -> None:
    """End the streams of a session now; without this they end within a minute."""
    if key:
        announcer.tell(SESSION_ENDED + session_key(key))


def tell_of_sign_out(request: HttpRequest | None, **_more: Any) -> None:
    """For Django's signal of that name; it comes before the session is removed."""
    if request is not None:
        session_ended(request.session.session_key)


def asking(scope: Scope, ask: Callable[..., T], *given: Any) -> T:
    """Call something that reads the database, in a thread of the pool: in the asker's language, and without a
    connection that the server has closed in the meantime."""
    drop_dead_connections()
    try:
        with translation.override(language_of(scope)):
            return ask(*given)
    finally:
        close_old_connections()


def language_of(scope: Scope) -> str:
    """The asker's language."""
    return translation.get_language_from_request(ASGIRequest(scope, BytesIO()))


def _request(scope: Scope) -> HttpRequest:
    request = ASGIRequest(scope, BytesIO())
    for middleware in (SessionMiddleware, AuthenticationMiddleware):
        middleware(lambda _request: HttpResponse()).process_request(request)
    return request


def _key(request: HttpRequest, actor: Actor) -> str:
    if settings.SESSION_COOKIE_NAME in request.COOKIES and "HTTP_AUTHORIZATION" not in request.META:
        return session_key(request.session.session_key or "")
    return f"account:{actor.account_id}" if actor.account_id else f"code:{(actor.tracking or b'').hex()}"


def _name(request: HttpRequest, actor: Actor) -> str:
    if not actor.held or actor.account_id is None:
        return ""
    account = Account.objects.get(id=actor.account_id)
    return account.name or account.username
