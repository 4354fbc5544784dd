"""A report on its way: what has been said on the first pages, kept sealed in the session until it is sent.

Nothing reaches a matter before that. The draft's key is also the report's idempotency key: whoever sends it twice,
by a double click or a reload, gets the same matter.
"""

import base64
from uuid import UUID, uuid4

from django.http import HttpRequest
from pydantic import BaseModel

from anlan.foundation.sealing import CannotUnseal, sealer

MOST = 3
"""How many one session holds; the oldest goes."""
_PLACE = "reports"
_CONTEXT = "intake.draft"


class Draft(BaseModel):
    """What has been said so far, as it was typed; once it is sent only the code."""

    text: str = ""
    address: str = ""
    area: str = ""
    lon: str = ""
    lat: str = ""
    code: str = ""


def begin(request: HttpRequest, draft: Draft) -> UUID:
    """Keep a new draft; returns its key."""
    key = uuid4()
    keep(request, key, draft)
    return key


def keep(request: HttpRequest, key: UUID, draft: Draft) -> None:
    sealed = base64.b64encode(sealer().seal(draft.model_dump_json(), context=_CONTEXT)).decode()
    kept = {**request.session.get(_PLACE, {}), str(key): sealed}
    request.session[_PLACE] = dict(list(kept.items())[-MOST:])


def find(request: HttpRequest, key: UUID) -> Draft | None:
    """The draft; None in another session, or after its sealing key was taken away."""
    sealed = request.session.get(_PLACE, {}).get(str(key))
    if sealed is None:
        return None
    try:
        return Draft.model_validate_json(sealer().open(base64.b64decode(sealed), context=_CONTEXT))
    except CannotUnseal:
        return None
