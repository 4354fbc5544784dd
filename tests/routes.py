"""Every address of the program, from the resolver itself: a new one can't escape a test that goes through them."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.urls import URLPattern, URLResolver, get_resolver

_PARAMETER = re.compile(r"<(?:\w+:)?(\w+)>|\(\?P<(\w+)>[^)]*\)")
_OPTIONAL = re.compile(r"\(\?:[^)]*\)\?")


@dataclass(frozen=True)
class Route:
    """A pattern as it is written, such as `t/<code>`, and the view behind it."""

    pattern: str
    view: Any

    @property
    def address(self) -> str:
        """The same with its parameters in braces: `/t/{code}`."""
        plain = _PARAMETER.sub(lambda found: f"{{{found[1] or found[2]}}}", _OPTIONAL.sub("", self.pattern))
        return "/" + plain.replace("^", "").replace("$", "").replace("\\", "")


def routes() -> list[Route]:
    """All patterns, in the order in which they are tried."""
    return list(_below(get_resolver().url_patterns, ""))


def pages() -> list[Route]:
    """Without the doors of programs, the API and Open311, whose operations come from their own descriptions."""
    return [route for route in routes() if not route.pattern.startswith(("api/v1/", "api/openapi.json", "open311/"))]


def _below(patterns: list[URLPattern | URLResolver], prefix: str) -> Iterator[Route]:
    for each in patterns:
        pattern = prefix + str(each.pattern)
        if isinstance(each, URLResolver):
            yield from _below(each.url_patterns, pattern)
        else:
            yield Route(pattern, each.callback)


# Addresses that show nothing to a person, and what they are instead; `Shown` in tests/browser lists the others.
FORM = "takes a form and leads on"
FILE = "a file"
PROGRAM = "for programs"
OUTSIDE = "part of signing in at a provider outside, which is not set up in the tests' city"
CONFIRMATION = "drawn as the other forms of administration are"
READING_ROOM = "the reading room, of Django's own making"
NO_PAGES = {
    **{
        f"admin/{address}": READING_ROOM
        for address in (
            "",
            "jsi18n/",
            "^(?P<app_label>areas|audit|loop|people)/$",
            *(
                f"{records}/{page}"
                for records in (
                    "audit/auditentry",
                    "areas/areachange",
                    "people/signinfailure",
                    "loop/notice",
                    "loop/dailydigest",
                )
                for page in ("", "<path:object_id>/change/")
            ),
        )
    },
    "health": PROGRAM,
    "ready": PROGRAM,
    "metrics": PROGRAM,
    "language": FORM,
    "text-size": FORM,
    "api/": PROGRAM,
    "api/docs/<path:path>": FILE,
    "api/docs": "the library's own documentation of the API, for programmers",
    "^api/": PROGRAM,
    "sign-out": FORM,
    "sign-in/password": "shown once to whoever has a one-time password; drawn as the change of a password is",
    "home": "leads on to where one works",
    "manifest.webmanifest": PROGRAM,
    "icons/<slug:name>.png": FILE,
    "sw.js": PROGRAM,
    "map/areas.json": PROGRAM,
    "map/where": PROGRAM,
    "addresses/suggest": PROGRAM,
    "addresses/names.csv": FILE,
    "addresses/batches/<uuid:batch_id>/cancel": FORM,
    "addresses/batches/<uuid:batch_id>/file": FILE,
    "addresses/<code>/<slug:verb>": FORM,
    "sign-in/passkey/options": PROGRAM,
    "sign-in/passkey": PROGRAM,
    "account/password": FORM,
    "account/sessions/<uuid:handle>/end": FORM,
    "account/sessions/end": FORM,
    "account/security/app/begin": FORM,
    "account/security/app.svg": FILE,
    "account/security/app/remove": FORM,
    "account/security/recovery": FORM,
    "account/security/passkeys/options": PROGRAM,
    "account/security/passkeys": PROGRAM,
    "account/security/passkeys/<uuid:passkey_id>/remove": FORM,
    "account/sign-out": FORM,
    "account/sign-out-everywhere": FORM,
    "account/oidc": OUTSIDE,
    "account/oidc/callback": OUTSIDE,
    "account/link": OUTSIDE,
    "account/unlink": FORM,
    "account/claim": FORM,
    "account/data/export": FILE,
    "matters/by-phone": "the list of matters, with what a number has found",
    "filters": FORM,
    "filters/<uuid:filter_id>/remove": FORM,
    "exports/<uuid:export_id>/cancel": FORM,
    "exports/<uuid:export_id>/file": FILE,
    "notices/read": FORM,
    "overview.csv": FILE,
    "prepaid/shops/<code>/qr.svg": FILE,
    "topics/count": FORM,
    "topics/<uuid:topic_id>": "a topic; the browser's city has none (see test_topics_found_by_night)",
    "topics/<uuid:topic_id>/<slug:name>": FORM,
    "matters/<uuid:matter_id>/verbs/<slug:name>": FORM,
    "matters/<uuid:matter_id>/files/<uuid:attachment_id>/small": FILE,
    "matters/<uuid:matter_id>/steps/<slug:name>": FORM,
    "matters/<uuid:matter_id>/notes": FORM,
    "matters/<uuid:matter_id>/files/<uuid:attachment_id>": FILE,
    "t/<code>/qr.svg": FILE,
    "t/<code>/files/<uuid:attachment_id>": FILE,
    "board/<uuid:matter_id>/steps/<slug:name>": FORM,
    "board/<uuid:matter_id>/place": FORM,
    "board/search": FORM,
    "board/points": PROGRAM,
    **{
        f"administration/{act}": CONFIRMATION
        for act in (
            "accounts/<uuid:id>/give",
            "accounts/<uuid:id>/switch",
            "accounts/<uuid:id>/password",
            "accounts/<uuid:id>/second-factor",
            "postings/<uuid:id>/end",
            "postings/<uuid:id>/extend",
            "routes/<uuid:id>",
            "routes/<uuid:id>/remove",
            "rules/versions/<uuid:id>/withdraw",
            "areas/<code>/grids/plan",
            "grids/<uuid:id>/edit",
            "grids/<uuid:id>/decide",
            "grids/<uuid:id>/withdraw",
            "grids/<uuid:id>/restore",
        )
    },
    "administration/log.csv": FILE,
    "administration/areas/<code>/grids.geojson": FILE,
    "administration/grids/<uuid:id>.geojson": FILE,
    "triage/learning.csv": FILE,
    "triage/learning/models/<int:id>": "a model and its card; the demo's city has none (see test_learning_page)",
    "triage/learning/models/<int:id>/serve": CONFIRMATION,
    "triage/learning/heads/<slug:head>/back": CONFIRMATION,
    "wallet/uses/<uuid:use>/<slug:word>": FORM,
    "wallet/cards/<uuid:card>/<slug:word>": FORM,
    "counter/<code>/look-up": FORM,
    "counter/<code>/proposals": FORM,
    "counter/<code>/uses/<uuid:use>/<slug:word>": FORM,
    "books/trial-balance.csv": FILE,
    "books/prove": FORM,
    "books/reconciliation/read": FORM,
    "books/reconciliation/<uuid:id>/settle": FORM,
    "prepaid/shops.csv": FILE,
    "prepaid/funnel.csv": FILE,
    "prepaid/claims.csv": FILE,
    "inspection/look": FORM,
    "inspection/findings.csv": FILE,
    "inspection/findings/settle": FORM,
    "inspection/findings/reopen": FORM,
    "inspection/findings/<int:id>/send": FORM,
    "inspection/rounds/<uuid:id>/confirm": FORM,
    "inspection/rounds/<uuid:id>/give-up": FORM,
    "inspection/checks/<uuid:id>/review": FORM,
    "inspection/checks/<uuid:id>/correct": FORM,
    "tasks/duty": FORM,
    "tasks/position": PROGRAM,
    "tasks/<uuid:matter_id>/steps/<slug:name>": FORM,
}
