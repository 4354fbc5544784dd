"""The reader's language, for words that are declared in both."""

from django.utils.translation import get_language


def said(zh: str, en: str) -> str:
    """The one of two wordings that the reader asked for; Chinese where nothing was asked."""
    return en if (get_language() or "").startswith("en") else zh
