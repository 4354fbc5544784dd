"""The code a reporter takes away, and its picture for a telephone's camera."""

import io

import segno
from django.conf import settings

from anlan.foundation.identifiers import spaced


def tracking_path(code: str) -> str:
    """Where the tracking page of a code lives."""
    return f"/t/{spaced(code)}"


def tracking_address(code: str) -> str:
    """The same as it is printed and sent: with the name under which residents reach this city."""
    return f"{settings.ANLAN_PUBLIC_URL}{tracking_path(code)}"


def qr_svg(text: str) -> bytes:
    """A QR code as SVG, readable when a seventh of it is dirty (error level M)."""
    picture = io.BytesIO()
    segno.make_qr(text, error="m").save(picture, kind="svg", scale=6, border=4, light="#fff")
    return picture.getvalue()
