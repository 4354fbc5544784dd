"""Notes and reclassification: what is said along the way, kept as it was said and refused where it can't be."""

from uuid import uuid4

import pytest

from anlan.city.people import access
from anlan.loop import engine, verbs
from anlan.loop.models import Attachment, Event
from anlan.loop.refusals import BadInput, NotAllowed, Unknown
from tests.cast import Cast
from tests.loop.stories import everything, kinds, now_of, opened, routed


def test_a_word_is_kept_as_it_was_said(cast: Cast) -> None:
    matter = opened(cast)
    engine.note(matter.id, "  灯杆 12 号 😀  ", by=cast.wang, public=True)
    with everything():
        event = Event.objects.get(matter=matter, kind="noted")
    assert event.data == {"text": "灯杆 12 号 😀", "public": True, "files": []}
    assert (event.actor_role, event.from_state, event.to_state) == ("REPORTER", "received", "received")


def test_a_file_may_come_without_a_word_and_is_bound_to_its_line(cast: Cast) -> None:
    matter = opened(cast)
    file = Attachment(digest="0" * 64, name="灯.jpg", media_type="image/jpeg", size=1)
    engine.note(matter.id, "", by=cast.wang, attachments=[file])
    with everything():
        kept = Attachment.objects.get()
        assert Event.objects.get(kind="noted").data["files"] == [{"digest": "0" * 64, "name": "灯.jpg"}]
    assert (kept.matter_id, kept.event_seq, kept.area) == (matter.id, 2, matter.area)


@pytest.mark.parametrize("text", ["", "   ", "a\x00b", "\ud800", "x" * 20_001])
def test_a_word_that_says_nothing_or_can_not_be_kept_is_refused(cast: Cast, text: str) -> None:
    matter = opened(cast)
    with pytest.raises(BadInput) as refused:
        engine.note(matter.id, text, by=cast.wang)
    assert refused.value.field == "text"
    assert kinds(matter.id) == ["opened"]


def test_nobody_without_a_part_in_it_adds_a_word(cast: Cast) -> None:
    matter = opened(cast)
    for actor in (cast.zhou, access.anonymous(), access.bearer(b"\x01" * 32)):
        with pytest.raises(Unknown):
            engine.note(matter.id, "我也", by=actor)
    with pytest.raises(NotAllowed):
        engine.note(matter.id, "我也", by=cast.he)  # sees it, and is not the unit it is assigned to


def test_reclassifying_keeps_what_it_was_and_why(cast: Cast) -> None:
    matter = opened(cast)
    after = verbs.reclassify(matter.id, by=cast.chen, reason="有漏电", klass="urgent", severity=3)
    assert (after.klass, after.severity, after.category) == ("urgent", 3, "city.lighting")
    with everything():
        told = Event.objects.get(kind="reclassified").data
    assert told == {
        "from": {"klass": "ordinary", "severity": 1},
        "to": {"klass": "urgent", "severity": 3},
        "reason": "有漏电",
    }


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("klass", "nonsense"),
        ("klass", "x" * 300),
        ("category", "no.such"),
        ("category", "a\x00"),
        ("severity", 0),
        ("severity", 5),
        ("severity", 2**40),
        ("reason", ""),
    ],
)
def test_a_class_that_is_not_one_is_refused_by_field(cast: Cast, field: str, value: object) -> None:
    matter = opened(cast)
    given: dict[str, object] = {"reason": "有漏电", field: value}
    with pytest.raises(BadInput) as refused:
        verbs.reclassify(matter.id, by=cast.chen, **given)  # type: ignore[arg-type]
    assert refused.value.field == field
    assert now_of(matter.id).version == 1


def test_a_unit_that_is_not_there_is_refused_by_field(cast: Cast) -> None:
    matter = routed(cast)
    with pytest.raises(BadInput) as refused:
        engine.advance(matter.id, "assign", by=cast.chen, told={"unit_id": str(uuid4())})
    assert refused.value.field == "unit_id"
    assert now_of(matter.id).state == "routed"


def test_a_step_that_is_not_declared_is_refused_by_field(cast: Cast) -> None:
    with pytest.raises(Unknown) as refused:
        engine.advance(opened(cast).id, "explode", by=cast.chen)
    assert refused.value.field == "transition"


def test_what_is_not_asked_is_not_swallowed(cast: Cast) -> None:
    with pytest.raises(BadInput) as refused:
        engine.advance(opened(cast).id, "route", by=cast.chen, told={"unit_id": "x"})
    assert refused.value.field == "unit_id"
