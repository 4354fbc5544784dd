"""What the pages of a counter ask. Money is typed in yuan and told on in whole fen."""

from decimal import Decimal
from typing import Annotated

from django.utils.translation import gettext_lazy as _
from pydantic import Field

from anlan.loop.forms import Label
from anlan.loop.schemas import Line, Told
from anlan.services.prepaid.cards.schemas import Proposal

Yuan = Annotated[Decimal, Field(ge=0, le=10**9, decimal_places=2)]
Shown = Annotated[
    str,
    Field(min_length=1, max_length=400),
    Label(_("Card"), _("Scan the code on the telephone, or type the number.")),
]


class ProposalForm(Told):
    """What is to be taken off a card; the price for cards of value, the sessions for cards of sessions."""

    card: Shown
    item: Annotated[Line, Field(min_length=1, max_length=120), Label(_("Item"))]
    price: Annotated[
        Yuan | None, Label(_("List price in yuan"), _("a discount of the card is taken off by itself"))
    ] = None
    sessions: Annotated[int | None, Field(ge=1, le=1_000), Label(_("Sessions"), _("of a card of sessions"))] = None

    def told(self) -> Proposal:
        """As the counter proposes it."""
        shown = {"number" if is_number(self.card) else "qr": self.card}
        return Proposal(**shown, item=self.item, list_price=fen(self.price or Decimal()), sessions=self.sessions or 1)


class LookUpForm(Told):
    """Which card is asked for."""

    card: Shown


def is_number(shown: str) -> bool:
    """Was a number typed, rather than a code read?"""
    return "".join(shown.split()).isdigit()


def fen(yuan: Decimal) -> int:
    """Exact: no more than two places are let in."""
    return int(yuan * 100)
