"""How a share from 0 to 1 is written."""

from django import template

register = template.Library()


@register.filter
def percent(share: float | None) -> str:
    """`0.8132` as `81.3%`; whole percents without a decimal, a dash where nothing was measured."""
    if share is None:
        return "–"
    return f"{100 * share:.1f}".removesuffix(".0") + "%"
