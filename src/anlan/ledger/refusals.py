"""Why the ledger refuses something. Nothing of what was asked has then been written."""

from typing import ClassVar

from django.utils.functional import Promise


class Refused(Exception):
    """What was asked for can't be booked. `code` is for machines, `field` names what was wrong, `position` which of
    several orders it was (from 0)."""

    code: ClassVar[str] = "refused"

    def __init__(self, message: "str | Promise", *, field: str, position: int = 0) -> None:
        super().__init__(message)
        self.message = message
        self.field = field
        self.position = position


class NotEnough(Refused):
    """The account to be debited has less available."""

    code = "not_enough"


class UnknownAccount(Refused):
    """There is no such account, or no two different ones."""

    code = "unknown_account"


class UnknownTransfer(Refused):
    """There is no such transfer."""

    code = "unknown_transfer"


class KeyReused(Refused):
    """The idempotency key has been used for something else."""

    code = "key_reused"


class NotPending(Refused):
    """The transfer is not pending: it was posted, voided or expired, or never was to wait."""

    code = "not_pending"


class WrongAmount(Refused):
    """Not a whole number of fen from 1 to the largest amount."""

    code = "wrong_amount"


class CurrencyDiffers(Refused):
    """The order and its two accounts are not of one currency."""

    code = "currency_differs"


class WrongText(Refused):
    """A text that can't be stored: empty where it is needed, too long, or with characters that no text has."""

    code = "wrong_text"


class WrongMoment(Refused):
    """A moment without a time zone, or one that has passed."""

    code = "wrong_moment"
