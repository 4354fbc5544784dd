"""Who is let in at every address and operation (`MATRIX`), and what is sent along (`SAID`): for test_permissions."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tests.cast import CUIYUAN

CUIYUAN_CODE = CUIYUAN.rpartition(".")[2]
# The askers: all staff of Wenxin, the resident who reported there, and whoever holds that report's code.
ASKERS = {
    "anonymous": "",
    "resident": "wang",
    "code": "",
    "responder": "li",
    "dispatcher": "chen",
    "supervisor": "wu",
    "administrator": "feng",
    "auditor": "jin",
}
PASSWORD = "a long password"
"""Of all of them."""
ALL = frozenset(ASKERS)
NOBODY = frozenset[str]()
ANONYMOUS = frozenset({"anonymous"})
SIGNED_IN = ALL - {"anonymous", "code"}
RESIDENT = frozenset({"resident"})
REPORTER = RESIDENT | {"code"}
# Whoever holds a posting over the town reads its matters; what they may do there is another question.
READERS = frozenset({"responder", "dispatcher", "supervisor", "administrator", "auditor"})
ON_DUTY = frozenset({"responder", "dispatcher", "supervisor"})
DESK = frozenset({"dispatcher", "supervisor"})
SUPERVISOR = frozenset({"supervisor"})
DISPATCHER = frozenset({"dispatcher"})
RESPONDER = frozenset({"responder"})
ADMINISTRATOR = frozenset({"administrator"})
AUDITOR = frozenset({"auditor"})
# Lists are for whoever directs and for whoever looks after them.
LISTERS = DESK | ADMINISTRATOR | AUDITOR


SECRET = ("翠苑的秘密", "13911112222", "钱秀珍")
"""Of the matter in the other town; it may stand in no answer."""


@dataclass(frozen=True)
class Reach:
    """Who is let in, in their own town and in the other; the rest is refused."""

    own: frozenset[str]
    other: frozenset[str] = NOBODY
    door: frozenset[str] = NOBODY
    """Who is led to the door instead of being refused."""


OPEN = Reach(ALL, ALL)
"""For everybody; nothing of a matter is in the address."""
BY_CODE = Reach(ALL)
"""The address is the key: a right code opens, whoever brings it; a wrong one is nothing."""
OWN_SESSION = Reach(ALL)
"""A draft, in the browser that began it."""
TO_THE_DOOR = Reach(NOBODY, NOBODY, ALL)
"""Ends at the door for everybody here: one goes out by it, or it is half of a way in that nobody here has begun."""


def on_page(people: frozenset[str], other: frozenset[str] = NOBODY) -> Reach:
    return Reach(people, other, ALL - SIGNED_IN)


MATRIX: dict[str, Reach | None] = {
    # The shell
    "GET /health": OPEN,
    "GET /ready": OPEN,
    "GET /metrics": OPEN,
    "POST /language": OPEN,
    "POST /text-size": OPEN,
    "GET /styleguide": OPEN,
    "GET /sign-in": OPEN,
    "POST /sign-in": OPEN,
    "GET /sign-in/code": TO_THE_DOOR,
    "POST /sign-in/code": TO_THE_DOOR,
    "GET /sign-in/password": TO_THE_DOOR,
    "POST /sign-in/password": TO_THE_DOOR,
    "POST /sign-in/passkey/options": OPEN,
    "POST /sign-in/passkey": OPEN,
    # The reading room is for administrators of the whole city; there is none here.
    **{
        f"GET /admin/{address}": on_page(NOBODY)
        for address in (
            "",
            "jsi18n/",
            "{app_label}/",
            *(
                f"{records}/{page}"
                for records in (
                    "audit/auditentry",
                    "areas/areachange",
                    "people/signinfailure",
                    "loop/notice",
                    "loop/dailydigest",
                )
                for page in ("", "{object_id}/change/")
            ),
        )
    },
    "POST /sign-out": TO_THE_DOOR,
    "GET /home": on_page(SIGNED_IN, SIGNED_IN),
    "GET /posting": on_page(SIGNED_IN, SIGNED_IN),
    "POST /posting": on_page(SIGNED_IN, SIGNED_IN),
    "GET /manifest.webmanifest": OPEN,
    "GET /icons/{name}.png": OPEN,
    "GET /sw.js": OPEN,
    "GET /map/areas.json": OPEN,
    "GET /map/where": OPEN,
    "GET /addresses": on_page(READERS, READERS),
    "GET /addresses/suggest": OPEN,
    # The base is for everybody on duty to read, and for who administers its area to change.
    "GET /addresses/names": on_page(ADMINISTRATOR, ADMINISTRATOR),
    "GET /addresses/names.csv": on_page(ADMINISTRATOR, ADMINISTRATOR),
    "GET /addresses/position": on_page(READERS, READERS),
    "GET /addresses/batches": on_page(READERS, READERS),
    "POST /addresses/batches": on_page(READERS, READERS),
    # One's own alone
    "POST /addresses/batches/{batch_id}/cancel": on_page(DISPATCHER),
    "GET /addresses/batches/{batch_id}/file": on_page(DISPATCHER),
    "GET /addresses/{code}": on_page(READERS, READERS),
    "POST /addresses/{code}/{verb}": on_page(ADMINISTRATOR),
    "GET /api/v1/addresses/resolve": OPEN,
    "GET /api/v1/addresses/reverse": OPEN,
    "GET /api/v1/addresses/suggest": OPEN,
    "POST /api/v1/addresses/batch": Reach(READERS, READERS),
    # One's own account; in the other town it is that of somebody there
    "GET /account/security": on_page(SIGNED_IN, SIGNED_IN),
    "POST /account/password": on_page(SIGNED_IN, SIGNED_IN),
    "POST /account/sessions/{handle}/end": on_page(DISPATCHER),
    "POST /account/sessions/end": TO_THE_DOOR,
    # Without a secret that waits it leads back to the page above.
    "GET /account/security/app": OPEN,
    "POST /account/security/app": OPEN,
    "GET /account/security/app.svg": Reach(SIGNED_IN, SIGNED_IN),
    "POST /account/security/app/begin": on_page(SIGNED_IN, SIGNED_IN),
    "POST /account/security/app/remove": on_page(SIGNED_IN, SIGNED_IN),
    "POST /account/security/recovery": on_page(SIGNED_IN, SIGNED_IN),
    "POST /account/security/passkeys/options": Reach(SIGNED_IN, SIGNED_IN),
    "POST /account/security/passkeys": Reach(SIGNED_IN, SIGNED_IN),
    "POST /account/security/passkeys/{passkey_id}/remove": on_page(DISPATCHER),
    # A resident's account
    "GET /account/sign-in": OPEN,
    "POST /account/sign-in": OPEN,
    "GET /account/code": TO_THE_DOOR,
    "POST /account/code": TO_THE_DOOR,
    "POST /account/sign-out": OPEN,
    "POST /account/sign-out-everywhere": OPEN,
    "GET /account/oidc": OPEN,
    "GET /account/oidc/callback": OPEN,
    # These lead on where nothing is to be linked, and show nothing of anybody.
    "GET /account/link": OPEN,
    "POST /account/link": OPEN,
    "POST /account/unlink": OPEN,
    "GET /account": on_page(SIGNED_IN, SIGNED_IN),
    "POST /account/claim": on_page(SIGNED_IN),
    "GET /account/data": on_page(SIGNED_IN, SIGNED_IN),
    "POST /account/data/export": on_page(SIGNED_IN, SIGNED_IN),
    "GET /account/delete": on_page(SIGNED_IN, SIGNED_IN),
    "POST /account/delete": on_page(SIGNED_IN, SIGNED_IN),
    # A resident's way
    "GET /": OPEN,
    "GET /report": OPEN,
    "POST /report": OPEN,
    "GET /report/{key}/what": OWN_SESSION,
    "POST /report/{key}/what": OWN_SESSION,
    "GET /report/{key}/where": OWN_SESSION,
    "POST /report/{key}/where": OWN_SESSION,
    "GET /report/{key}/send": OWN_SESSION,
    "POST /report/{key}/send": OWN_SESSION,
    "GET /track": OPEN,
    "GET /guide": OPEN,
    "GET /guide/{name}": None,
    "POST /track": BY_CODE,
    "GET /t/{code}": BY_CODE,
    "POST /t/{code}": BY_CODE,
    "GET /t/{code}/receipt": BY_CODE,
    "GET /t/{code}/qr.svg": BY_CODE,
    "GET /t/{code}/files/{attachment_id}": BY_CODE,
    # The desk, the way, the matter
    "GET /board": on_page(DESK, DESK),
    "POST /board/search": on_page(DESK, DESK),
    "GET /board/points": on_page(DESK, DESK),
    "GET /board/wall": on_page(DESK, DESK),
    # What is chosen there of somebody else's is left out, or said to be unknown.
    "GET /board/bulk": on_page(DESK, DESK),
    "POST /board/bulk/{name}": on_page(DESK, DESK),
    "POST /board/{matter_id}/steps/{name}": on_page(DISPATCHER),
    "POST /board/{matter_id}/place": on_page(DESK),
    "GET /tasks": on_page(RESPONDER, RESPONDER),
    "POST /tasks/duty": on_page(RESPONDER),
    "POST /tasks/position": on_page(RESPONDER, RESPONDER),
    "GET /tasks/offline": OPEN,
    "POST /tasks/{matter_id}/steps/{name}": on_page(RESPONDER),
    "GET /matters": on_page(LISTERS, LISTERS),
    "POST /matters/by-phone": on_page(DESK, DESK),
    "POST /filters": on_page(SIGNED_IN, SIGNED_IN),
    "POST /filters/{filter_id}/remove": on_page(DISPATCHER),
    "GET /exports": on_page(LISTERS, LISTERS),
    "POST /exports": on_page(LISTERS, LISTERS),
    "POST /exports/{export_id}/cancel": on_page(DISPATCHER),
    "GET /exports/{export_id}/file": on_page(DISPATCHER),
    "GET /notices": on_page(ON_DUTY, ON_DUTY),
    "POST /notices/read": on_page(ON_DUTY, ON_DUTY),
    "GET /overview": on_page(DESK, DESK),
    "GET /overview.csv": on_page(DESK, DESK),
    "GET /topics": on_page(DESK, DESK),
    "POST /topics/count": on_page(SUPERVISOR, SUPERVISOR),
    "GET /topics/{topic_id}": on_page(DESK),
    "POST /topics/{topic_id}/{name}": on_page(DESK),
    "GET /matters/{matter_id}": on_page(READERS),
    "POST /matters/{matter_id}/verbs/{name}": on_page(ON_DUTY),
    "GET /matters/{matter_id}/merge": on_page(DESK),
    "POST /matters/{matter_id}/merge": on_page(DESK),
    "POST /matters/{matter_id}/steps/{name}": on_page(DISPATCHER),
    "POST /matters/{matter_id}/notes": on_page(ON_DUTY | RESIDENT),
    "GET /matters/{matter_id}/files/{attachment_id}": on_page(READERS | RESIDENT),
    "GET /matters/{matter_id}/files/{attachment_id}/small": on_page(READERS | RESIDENT),
    "POST /matters/{matter_id}/people/{party_id}/look": on_page(ON_DUTY),
    # Administration: one's own area; what the whole city shares is for an administrator of the city
    **{
        f"{method} /administration{page}": on_page(ADMINISTRATOR, people)
        for page, people in {
            "/organisations/new": ADMINISTRATOR,
            "/organisations/{id}": NOBODY,
            "/units/new": ADMINISTRATOR,
            "/units/{id}": NOBODY,
            "/units/{id}/retire": NOBODY,
            "/accounts/new": ADMINISTRATOR,
            "/accounts/{id}/give": NOBODY,
            "/accounts/{id}/switch": NOBODY,
            "/accounts/{id}/password": NOBODY,
            "/accounts/{id}/second-factor": NOBODY,
            "/postings/{id}/end": NOBODY,
            "/postings/{id}/extend": NOBODY,
            "/areas/{code}/rename": NOBODY,
            "/areas/{code}/close": NOBODY,
            "/areas/{code}/grids/plan": NOBODY,
            "/areas/{code}/grids/import": NOBODY,
            "/grids/{id}/edit": NOBODY,
            "/grids/{id}/decide": NOBODY,
            "/grids/{id}/withdraw": NOBODY,
            "/grids/{id}/restore": NOBODY,
            "/routes/new": ADMINISTRATOR,
            "/routes/{id}": NOBODY,
            "/routes/{id}/remove": NOBODY,
        }.items()
        for method in ("GET", "POST")
    },
    **{
        f"GET /administration{page}": on_page(ADMINISTRATOR, ADMINISTRATOR)
        for page in ("", "/organisations", "/units", "/accounts", "/areas", "/rules", "/rules/{id}", "/routes")
    },
    "GET /administration/accounts/{id}": on_page(ADMINISTRATOR),
    "GET /administration/areas/{code}": on_page(ADMINISTRATOR),
    "GET /administration/areas/{code}/grids": on_page(ADMINISTRATOR),
    "GET /administration/areas/{code}/grids.geojson": on_page(ADMINISTRATOR),
    "GET /administration/grids/{id}": on_page(ADMINISTRATOR),
    "GET /administration/grids/{id}.geojson": on_page(ADMINISTRATOR),
    "GET /administration/log": on_page(ADMINISTRATOR | AUDITOR, ADMINISTRATOR | AUDITOR),
    "GET /administration/log.csv": on_page(ADMINISTRATOR | AUDITOR, ADMINISTRATOR | AUDITOR),
    **{
        f"{method} /administration{page}": on_page(NOBODY)
        for page in (
            "/rules/{id}/versions/new",
            "/rules/versions/{id}/withdraw",
            "/categories/{slug}",
            "/categories/{slug}/new",
        )
        for method in ("GET", "POST")
    },
    "GET /administration/categories": on_page(NOBODY),
    # What triage learns: of one's own areas; which model serves is for an administrator of the city
    "GET /triage/learning": on_page(SUPERVISOR | ADMINISTRATOR, SUPERVISOR | ADMINISTRATOR),
    "GET /triage/learning.csv": on_page(SUPERVISOR | ADMINISTRATOR, SUPERVISOR | ADMINISTRATOR),
    # There is no model here; who reads its card is tried in tests/services/triage/test_learning_page.py.
    "GET /triage/learning/models/{id}": on_page(NOBODY),
    **{
        f"{method} /triage/learning/{page}": on_page(NOBODY)
        for page in ("models/{id}/serve", "heads/{head}/back")
        for method in ("GET", "POST")
    },
    "GET /triage/matters/{matter_id}/words": on_page(ON_DUTY),
    "POST /triage/matters/{matter_id}/words": on_page(ON_DUTY),
    # Inspection: of one's own area
    **{
        f"{method} /inspection{page}": on_page(SUPERVISOR | ADMINISTRATOR, SUPERVISOR | ADMINISTRATOR)
        for method, page in (
            *(("GET", page) for page in ("", "/findings", "/findings.csv", "/rounds", "/rounds/new")),
            *(("POST", page) for page in ("/look", "/rounds/new")),
        )
    },
    **{
        f"{method} /inspection{page}": on_page(SUPERVISOR | ADMINISTRATOR)
        for method, page in (
            *(("GET", page) for page in ("/rounds/{id}", "/checks/{id}")),
            *(("POST", f"/findings/{act}") for act in ("settle", "reopen", "{id}/send")),
            *(("POST", f"/rounds/{{id}}/{act}") for act in ("confirm", "give-up")),
            ("POST", "/checks/{id}/review"),
        )
    },
    # The base itself is its administrator's to change.
    "POST /inspection/checks/{id}/correct": on_page(ADMINISTRATOR),
    # The API
    "GET /api/docs": OPEN,
    "GET /api/docs/{path}": OPEN,
    "GET /api/openapi.json": OPEN,
    "GET /api/": None,
    "POST /api/v1/session": OPEN,
    "GET /api/v1/procedures": OPEN,
    "GET /api/v1/matters": Reach(ALL - ANONYMOUS, ALL - ANONYMOUS),
    "GET /api/v1/matters/{matter_id}": Reach(READERS | REPORTER),
    "GET /api/v1/matters/{matter_id}/history": Reach(READERS),
    "GET /api/v1/matters/{matter_id}/parties": Reach(READERS | REPORTER),
    "POST /api/v1/matters/{matter_id}/parties/{party_id}/look": Reach(ON_DUTY),
    "POST /api/v1/matters/{matter_id}/files": Reach(ON_DUTY | REPORTER),
    "GET /api/v1/matters/{matter_id}/files/{attachment_id}": Reach(READERS | REPORTER),
    "GET /api/v1/matters/{matter_id}/transitions": Reach(READERS | REPORTER),
    "POST /api/v1/matters/{matter_id}/transitions/{name}": Reach(DISPATCHER),
    "POST /api/v1/matters/{matter_id}/notes": Reach(ON_DUTY | REPORTER),
    "POST /api/v1/matters/{matter_id}/hand-over": Reach(DESK),
    "POST /api/v1/matters/{matter_id}/share": Reach(DESK),
    "POST /api/v1/matters/{matter_id}/suspend": Reach(SUPERVISOR),
    "POST /api/v1/matters/{matter_id}/resume": Reach(SUPERVISOR),
    "POST /api/v1/matters/{matter_id}/extend": Reach(SUPERVISOR),
    "POST /api/v1/matters/{matter_id}/escalate": Reach(ON_DUTY),
    "POST /api/v1/matters/{matter_id}/merge": Reach(DESK),
    "POST /api/v1/matters/{matter_id}/unmerge": Reach(DESK),
    "POST /api/v1/matters/{matter_id}/reclassify": Reach(DESK),
    "POST /api/v1/matters/{matter_id}/place": Reach(DESK),
    "POST /api/v1/reports": OPEN,
    "POST /api/v1/reports/preview": OPEN,
    "GET /api/v1/reports/{code}": BY_CODE,
    "GET /api/v1/reports/{code}/qr.svg": BY_CODE,
    "POST /api/v1/reports/{code}/files": BY_CODE,
    "GET /api/v1/reports/{code}/files/{attachment_id}": BY_CODE,
    "GET /api/v1/dispatch/matters/{matter_id}/units": Reach(DESK),
    "GET /api/v1/dispatch/matters/{matter_id}/meanwhile": Reach(RESPONDER),
    "GET /api/v1/dispatch/phone": Reach(RESPONDER, RESPONDER),
    "POST /api/v1/dispatch/steps": Reach(RESPONDER),
    # One's own cards; there are none in this city, so the rest is tried in tests/services/prepaid.
    "GET /api/v1/prepaid/cards": Reach(SIGNED_IN, SIGNED_IN),
    "GET /api/v1/prepaid/uses": Reach(SIGNED_IN, SIGNED_IN),
    **dict.fromkeys(
        (
            "POST /api/v1/prepaid/cards",
            "POST /api/v1/prepaid/consents",
            "GET /api/v1/prepaid/cards/{card}",
            *(
                f"POST /api/v1/prepaid/cards/{{card}}/{act}"
                for act in (
                    "top-ups",
                    "qr",
                    "transfer",
                    "lost",
                    "found",
                    "reissue",
                    "activate",
                    "pin",
                    "refund/{cause}",
                )
            ),
            "GET /api/v1/prepaid/cards/{card}/refund/{cause}",
            "POST /api/v1/prepaid/uses/{use}/confirm",
            "POST /api/v1/prepaid/uses/{use}/refuse",
            "GET /api/v1/prepaid/shops/{code}",
            *(
                f"POST /api/v1/prepaid/shops/{{code}}/{act}"
                for act in (
                    "cards",
                    "cards/{card}/lost",
                    "cards/{card}/reissue",
                    "cards/{card}/refund/{cause}",
                    "uses",
                    "uses/{use}/code",
                    "uses/{use}/confirm",
                    "uses/{use}/withdraw",
                    "offers",
                    "offers/{offer}/withdraw",
                    "tills",
                    "webhooks",
                )
            ),
            "GET /api/v1/prepaid/shops/{code}/cards/{card}",
            "GET /api/v1/prepaid/shops/{code}/uses/{use}",
            "DELETE /api/v1/prepaid/shops/{code}/tills/{id}",
            "DELETE /api/v1/prepaid/shops/{code}/webhooks/{id}",
        )
    ),
    # One's own cards and counters; there is none in this city, so the rest is tried in tests/services/prepaid.
    "GET /wallet": on_page(SIGNED_IN, SIGNED_IN),
    "GET /counter": on_page(SIGNED_IN, SIGNED_IN),
    **dict.fromkeys(
        (
            "GET /wallet/buy/{code}",
            "GET /wallet/buy/{code}/{offer}",
            "POST /wallet/buy/{code}/{offer}",
            "GET /wallet/uses/{use}",
            "POST /wallet/uses/{use}/{word}",
            "GET /wallet/cards/{card}",
            "GET /wallet/cards/{card}/code",
            "GET /wallet/cards/{card}/statement",
            "GET /wallet/cards/{card}/refund",
            "POST /wallet/cards/{card}/refund",
            "POST /wallet/cards/{card}/{word}",
            "GET /counter/{code}",
            "POST /counter/{code}/look-up",
            "POST /counter/{code}/proposals",
            "GET /counter/{code}/uses/{use}",
            "POST /counter/{code}/uses/{use}/{word}",
            "GET /counter/{code}/colour",
            "POST /counter/{code}/colour",
            "GET /counter/{code}/money",
            # The books are for an auditor of the whole city; there is none here.
            "GET /books",
            "GET /books/trial-balance.csv",
            "POST /books/prove",
            "GET /books/accounts",
            "GET /books/accounts/{id}",
            "GET /books/reconciliation",
            "POST /books/reconciliation/read",
            "POST /books/reconciliation/{id}/settle",
            "GET /prepaid/watched/{code}",
        ),
        on_page(NOBODY),
    ),
    **dict.fromkeys(
        (
            "GET /prepaid",
            "GET /prepaid/shops.csv",
            "GET /prepaid/matters",
            "GET /prepaid/funnel",
            "GET /prepaid/funnel.csv",
            "GET /prepaid/claims",
            "GET /prepaid/claims.csv",
        ),
        on_page(DESK | ADMINISTRATOR, DESK | ADMINISTRATOR),
    ),
    # The code on a shop's door is for everybody; there is no shop in this city.
    "GET /prepaid/shops/{code}": None,
    "GET /prepaid/shops/{code}/qr.svg": None,
    # Open311: one public door; its answers are cleaned of personal data (see test_open311.py)
    "GET /open311/discovery.{form}": OPEN,
    "GET /open311/v2/services.{form}": OPEN,
    "GET /open311/v2/services/{code}.{form}": None,
    "GET /open311/v2/requests.{form}": OPEN,
    "POST /open311/v2/requests.{form}": OPEN,
    "GET /open311/v2/requests/{id}.{form}": None,
    "GET /open311/v2/tokens/{token}.{form}": None,
    "GET /open311/": None,
}
"""Of every address and operation who is let in; None for an address at which, as it is tried here, nothing is."""

REASON = {"reason": "为了测试"}
NOTHING = "00000000-0000-0000-0000-000000000001"
"""The number of no thing."""
PAYMENT = {"offer": NOTHING, "shop": NOTHING}
APPROVED = {**REASON, "approver": "吴主任"}
SAID: dict[str, Mapping[str, Any]] = {
    "POST /language": {"language": "en"},
    "POST /sign-in": {"username": "chen", "password": "wrong"},
    "GET /map/areas.json": {"within": "330106"},
    "POST /api/v1/prepaid/cards": PAYMENT,
    "POST /api/v1/prepaid/consents": {"token": "forged", "consents": True},
    "POST /api/v1/prepaid/cards/{card}/top-ups": {"offer": NOTHING},
    "POST /api/v1/prepaid/cards/{card}/transfer": {"name": "孙女", "phone": "13622223333"},
    "POST /api/v1/prepaid/cards/{card}/pin": {"pin": "402816"},
    "POST /api/v1/prepaid/shops/{code}/cards": PAYMENT,
    "POST /api/v1/prepaid/shops/{code}/cards/{card}/reissue": {"pin": "402816"},
    "POST /api/v1/prepaid/shops/{code}/uses": {"number": "1", "item": "剪发"},
    "POST /api/v1/prepaid/shops/{code}/uses/{use}/confirm": {"pin": "402816"},
    "POST /api/v1/prepaid/shops/{code}/offers": {
        "kind": "stored",
        "name": "储值卡",
        "content": "剪发",
        "price": 100,
        "refund_way": "原路退回",
        "breach_liability": "依法承担",
    },
    "POST /api/v1/prepaid/shops/{code}/tills": {"name": "前台"},
    "POST /api/v1/prepaid/shops/{code}/webhooks": {"address": "https://till.example/told"},
    "POST /inspection/findings/settle": {"chosen": "{finding}", **REASON},
    "POST /inspection/findings/reopen": {"chosen": "{finding}", **REASON},
    "POST /inspection/rounds/{id}/give-up": REASON,
    "POST /inspection/checks/{id}/review": {"version": "0", "found": "right"},
    "POST /inspection/checks/{id}/correct": {"version": "0", "act": "nothing", **REASON},
    "POST /account/security/passkeys/{passkey_id}/remove": {"password": PASSWORD},
    "POST /account/claim": {"code": "{code}"},
    "POST /board/search": {"q": SECRET[1]},
    "GET /board/bulk": {"chosen": "{matter_id}:{version}"},
    "POST /board/bulk/{name}": {"chosen": "{matter_id}:{version}", **REASON},
    "POST /triage/matters/{matter_id}/words": {"task": "en"},
    "POST /tasks/position": {"lon": "120.1", "lat": "30.29"},
    "GET /matters": {"q": SECRET[0][2:]},
    "POST /matters/by-phone": {"phone": SECRET[1]},
    "POST /topics/{topic_id}/{name}": REASON,
    "POST /filters": {"page": "matters", "name": "路灯", "query": "open=true"},
    "POST /exports": {"format": "csv"},
    "POST /matters/{matter_id}/verbs/{name}": {"version": "{version}", **REASON},
    "GET /matters/{matter_id}/merge": {"with": "{sibling}"},
    "POST /matters/{matter_id}/merge": {"with": "{sibling}", "kept": "{sibling}", **REASON},
    "POST /report": {"text": "路灯不亮"},
    "POST /report/{key}/what": {"text": "路灯不亮"},
    "POST /track": {"code": "{code}"},
    "POST /t/{code}": {"act": "note", "text": "还有一盏"},
    "POST /board/{matter_id}/place": {"version": "{version}", "in_area": "德加社区", **REASON},
    "POST /board/{matter_id}/steps/{name}": {"version": "{version}", **REASON},
    "POST /tasks/duty": {"unit": "{unit}", "on": "true"},
    "POST /tasks/{matter_id}/steps/{name}": {"version": "{version}"},
    "POST /matters/{matter_id}/steps/{name}": {"version": "{version}", **REASON},
    "POST /matters/{matter_id}/notes": {"text": "已联系"},
    "POST /matters/{matter_id}/people/{party_id}/look": {"purpose": "回访"},
    "POST /api/v1/session": {"username": "chen", "password": PASSWORD},
    "POST /api/v1/matters/{matter_id}/parties/{party_id}/look": {"purpose": "回访"},
    "POST /api/v1/matters/{matter_id}/transitions/{name}": REASON,
    "POST /api/v1/matters/{matter_id}/notes": {"text": "已联系"},
    "POST /api/v1/matters/{matter_id}/hand-over": {**REASON, "to_area": CUIYUAN_CODE},
    "POST /api/v1/matters/{matter_id}/share": {**REASON, "with_area": CUIYUAN_CODE},
    "POST /api/v1/matters/{matter_id}/suspend": APPROVED,
    "POST /api/v1/matters/{matter_id}/resume": REASON,
    "POST /api/v1/matters/{matter_id}/extend": {**APPROVED, "deadline": "settle"},
    "POST /api/v1/matters/{matter_id}/escalate": REASON,
    "POST /api/v1/matters/{matter_id}/merge": {**REASON, "into": "{sibling}"},
    "POST /api/v1/matters/{matter_id}/unmerge": REASON,
    "POST /api/v1/matters/{matter_id}/place": {**REASON, "in_area": CUIYUAN_CODE},
    "POST /api/v1/matters/{matter_id}/reclassify": {**REASON, "severity": 2},
    "GET /api/v1/dispatch/matters/{matter_id}/meanwhile": {"seen": "{version}"},
    "POST /api/v1/dispatch/steps": {"key": "{key}", "matter": "{matter_id}", "step": "note", "seen": "{version}"}
    | {"told": """{{"text": "已联系"}}"""},
    "POST /api/v1/reports": {"text": "路灯不亮"},
    "POST /api/v1/reports/preview": {"text": "路灯不亮"},
    "POST /addresses/{code}/{verb}": {"name": "2", "on": "{today}", **REASON},
    "GET /api/v1/addresses/resolve": {"text": "文一西路98号"},
    "GET /api/v1/addresses/reverse": {"lon": "120.1", "lat": "30.29"},
    "GET /api/v1/addresses/suggest": {"q": "文一"},
    "POST /api/v1/addresses/batch": {"texts": ["文一西路98号"]},
    "POST /open311/v2/requests.{form}": {
        "service_code": "city.lighting",
        "description": "路灯不亮",
        "address_string": "某处",
    },
}
"""What is sent along, so that nothing is refused for the wrong reason."""
