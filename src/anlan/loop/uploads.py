"""Files over HTTP: what every door that takes or gives them shares."""

from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any, BinaryIO, cast

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from ninja import UploadedFile
from pydantic import BaseModel

from anlan.foundation.language import said
from anlan.loop import files
from anlan.loop.doors import Refusal, answer
from anlan.loop.faults import WORDS
from anlan.loop.refusals import BadInput

ANY_FILE = {
    "responses": {200: {"content": {"*/*": {"schema": {"type": "string", "format": "binary"}}}}},
}
"""How a file is described in the API's own description."""
REST_BYTES = 100_000
"""What a request may hold besides its files."""


def not_too_much(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Refuse a request by its announced length, before a byte of it is kept."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        most = files.most_files() * files.most_bytes()
        if int(request.META.get("CONTENT_LENGTH") or 0) <= most + REST_BYTES:
            return view(request, *args, **kwargs)
        message = _("at most %(n)d MB can be sent at once") % {"n": most // files.MEGABYTE}
        return answer(413, Refusal(code="too_big", message=message))

    return guarded


def sent(request: HttpRequest, uploaded: Sequence[UploadedFile], asks: type[BaseModel]) -> list[files.Sent]:
    """The files of a request. Raises BadInput for a field that nobody asks for: a form's would be lost silently."""
    for name in {*request.POST, *request.FILES} - {*asks.model_fields, files.FIELD}:
        raise BadInput(said(*WORDS["extra_forbidden"]), field=name[:200])
    return [files.Sent(cast(BinaryIO, each.file), each.name or "") for each in uploaded]
