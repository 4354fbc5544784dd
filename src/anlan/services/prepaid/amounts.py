"""Money as it is told: a whole number of fen as a JSON number, never a float, a text or true."""

from typing import Annotated, Any, Final

from django.utils.translation import gettext as _
from pydantic import BeforeValidator, Field
from pydantic_core import PydanticCustomError

MOST_FEN: Final = 10**11
"""A thousand million yuan: far above any card, and so a slip of the keyboard."""


def _whole(value: Any) -> Any:
    if not isinstance(value, int) or isinstance(value, bool):
        message = _("must be a whole number of fen")
        raise PydanticCustomError("anlan.fen", "{message}", {"message": message})
    return value


Fen = Annotated[int, BeforeValidator(_whole), Field(ge=0, le=MOST_FEN)]
SomeFen = Annotated[int, BeforeValidator(_whole), Field(ge=1, le=MOST_FEN)]
