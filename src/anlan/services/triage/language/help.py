"""The help with words that triage gives through `loop.language_help`."""

from django.conf import settings

from anlan.loop.language_help import Known, Missing
from anlan.services.triage.language.missing import missing
from anlan.services.triage.language.summary import gist


class Help:
    """By rules, in the house; the page beyond that is offered only where an endpoint is set up."""

    @property
    def page(self) -> str:
        return "matter-words" if settings.ANLAN_LLM_URL else ""

    def gist(self, text: str) -> tuple[str, ...]:
        return gist(text)

    def missing(self, known: Known) -> tuple[Missing, ...]:
        return missing(known)
