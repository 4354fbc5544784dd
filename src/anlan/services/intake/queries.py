"""What a reporter is told, before and after sending. None of it costs a statement once offices are known."""

from anlan.city.areas.atlas import atlas
from anlan.city.people.queries import desk_of, office_name
from anlan.foundation.identifiers import spaced
from anlan.foundation.language import said
from anlan.loop import clock
from anlan.loop.answers import ClockOut, category_label, klass_label, label
from anlan.loop.models import Matter
from anlan.loop.queries import first_clocks
from anlan.services.intake.actions import Taken, preview, procedure_here
from anlan.services.intake.asking import open_questions
from anlan.services.intake.codes import tracking_address
from anlan.services.intake.schemas import Preview, Receipt, ReportIn, Why
from anlan.services.intake.whereabouts import understood


def receipt(taken: Taken) -> Receipt:
    """The receipt for a report taken in.

    `settle_by` is what was promised at the opening: a suspension or an extension since is told on its tracking page.
    """
    matter = taken.matter
    return Receipt(
        number=matter.reference,
        code=spaced(taken.code),
        track=tracking_address(taken.code),
        state=matter.state,
        state_label=label(matter.stands),
        klass=matter.klass,
        klass_label=klass_label(matter.klass),
        category=matter.category,
        category_label=category_label(matter.category),
        severity=matter.severity,
        area=matter.area,
        place=atlas().full_name(matter.area),
        office=office_name(matter.responsible_id) if matter.responsible_id else "",
        opened_at=matter.opened_at,
        settle_by=max((each.due_at for each in taken.clocks), default=None),
        repeated=taken.repeated,
    )


def previewed(given: ReportIn) -> Preview:
    """What would become of the report. Raises BadInput as sending it would."""
    suggested, path, address = preview(given)
    category = given.category or suggested.category
    desk = desk_of(path)
    would_be = Matter(procedure=procedure_here().slug, area=path, opened_at=clock.now())
    return Preview(
        klass=suggested.klass,
        klass_label=klass_label(suggested.klass),
        category=category,
        category_label=category_label(category),
        severity=suggested.severity,
        area=path,
        place=atlas().full_name(path),
        office=office_name(desk[1]) if desk else "",
        triggers=list(suggested.triggers),
        reasons=[
            Why(kind=reason.kind, words=list(reason.words), text=said(reason.text, reason.text_en))
            for reason in suggested.reasons
        ],
        deadlines=[ClockOut.of(each, would_be.rules) for each in first_clocks(would_be)],
        understood=understood(address),
        missing=open_questions(given, suggested),
    )
