"""The two formats of Open311: XML, and the JSON that follows from it (the Spark convention).

In JSON a list stands alone; in XML it has a name of its own, and so has each of its items: `services` holds
`service`. Nothing is read here, only written.
"""

import json
import re
from typing import Any
from xml.etree import ElementTree

from django.http import HttpResponse

ITEM = {
    "services": "service",
    "service_requests": "request",
    "attributes": "attribute",
    "endpoints": "endpoint",
    "formats": "format",
    "errors": "error",
}
"""What an item of each list is called."""
CONTENT_TYPES = {"xml": "text/xml; charset=utf-8", "json": "application/json; charset=utf-8"}
# A report may hold what XML 1.0 can't.
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def written(form: str, name: str, value: Any, *, status: int = 200) -> HttpResponse:
    """`value` (of dicts, lists, texts, numbers, true, false and None) as the answer; `name` is its root in XML."""
    body = as_json(value) if form == "json" else as_xml(name, value)
    return HttpResponse(body, status=status, content_type=CONTENT_TYPES[form])


def as_json(value: Any) -> bytes:
    """Compact, Chinese as Chinese."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")


def as_xml(name: str, value: Any) -> bytes:
    """With the declaration that the standard asks for; None is an empty element."""
    body: bytes = ElementTree.tostring(_element(name, value), encoding="utf-8", xml_declaration=True)
    return body


def _element(name: str, value: Any) -> ElementTree.Element:
    element = ElementTree.Element(name)
    match value:
        case dict():
            element.extend(_element(key, item) for key, item in value.items())
        case list():
            element.extend(_element(ITEM[name], item) for item in value)
        case bool():
            element.text = "true" if value else "false"
        case None:
            pass
        case _:
            element.text = _NOT_XML.sub("", str(value))
    return element
