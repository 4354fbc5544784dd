"""Where notices leave the house: a gateway, the log, or a folder.

Delivery is at least once: after a crash between delivering and noting it, the same notice comes again under the
same id. A sink must therefore drop an id it has had before. The folder does; a gateway gets the id as
`Idempotency-Key`.
"""

import json
import os
import tempfile
import urllib.error
import urllib.request
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import unquote, urlsplit

import structlog

from anlan.foundation.masks import mask_phone

log = structlog.get_logger("anlan.loop.notices")

TIMEOUT_SECONDS = 5


class NotDelivered(Exception):
    """The sink did not take it; the message says why and holds no personal data."""


@dataclass(frozen=True)
class Message:
    """One text to one telephone number. `id` is the notice's and stays the same on every attempt."""

    id: str
    phone: str
    text: str
    language: str
    reference: str


class Sink(Protocol):
    def deliver(self, message: Message) -> None:
        """Take the message, or raise NotDelivered."""
        ...


class LogSink:
    """For a house without a gateway: the log tells that there would have been a message, with a masked number.

    The text is not logged: the link in it opens the matter.
    """

    def deliver(self, message: Message) -> None:
        log.info("notice", id=message.id, phone=mask_phone(message.phone), reference=message.reference)


class FolderSink:
    """One file for each notice, whole or not there at all. A notice that came before is dropped."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def deliver(self, message: Message) -> None:
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            with tempfile.NamedTemporaryFile("w", dir=self.folder, prefix=".", encoding="utf-8") as draft:
                json.dump(asdict(message), draft, ensure_ascii=False)
                draft.flush()
                os.fsync(draft.fileno())
                self._take_in(draft.name, message.id)
        except OSError as error:
            raise NotDelivered(f"the folder: {error.strerror}") from error

    def _take_in(self, draft: str, id: str) -> None:
        try:
            os.link(draft, self.folder / f"{id}.json")
        except FileExistsError:
            log.info("notice delivered before", id=id)


class GatewaySink:
    """POSTs JSON `{id, phone, text, language, reference}` to an http(s) address; any 2xx is a delivery."""

    def __init__(self, address: str) -> None:
        self.address = address
        self._opener = urllib.request.build_opener(_NoRedirects)

    def deliver(self, message: Message) -> None:
        request = urllib.request.Request(
            self.address,
            data=json.dumps(asdict(message), ensure_ascii=False).encode(),
            headers={"Content-Type": "application/json; charset=utf-8", "Idempotency-Key": message.id},
        )
        try:
            with self._opener.open(request, timeout=TIMEOUT_SECONDS):
                return
        except urllib.error.HTTPError as error:
            raise NotDelivered(f"the gateway answered {error.code}") from error
        except (OSError, ValueError) as error:
            raise NotDelivered(f"the gateway cannot be reached: {type(error).__name__}") from error


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    """A redirected POST becomes a GET without the message, and its 200 would look like a delivery."""

    def redirect_request(self, *args: Any) -> None:
        return None


def sink_for(address: str) -> Sink:
    """The sink that the setting `ANLAN_NOTICE_SINK` names: `log`, `file:///folder`, or `http(s)://…`."""
    if address == "log":
        return LogSink()
    parts = urlsplit(address)
    return FolderSink(Path(unquote(parts.path))) if parts.scheme == "file" else GatewaySink(address)
