"""Open311 GeoReport v2, the standard by which other programs report things in a city and follow them.

Specification: http://wiki.open311.org/GeoReport_v2. The addresses, names and errors are those of the standard:

    GET /open311/discovery.xml                  GET  /open311/v2/requests.xml
    GET /open311/v2/services.xml                GET  /open311/v2/requests/<service_request_id>.xml
    GET /open311/v2/services/<code>.xml         GET  /open311/v2/tokens/<token>.xml
    POST /open311/v2/requests.xml               (and `.json` for each)

Our own choices, where the standard leaves one: services are the category tree, one city is one jurisdiction (its
area code; it may be left out), a service request's id is the matter's number, and the tracking code is both told in
the `service_notice` and accepted as a token. What is shown to everybody is decided in `open311_public`.
E-mail address, account and device are not kept: nothing here needs them.
"""

import re
from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, ParamSpec

from django.conf import settings
from django.core.exceptions import BadRequest, RequestDataTooBig, SuspiciousOperation
from django.http import HttpRequest, HttpResponse
from django.http.multipartparser import MultiPartParserError
from django.urls import re_path
from django.utils.crypto import constant_time_compare
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt

from anlan.city.people.access import anonymous
from anlan.foundation.identifiers import spaced
from anlan.loop import clock
from anlan.loop.answers import category_label
from anlan.loop.doors import tracking_index
from anlan.loop.models import Channel
from anlan.loop.queries import by_code
from anlan.loop.refusals import BadInput, NotAllowed, Refused, Unknown
from anlan.loop.suggestions import Category, categories, offered_categories
from anlan.services.intake.actions import Taken, report
from anlan.services.intake.codes import tracking_path
from anlan.services.intake.open311_formats import written
from anlan.services.intake.open311_public import SOURCE, one_request, requests
from anlan.services.intake.reading import read_report

PREFIX = "open311/"

SPECIFICATION = "http://wiki.open311.org/GeoReport_v2"
LONGEST_URL = 2_000
# The categories change with a release, so clients may keep the list as long as this process runs.
_STARTED = clock.now()
_THEIR_NAMES = {
    "lon": "long",
    "text": "description",
    "title": "description",
    "address": "address_string",
    "area": "address_id",
    "category": "service_code",
    "name": "first_name",
}

P = ParamSpec("P")
View = Callable[Concatenate[HttpRequest, str, P], HttpResponse]


class WrongMethod(Refused):
    """An address that is there, asked for something it doesn't do."""

    status = 405


def resource(*methods: str) -> Callable[[View[P]], Callable[..., HttpResponse]]:
    """A view that answers in the format its address ends in, and every refusal as the standard's list of errors."""

    def decorated(view: View[P]) -> Callable[..., HttpResponse]:
        @csrf_exempt  # Nobody is signed in here: there is no session to be abused.
        @wraps(view)
        def answered(request: HttpRequest, form: str, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
            try:
                if request.method not in methods:
                    raise WrongMethod(_("this address takes %(methods)s") % {"methods": ", ".join(methods)})
                _require_jurisdiction(_told(request).get("jurisdiction_id", ""))
                return view(request, form, *args, **kwargs)
            except Refused as refused:
                return _errors(form, _status(refused), _description(refused))
            except RequestDataTooBig:
                return _errors(form, 413, _("that is too much to be sent at once"))
            except (BadRequest, SuspiciousOperation, MultiPartParserError) as error:
                return _errors(form, 400, str(error))

        return answered

    return decorated


def _status(refused: Refused) -> int:
    """The standard knows 400 for whatever is wrong with what was sent."""
    return refused.status if refused.status in (403, 404, 405) else 400


def _description(refused: Refused) -> str:
    name = _THEIR_NAMES.get(refused.field or "", refused.field)
    return f"{name}: {refused.message}" if name else str(refused.message)


def _errors(form: str, status: int, description: str) -> HttpResponse:
    return written(form, "errors", [{"code": status, "description": description}], status=status)


def _told(request: HttpRequest) -> dict[str, str]:
    """The arguments; an empty one counts as not given."""
    given = request.POST if request.method == "POST" else request.GET
    return {name: text for name, value in given.items() if (text := str(value).strip())}


def _require_jurisdiction(given: str) -> None:
    if given and given != settings.ANLAN_CITY:
        raise Unknown(_("there is no such jurisdiction here"), field="jurisdiction_id")


def _require_key(given: str) -> None:
    """Without keys in the settings anybody may report, as at every other public door."""
    keys: list[str] = settings.ANLAN_OPEN311_KEYS
    if keys and not any(constant_time_compare(given, key) for key in keys):
        why = _("is not a key that was given out") if given else _("a key is needed to report here")
        raise NotAllowed(why, field="api_key")


def _service(code: str) -> Category:
    if code not in categories():
        raise Unknown(_("there is no such service"), field="service_code")
    return categories()[code]


@resource("GET", "HEAD")
def discovery(request: HttpRequest, form: str) -> HttpResponse:
    """Where the endpoint is and what it speaks."""
    keys = settings.ANLAN_OPEN311_KEYS
    endpoint = {
        "specification": SPECIFICATION,
        "url": f"{settings.ANLAN_PUBLIC_URL}/{PREFIX}v2",
        "changeset": _STARTED.isoformat(timespec="seconds"),
        "type": "production",
        "formats": ["text/xml", "application/json"],
    }
    return written(
        form,
        "discovery",
        {
            "changeset": _STARTED.isoformat(timespec="seconds"),
            "contact": settings.ANLAN_PUBLIC_URL,
            "key_service": _("ask whoever runs this service") if keys else _("no key is needed"),
            "endpoints": [endpoint],
        },
    )


@resource("GET", "HEAD")
def services(request: HttpRequest, form: str) -> HttpResponse:
    """What can be reported: the category tree."""
    return written(form, "services", [_as_service(category) for category in offered_categories().values()])


def _as_service(category: Category) -> dict[str, Any]:
    group = category_label(category.slug.partition(".")[0])
    return {
        "service_code": category.slug,
        "service_name": category_label(category.slug),
        "description": _("What you write is shown to everybody; your name and telephone number are not."),
        "metadata": False,
        "type": "realtime",
        "keywords": None,
        "group": group,
    }


@resource("GET", "HEAD")
def service(request: HttpRequest, form: str, code: str) -> HttpResponse:
    """The definition of one service. No category asks more than the standard's own fields."""
    return written(form, "service_definition", {"service_code": _service(code).slug, "attributes": []})


@resource("GET", "HEAD", "POST")
def service_requests(request: HttpRequest, form: str) -> HttpResponse:
    """Report something, or look at what has been reported."""
    told = _told(request)
    if request.method != "POST":
        return written(form, "service_requests", requests(told))
    _require_form(request)
    _require_key(told.get("api_key", ""))
    taken = _reported(told)
    created = {"service_request_id": taken.matter.reference, "service_notice": _notice(taken), "account_id": None}
    return written(form, "service_requests", [created], status=201)


def _require_form(request: HttpRequest) -> None:
    if request.content_type not in ("application/x-www-form-urlencoded", "multipart/form-data"):
        raise BadInput(_("send a form (application/x-www-form-urlencoded)"), field="Content-Type")


def _reported(told: dict[str, str]) -> Taken:
    if "service_code" not in told:
        raise BadInput(_("is required"), field="service_code")
    category = _service(told["service_code"])
    if not ({"lat", "long", "address_string", "address_id"} & told.keys()):
        raise BadInput(_("give lat and long, or address_string, or address_id"), field="lat")
    text = "\n".join(filter(None, (told.get("description"), _media(told.get("media_url")))))
    given = read_report(
        {
            "channel": Channel.API,
            "source_id": SOURCE,
            "category": category.slug,
            "title": "" if text else category_label(category.slug),
            "text": text,
            "lon": told.get("long"),
            "lat": told.get("lat"),
            "address": told.get("address_string"),
            "area": told.get("address_id"),
            "name": _name(told.get("first_name", ""), told.get("last_name", "")),
            "phone": told.get("phone"),
        }
    )
    return report(given, by=anonymous())


def _media(url: str | None) -> str | None:
    """A picture lies with whoever sent it; its address is kept with the text and nothing is fetched."""
    if url and (len(url) > LONGEST_URL or not re.fullmatch(r"https?://\S+", url)):
        raise BadInput(_("must be an http or https address"), field="media_url")
    return url


def _name(first: str, last: str) -> str:
    """`王建国` but `John Smith`: a Chinese name begins with the family."""
    if re.search("[\u4e00-\u9fff]", last):
        return last + first
    return f"{first} {last}".strip()


def _notice(taken: Taken) -> str:
    code, address = spaced(taken.code), f"{settings.ANLAN_PUBLIC_URL}{tracking_path(taken.code)}"
    return _("Tracking code %(code)s: keep it, it opens your report at %(address)s") % {
        "code": code,
        "address": address,
    }


@resource("GET", "HEAD")
def service_request(request: HttpRequest, form: str, id: str) -> HttpResponse:
    """One service request as everybody may see it."""
    return written(form, "service_requests", [one_request(id)])


@resource("GET", "HEAD")
def token(request: HttpRequest, form: str, token: str) -> HttpResponse:
    """The id of the service request that a tracking code opens."""
    matter = by_code(tracking_index(token))
    return written(form, "service_requests", [{"service_request_id": matter.reference, "token": token}])


@csrf_exempt
def nothing_here(request: HttpRequest) -> HttpResponse:
    form = "json" if request.path.endswith(".json") else "xml"
    return _errors(form, 404, _("there is no such address; it ends in .xml or .json"))


_FORM = r"\.(?P<form>json|xml)$"
urlpatterns = [
    re_path(rf"^(?:v2/)?discovery{_FORM}", discovery),
    re_path(rf"^v2/services{_FORM}", services),
    re_path(rf"^v2/services/(?P<code>[^/]+){_FORM}", service),
    re_path(rf"^v2/requests{_FORM}", service_requests),
    re_path(rf"^v2/requests/(?P<id>[^/]+){_FORM}", service_request),
    re_path(rf"^v2/tokens/(?P<token>[^/]+){_FORM}", token),
    re_path(r"", nothing_here),
]
