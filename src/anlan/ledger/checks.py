"""What an order may hold, before the database is asked."""

import re
from datetime import datetime
from typing import Any

from django.utils.translation import gettext_lazy as _

from anlan.ledger.limits import KEY_LENGTH, LARGEST_AMOUNT, TEXT_LENGTH
from anlan.ledger.refusals import CurrencyDiffers, WrongAmount, WrongMoment, WrongText

# NUL and lone surrogates: PostgreSQL and JSON have no such text.
_NO_TEXT = re.compile("[\x00\ud800-\udfff]")
_CURRENCY = re.compile("[A-Z]{3}")


def amount_is_right(amount: Any, position: int = 0) -> None:
    """Whole fen from 1 to the largest amount. Raises WrongAmount: a float or a bool is no amount of money."""
    if type(amount) is not int or not 0 < amount <= LARGEST_AMOUNT:
        message = _("an amount is a whole number of fen from 1 to %(largest)d") % {"largest": LARGEST_AMOUNT}
        raise WrongAmount(message, field="amount", position=position)


def text_is_right(
    text: Any, field: str, position: int = 0, *, longest: int = TEXT_LENGTH, needed: bool = False
) -> None:
    """Raises WrongText."""
    if not isinstance(text, str) or _NO_TEXT.search(text) or len(text) > longest or (needed and not text.strip()):
        message = _("must be a text of at most %(longest)d characters") % {"longest": longest}
        raise WrongText(message, field=field, position=position)


def key_is_right(key: Any, position: int = 0) -> None:
    """Raises WrongText."""
    text_is_right(key, "key", position, longest=KEY_LENGTH, needed=True)


def currency_is_right(currency: Any, position: int = 0) -> None:
    """Three capital letters, as ISO 4217 has them. Raises CurrencyDiffers."""
    if not isinstance(currency, str) or not _CURRENCY.fullmatch(currency):
        message = _("a currency has three capital letters, such as CNY")
        raise CurrencyDiffers(message, field="currency", position=position)


def moment_is_right(moment: Any, field: str, position: int = 0) -> None:
    """Raises WrongMoment without a time zone."""
    if not isinstance(moment, datetime) or moment.tzinfo is None:
        raise WrongMoment(_("must be a moment with a time zone"), field=field, position=position)
