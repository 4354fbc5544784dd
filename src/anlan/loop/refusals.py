"""Why something is refused. Every door turns these into its own clear answer; none of them is a fault."""

from typing import ClassVar

from django.utils.functional import Promise


class Refused(Exception):
    """Something asked for can't be done. `status` is the HTTP meaning, `code` is for machines, `field` names
    what was wrong where one thing was."""

    status: ClassVar[int] = 400
    code: ClassVar[str] = "refused"

    def __init__(self, message: "str | Promise", *, field: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.field = field


class Unknown(Refused):
    """There is no such thing, or none that the asker may know of."""

    status = 404
    code = "unknown"


class NotAllowed(Refused):
    """The asker does not hold the role."""

    status = 403
    code = "not_allowed"


class NotPossible(Refused):
    """The matter's state, or a rule, stands against it."""

    status = 409
    code = "not_possible"


class Stale(Refused):
    """Someone else changed the matter in the meantime."""

    status = 409
    code = "stale"


class BadInput(Refused):
    """What was told is missing or malformed; `field` says what."""

    status = 422
    code = "bad_input"


class KeyReused(Refused):
    """The same idempotency key came with a different body."""

    status = 422
    code = "key_reused"
