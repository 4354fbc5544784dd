"""How money and what is left on a card are written."""

from django import template

from anlan.foundation.language import said
from anlan.services.prepaid.offers.models import Offer
from anlan.services.prepaid.refunds.schemas import Bilingual

register = template.Library()


@register.filter
def yuan(fen: int | None) -> str:
    """`123456` as `¥1,234.56`, below zero with a minus in front; a dash where nothing is known."""
    if fen is None:
        return "–"
    whole, part = divmod(abs(fen), 100)
    return f"{'−' if fen < 0 else ''}¥{whole:,}.{part:02}"


@register.filter
def on_card(amount: int, kind: str) -> str:
    """An amount in what a card of this kind counts: yuan, sessions or days."""
    if kind == Offer.Kind.SESSIONS:
        return said(f"{amount} 次", f"{amount} session{'' if amount == 1 else 's'}")
    if kind == Offer.Kind.TERM:
        return said(f"{amount} 天", f"{amount} day{'' if amount == 1 else 's'}")
    return yuan(amount)


@register.filter
def in_words(words: Bilingual) -> str:
    """Bilingual that are declared in both languages, in the reader's."""
    return said(words.zh, words.en)
