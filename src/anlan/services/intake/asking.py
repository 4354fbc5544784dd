"""What a report leaves open, as questions to whoever is about to send it. None of them has to be answered."""

from anlan.foundation.language import said
from anlan.loop.language_help import Known, language_help
from anlan.loop.suggestions import Triage
from anlan.services.intake.schemas import Ask, ReportIn


def open_questions(given: ReportIn, suggested: Triage) -> list[Ask]:
    """The facts that the report does not tell, the most pressing first."""
    known = Known(
        f"{given.title}\n{given.text}",
        suggested.klass,
        suggested.triggers,
        placed=bool(given.position or given.address or given.area),
        reachable=bool(given.contact and given.contact.phone),
    )
    return [
        Ask(fact=each.fact, question=said(each.question, each.question_en), why=said(each.why, each.why_en))
        for each in language_help().missing(known)
    ]
