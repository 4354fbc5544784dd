"""The key of a form that moves money: made with the page, so that a form sent twice does it once."""

from typing import Final
from uuid import uuid4

from django.http import HttpRequest
from django.utils.translation import gettext as _

from anlan.loop.refusals import BadInput

_LONGEST: Final = 100


def key_shown(request: HttpRequest) -> str:
    """For the hidden field `key`: a new one, or after a refusal the one that was sent."""
    sent = request.POST.get("key", "")
    return sent if _is_one(sent) else uuid4().hex


def key_sent(request: HttpRequest) -> str:
    """The idempotency key of what a form asks. Raises BadInput where the form has none."""
    sent = request.POST.get("key", "")
    if not _is_one(sent):
        raise BadInput(_("the page is too old; load it again"), field="key")
    return f"page-{sent}"


def _is_one(key: str) -> bool:
    return 0 < len(key) <= _LONGEST and key.isascii() and key.isalnum()
