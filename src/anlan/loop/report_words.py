"""What helps somebody on duty to read a report: its gist, what triage made of it, and what is still to be asked."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.urls import reverse

from anlan.foundation.language import said
from anlan.loop.answers import EventOut, MatterOut, PartyOut, category_label, klass_label
from anlan.loop.language_help import Known, language_help
from anlan.loop.models import Matter
from anlan.loop.staff_story import suggested_because
from anlan.loop.suggestions import Klass


@dataclass(frozen=True)
class ReportWords:
    """Each is empty where there is nothing to say. `asks` are questions, each with why it is worth asking; `page` is
    the address where a language model may be asked."""

    gist: Sequence[str]
    suggested: str
    because: Sequence[str]
    asks: Sequence[tuple[str, str]]
    page: str

    def __bool__(self) -> bool:
        return bool(self.gist or self.suggested or self.asks or self.page)


def words_of(matter: Matter, shown: MatterOut, events: Sequence[EventOut], people: Iterable[PartyOut]) -> ReportWords:
    """The help with the words of a matter; what was noted since may have answered a question."""
    helper = language_help()
    triage = (events[0].data.get("triage") or {}) if events else {}
    noted = (str(event.data.get("text", "")) for event in events)
    known = Known(
        "\n".join([matter.title, matter.description, *noted]),
        Klass(matter.klass),
        tuple(triage.get("triggers", ())),
        placed=bool(matter.lon is not None or matter.address or matter.community),
        reachable=any(person.phone for person in people),
    )
    missing = () if shown.closed_at else helper.missing(known)
    return ReportWords(
        gist=helper.gist(matter.description),
        suggested=f"{klass_label(triage['klass'])} · {category_label(triage['category'])}" if triage else "",
        because=suggested_because(events),
        asks=[(said(each.question, each.question_en), said(each.why, each.why_en)) for each in missing],
        page=reverse(helper.page, args=[matter.id]) if helper.page and matter.description else "",
    )
