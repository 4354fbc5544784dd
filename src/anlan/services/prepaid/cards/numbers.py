"""Card numbers, and the QR codes that stand for a card for a minute."""

import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from django.core import signing
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from anlan.loop import clock
from anlan.loop.refusals import NotAllowed, NotPossible
from anlan.services.prepaid.cards.models import Card, SpentToken
from anlan.services.prepaid.figures import end_of

_DIGITS: Final = 16
_SALT: Final = "anlan.prepaid.card"


@dataclass(frozen=True, slots=True)
class Shown:
    """The card that a QR code stands for."""

    card: UUID
    generation: int


def new_number() -> str:
    """Sixteen digits: fifteen at random and a Luhn digit, so that a slip of the finger is no other card."""
    bare = "".join(secrets.choice("0123456789") for _place in range(_DIGITS - 1))
    return bare + str(-_luhn(bare + "0") % 10)


def bare_number(typed: str) -> str:
    """The digits of what was typed, or nothing where that can't be a card's number."""
    digits = "".join(mark for mark in typed if mark in "0123456789")
    return digits if len(digits) == _DIGITS and _luhn(digits) % 10 == 0 else ""


def show(card: Card) -> tuple[str, datetime]:
    """A QR code's text for a card, and until when it is good; each is read once."""
    until = end_of("qr_valid", clock.now())
    told = {
        "card": str(card.id),
        "generation": card.generation,
        "nonce": secrets.token_hex(16),
        "until": until.timestamp(),
    }
    return signing.dumps(told, salt=_SALT), until


def read(token: str) -> Shown:
    """The card of a QR code, which is spent by this. For a transaction of its own, so that a failure later does not
    make it good again. Raises NotAllowed for a forged one, NotPossible for one that has run out or was read before."""
    try:
        told = signing.loads(token, salt=_SALT)
        until = datetime.fromtimestamp(told["until"], tz=clock.LOCAL)
        shown, nonce = Shown(UUID(told["card"]), int(told["generation"])), str(told["nonce"])
    except (signing.BadSignature, UnicodeEncodeError, KeyError, TypeError, ValueError) as error:
        raise NotAllowed(_("this is not a code of a card"), field="qr") from error
    now = clock.now()
    if now >= until:
        raise NotPossible(_("the code has run out; show a new one"), field="qr")
    try:
        with transaction.atomic():
            SpentToken.objects.create(nonce=nonce, until=until)
    except IntegrityError as error:
        raise NotPossible(_("the code was read before; show a new one"), field="qr") from error
    return shown


def forget_spent() -> int:
    """The worker's job: codes that have run out need not be remembered."""
    return SpentToken.objects.filter(until__lte=clock.now()).delete()[0]


def _luhn(digits: str) -> int:
    doubled = [sum(divmod(2 * int(digit), 10)) for digit in digits[-2::-2]]
    return sum(doubled) + sum(int(digit) for digit in digits[-1::-2])
