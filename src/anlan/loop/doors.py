"""What every door of the program shares: who asks, and how a refusal is answered.

An asker is known by a bearer token, a session, or a matter's tracking code; otherwise they are anonymous. At the
address of a matter, an account or a code may be that of another person who takes part in it. Whatever is refused is
answered in one shape and in the asker's language:

    {"error": {"code": "bad_input", "message": "…", "field": "title", "details": [{"field": …, "message": …}]}}
"""

import json
from typing import Any, NoReturn
from uuid import UUID

from django.conf import settings
from django.contrib.auth import authenticate
from django.core import signing
from django.core.exceptions import RequestDataTooBig, SuspiciousOperation
from django.http import Http404, HttpRequest, HttpResponse
from django.http.multipartparser import MultiPartParserError
from django.utils.crypto import constant_time_compare
from django.utils.translation import gettext as _
from ninja import NinjaAPI
from ninja.errors import HttpError
from ninja.errors import ValidationError as WrongRequest
from ninja.parser import Parser
from ninja.utils import check_csrf
from pydantic import BaseModel, ValidationError

from anlan.city.people import lockout, second_factor, signed_in
from anlan.city.people.access import Actor, actor_of, anonymous, bearer
from anlan.city.people.models import Account
from anlan.foundation.language import said
from anlan.foundation.sealing.fields import blind_index
from anlan.loop import clock, taking_part
from anlan.loop.faults import Fault, faults
from anlan.loop.refusals import BadInput, NotAllowed, Refused, Unknown

TOKEN_SECONDS = 12 * 60 * 60
_TOKEN = "anlan.session"
POSTING = "posting"
"""Where a session keeps the posting that its account acts in."""
REFUSALS = frozenset((400, 401, 403, 404, 409, 413, 415, 422))
"""The statuses every endpoint declares for a `Problem`."""
_HARMLESS = ("GET", "HEAD", "OPTIONS")
LONGEST_CODE = 60


class NotSignedIn(Refused):
    """Nobody the program knows: no token, or one that is wrong or too old."""

    status = 401
    code = "not_signed_in"


class Refusal(BaseModel):
    """Why something was refused. `code` is for machines and stays, `message` is for people."""

    code: str
    message: str
    field: str | None = None
    details: list[Fault] = []


class Problem(BaseModel):
    """The body of every answer from 400 to 499."""

    error: Refusal


def actor_of_request(request: HttpRequest) -> Actor:
    """Who asks; at the address of a matter (`matter_id` in its route) also as which person of it. Raises NotSignedIn
    for a token that does not hold: whoever sends one means to be known."""
    actor = _asker(request)
    matter = request.resolver_match.kwargs.get("matter_id") if request.resolver_match else None
    # Somebody on duty acts by their postings alone; as a person of a matter they have a code like everybody else.
    if matter is None or actor.held or actor.kind == "anonymous":
        return actor
    try:
        return taking_part.by_account(actor, UUID(str(matter))) if actor.account_id else _by_own_code(actor)
    except (Unknown, ValueError):
        return actor


def _by_own_code(actor: Actor) -> Actor:
    assert actor.tracking is not None, "who has no account has shown a code"
    return taking_part.by_code(actor.tracking)


def _asker(request: HttpRequest) -> Actor:
    if token := request.META.get("HTTP_AUTHORIZATION"):
        return actor_of(_account_of(token), on=clock.today())
    if code := request.META.get("HTTP_X_TRACKING_CODE"):
        return bearer(tracking_index(code))
    if settings.SESSION_COOKIE_NAME in request.COOKIES and isinstance(request.user, Account):
        if request.method not in _HARMLESS and check_csrf(request) is not None:
            raise NotAllowed(_("the page is too old; load it again"), field="X-CSRFToken")
        signed_in.seen(request.session)
        return actor_of(request.user, on=clock.today(), posting=chosen_posting(request))
    return anonymous()


def known_actor(request: HttpRequest) -> Actor:
    """Who asks, where anonymous is not enough. Raises NotSignedIn."""
    actor = actor_of_request(request)
    if actor.kind == "anonymous":
        raise NotSignedIn(_("sign in, or show the tracking code"))
    return actor


def tracking_index(code: str) -> bytes:
    """The blind index of a code as somebody typed it: small letters, dashes, O for 0 and I or L for 1 are fine.

    What can't be a code gets an index too, one that nothing has: every wrong code is refused alike.
    """
    typed = code[:LONGEST_CODE].upper().translate(str.maketrans("OIL", "011"))
    try:
        return blind_index("code", typed)
    except (ValueError, UnicodeEncodeError):
        return b"\x00" * 16


def chosen_posting(request: HttpRequest) -> UUID | None:
    """The posting in which whoever signed in acts now; None for all that they hold."""
    chosen = request.session.get(POSTING)
    return UUID(chosen) if chosen else None


def account_of(request: HttpRequest, username: str, password: str) -> Account:
    """Whoever knows the password; a second factor may still be owed. Raises NotSignedIn, for an unknown name as slowly
    and in the same words as for a wrong password or after too many failures."""
    attempt = lockout.Attempt.of(username, request.META.get("REMOTE_ADDR", ""), at=clock.now())
    account = authenticate(request, username=username, password=password) if attempt.begin() else None
    if not isinstance(account, Account):
        raise NotSignedIn(
            _("the name or the password is wrong; after %(times)d failures wait %(minutes)d minutes")
            % {"times": attempt.times, "minutes": attempt.minutes}
        )
    attempt.withdraw()
    return account


def confirm_code(request: HttpRequest, account: Account, code: str) -> None:
    """The second factor: a code of the app, or a recovery code. A wrong one counts like a wrong password. Raises
    NotSignedIn."""
    attempt = lockout.Attempt.of(account.username, request.META.get("REMOTE_ADDR", ""), at=clock.now())
    if not (attempt.begin() and second_factor.accepts(account, code, at=attempt.at)):
        raise NotSignedIn(
            _("the code is wrong or was used before; after %(times)d failures wait %(minutes)d minutes")
            % {"times": attempt.times, "minutes": attempt.minutes},
            field="code",
        )
    attempt.withdraw()


def sign_in(request: HttpRequest, username: str, password: str, code: str = "") -> str:
    """A token for whoever knows the password and, with a second factor, a code. Raises NotSignedIn, and NotAllowed
    where a second factor is required and there is none yet, or the password is a one-time one."""
    account = account_of(request, username, password)
    if second_factor.has_one(account):
        if not code:
            raise NotSignedIn(_("this account takes a code as well, of its app or for recovery"), field="code")
        confirm_code(request, account, code)
    elif second_factor.required_of(account, on=clock.today()):
        raise NotAllowed(_("sign in with a browser first and set up a second factor"))
    if account.must_change_password:
        raise NotAllowed(_("this is a one-time password; sign in with a browser first and choose your own"))
    lockout.forgive(username)
    return token_for(account)


def token_for(account: Account) -> str:
    """A bearer token of an account. It ends with its time, with the account, with the password of today, and with a
    sign-out everywhere."""
    return signing.dumps({"account": str(account.id), "password": account.get_session_auth_hash()}, salt=_TOKEN)


def _account_of(header: str) -> Account:
    scheme, _space, token = header.partition(" ")
    refused = NotSignedIn(_("the token is wrong or has run out; sign in again"), field="Authorization")
    if scheme.lower() != "bearer":
        raise refused
    try:
        told = signing.loads(token.strip(), salt=_TOKEN, max_age=TOKEN_SECONDS)
        account = Account.objects.get(id=UUID(told["account"]), is_active=True)
    except (signing.BadSignature, Account.DoesNotExist, UnicodeEncodeError) as error:
        raise refused from error
    if not constant_time_compare(told["password"], account.get_session_auth_hash()):
        raise refused
    return account


class JsonOnly(Parser):
    """Strict JSON: UTF-8, no NaN, not nested without end. Half a character is left to the field it stands in."""

    def parse_body(self, request: HttpRequest) -> Any:
        if request.content_type != "application/json" and not (request.content_type or "").endswith("+json"):
            raise WrongType(_("send JSON, with the content type application/json"), field="Content-Type")
        try:
            return json.loads(request.body.decode(), parse_constant=_no_number)
        except UnicodeDecodeError as error:
            raise NotJson(_("this is not UTF-8 (at byte %(n)d)") % {"n": error.start}) from error
        except (ValueError, RecursionError) as error:
            raise NotJson(_("this is not JSON: %(why)s") % {"why": str(error)[:200]}) from error


def _no_number(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a JSON number")


class WrongType(Refused):
    """A body that does not say it is JSON."""

    status = 415
    code = "wrong_type"


class NotJson(Refused):
    """A body that says it is JSON and is not."""

    code = "not_json"


def answer_refusals(api: NinjaAPI) -> None:
    """Teach an API to answer every refusal in the one shape."""
    api.add_exception_handler(Refused, _refused)
    api.add_exception_handler(WrongRequest, _wrong_request)
    api.add_exception_handler(HttpError, _http_error)
    api.add_exception_handler(Http404, lambda request, _error: nothing_here(request))
    api.add_exception_handler(RequestDataTooBig, _too_big)
    api.add_exception_handler(MultiPartParserError, _no_form)
    api.add_exception_handler(SuspiciousOperation, _no_form)


def answer(status: int, refusal: Refusal) -> HttpResponse:
    """A refusal on the wire."""
    body = Problem(error=refusal).model_dump_json()
    response = HttpResponse(body, status=status, content_type="application/json; charset=utf-8")
    if status == 401:
        response["WWW-Authenticate"] = "Bearer"
    return response


def nothing_here(request: HttpRequest, *args: object) -> HttpResponse:
    """The answer where no address matches."""
    return answer(404, Refusal(code="unknown", message=said("这里什么也没有", "there is nothing here")))


def _refused(request: HttpRequest, refused: Any) -> HttpResponse:
    message, field = str(refused.message), refused.field
    details = [Fault(field=field, message=message)] if field else []
    if isinstance(refused.__cause__, ValidationError):
        details = faults(refused.__cause__.errors(include_url=False))
        message = details[0].message
    return answer(refused.status, Refusal(code=refused.code, message=message, field=field, details=details))


def _wrong_request(request: HttpRequest, wrong: Any) -> HttpResponse:
    details = faults(wrong.errors, nested=True)
    first = details[0]
    message = f"{first.field}: {first.message}" if first.field else first.message
    return answer(422, Refusal(code=BadInput.code, message=message, field=first.field or None, details=details))


def _http_error(request: HttpRequest, error: Any) -> HttpResponse:
    # The framework wraps what the parser raised.
    if isinstance(error.__cause__, Refused):
        return _refused(request, error.__cause__)
    return answer(error.status_code, Refusal(code="refused", message=error.message))


def _too_big(request: HttpRequest, error: Any) -> HttpResponse:
    megabytes = f"{(settings.DATA_UPLOAD_MAX_MEMORY_SIZE or 0) / 1e6:g}"
    said_so = said(f"一次最多发送 {megabytes} MB", f"at most {megabytes} MB can be sent at once")
    return answer(413, Refusal(code="too_big", message=said_so))


def _no_form(request: HttpRequest, error: Any) -> HttpResponse:
    """A form that can't be taken apart, or one of too many parts."""
    return answer(400, Refusal(code="not_a_form", message=said("表单无法读取", "the form can't be read")))
