"""Every deadline of the dispute centre on the calendar: across holidays, days worked in exchange, and month ends.

Each row names its number in the field rules and its article. The holidays are those of 2025: Spring Festival 28 January
to 4 February (26 January and 8 February worked), 1 to 5 May (27 April worked), 1 to 8 October (28 September and 11
October worked).
"""

from datetime import date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anlan.foundation.rules import Counting, Kind, Rule, rulebook
from anlan.loop import terms
from anlan.loop.calendar import chinese
from anlan.loop.clock import LOCAL
from anlan.loop.procedures import procedures
from anlan.services.mediation.procedures.shared import Settling

CHINA = chinese()

ROWS = [
    # number, article, rule, begins, last day
    ("D01", "二十二", "petition.forward", "2025-09-20", "2025-10-05"),  # a holiday: calendar days do not shift
    ("D01", "二十二", "petition.forward", "2024-02-14", "2024-02-29"),
    ("D02", "二十三", "petition.tell_on_direct_receipt", "2025-01-15", "2025-01-30"),
    ("D03", "二十三", "petition.tell_on_transfer", "2025-04-17", "2025-05-02"),
    ("D04", "二十三", "petition.object_to_transfer", "2025-09-26", "2025-10-10"),  # Sunday the 28th is worked
    ("D04", "二十三", "petition.object_to_transfer", "2025-10-09", "2025-10-15"),  # Saturday the 11th is worked
    ("D05", "三十四", "petition.settle", "2025-08-08", "2025-10-07"),
    ("D06", "三十五", "petition.ask_review", "2025-01-01", "2025-01-31"),
    ("D07", "三十五", "petition.review", "2025-04-03", "2025-05-03"),
    ("D08", "三十六", "petition.ask_final_review", "2024-01-31", "2024-03-01"),
    ("D09", "三十六", "petition.final_review", "2025-12-02", "2026-01-01"),
    ("D11", "三十三", "mediation.peoples_mediation", "2025-01-31", "2025-02-28"),  # no 31st in February
    ("D11", "三十三", "mediation.peoples_mediation", "2025-09-01", "2025-10-09"),
    ("D12", "二百零五", "mediation.ask_confirmation", "2025-01-01", "2025-02-05"),
    ("D12", "三十三", "mediation.ask_confirmation", "2025-09-11", "2025-10-11"),  # a Saturday that is worked
    ("D13", "四", "mediation.court_accepts_confirmation", "2025-04-30", "2025-05-06"),
    ("D14", "五", "mediation.court_confirms", "2025-09-20", "2025-10-09"),
    ("D15", "十", "mediation.revoke_confirmation", "2024-02-29", "2025-02-28"),
    ("D16", "二十七", "mediation.before_filing", "2025-09-08", "2025-10-09"),
    ("D17", "二十四", "mediation.after_filing_ordinary", "2025-09-13", "2025-09-28"),  # a Sunday that is worked
    ("D18", "二十七", "mediation.after_filing_summary", "2025-09-30", "2025-10-09"),
    ("D19", "十", "mediation.online_choose_mediator", "2025-04-25", "2025-04-28"),  # Sunday the 27th is worked
    ("D20", "十", "mediation.online_designate_mediator", "2025-04-30", "2025-05-08"),
    ("D21", "十二", "mediation.online_mediator_answers", "2025-01-24", "2025-02-05"),
    ("D22", "十五", "mediation.online_ask_willingness", "2025-02-07", "2025-02-11"),  # Saturday the 8th is worked
    ("D23", "一百二十六", "civil_procedure.file_case", "2025-01-24", "2025-02-05"),
    ("D24", "一百五十二", "civil_procedure.first_instance_ordinary", "2024-08-31", "2025-02-28"),
    ("D25", "一百六十四", "civil_procedure.first_instance_summary", "2025-07-01", "2025-10-09"),
    ("D26", "一百六十八", "civil_procedure.small_claim", "2024-12-31", "2025-02-28"),
    ("D27", "二百五十", "civil_procedure.ask_enforcement", "2024-01-29", "2026-01-29"),
    ("D28", "十四", "labour.mediation", "2025-09-16", "2025-10-09"),
    ("D29", "二十九", "labour.arbitration_accepts", "2025-04-26", "2025-05-06"),
    ("D30", "四十三", "labour.award", "2025-08-17", "2025-10-09"),
    ("D31", "五十", "labour.sue_after_award", "2025-01-14", "2025-02-05"),
    ("D32", "二十", "reconsideration.apply", "2025-08-05", "2025-10-09"),
    ("D33", "三十", "reconsideration.accept", "2025-09-26", "2025-10-10"),  # 五日 means working days
    ("D34", "六十二", "reconsideration.decide_ordinary", "2025-12-01", "2026-01-30"),
    ("D34", "六十二", "reconsideration.decide_summary", "2025-09-03", "2025-10-09"),
    ("D35", "四十三", "legal_aid.decide", "2025-09-26", "2025-10-09"),
    ("D35", "四十三", "legal_aid.assign", "2025-10-31", "2025-11-03"),
    ("D37", "十四", "consumer.accept", "2025-09-29", "2025-10-15"),
    ("D38", "二十一", "consumer.mediate", "2025-08-01", "2025-10-10"),
    ("D38", "二十一", "consumer.tell_end_of_mediation", "2025-04-30", "2025-05-14"),
    ("D39", "一百八十三", "police.second_mediation", "2025-04-24", "2025-05-07"),
    ("setting", "121号", "consumer.accept", "2026-04-15", "2026-04-24"),
    ("setting", "平台设定", "mediation.longer", "2025-09-08", "2025-10-09"),
    ("setting", "平台设定", "mediation.administrative", "2025-09-02", "2025-10-09"),
    ("setting", "平台设定", "mediation.appoint", "2025-04-30", "2025-05-08"),
    ("setting", "平台设定", "mediation.tell_the_ways", "2025-02-07", "2025-02-11"),
]
HOURS = [
    ("D36", "三十九", "legal_aid.forward_detained", 24),
    ("setting", "平台设定", "mediation.attention.red", 24),
    ("setting", "平台设定", "mediation.attention.orange", 24),
    ("setting", "平台设定", "mediation.attention.yellow", 72),
    ("setting", "平台设定", "mediation.attention.blue", 168),
]
EXTENDED = [
    ("D05", "petition.settle", "2025-07-09", "2025-10-07"),  # 60 days to 7 September and 30 more
    ("D14", "mediation.court_confirms", "2025-09-10", "2025-10-09"),  # to the 25th, 10 more end in the holidays
    ("D24", "civil_procedure.first_instance_ordinary", "2024-08-31", "2025-08-28"),
    (
        "D25",
        "civil_procedure.first_instance_summary",
        "2025-05-30",
        "2025-10-09",
    ),  # 30 August is a Saturday: to 1 September, a month more
    ("D26", "civil_procedure.small_claim", "2025-03-31", "2025-07-03"),
    ("D30", "labour.award", "2025-03-03", "2025-05-06"),
    ("D34", "reconsideration.decide_ordinary", "2025-03-03", "2025-06-05"),  # 2 May shifts to the 6th, 30 days more
]


def _day(text: str) -> date:
    return date.fromisoformat(text)


def _at_nine(text: str) -> datetime:
    return datetime.combine(_day(text), time(9), LOCAL)


def _last_day(due: datetime) -> date:
    return (due.astimezone(LOCAL) - timedelta.resolution).date()


@pytest.mark.parametrize(("number", "article", "name", "begins", "last"), ROWS)
def test_a_deadline_ends_at_midnight_of_its_last_day(
    number: str, article: str, name: str, begins: str, last: str
) -> None:
    rule = rulebook().at(name, _day(begins))
    assert article in rule.source
    assert (number == "setting") == (rule.kind is Kind.SETTING)
    due = terms.due(_at_nine(begins), terms.term_of(rule), CHINA)
    assert _last_day(due) == _day(last)
    assert due.astimezone(LOCAL).time() == time.min


@pytest.mark.parametrize(("number", "article", "name", "hours"), HOURS)
def test_a_deadline_in_hours_is_exact_whatever_the_day(number: str, article: str, name: str, hours: int) -> None:
    rule = rulebook().at(name, _day("2025-10-01"))
    assert article in rule.source
    assert (number == "setting") == (rule.kind is Kind.SETTING)
    begins = _at_nine("2025-10-01")
    assert terms.due(begins, terms.term_of(rule), CHINA) == begins + timedelta(hours=hours)


@pytest.mark.parametrize(("number", "name", "begins", "last"), EXTENDED)
def test_an_extension_begins_where_the_term_would_have_ended(number: str, name: str, begins: str, last: str) -> None:
    rule = rulebook().at(name, _day(begins))
    due = terms.due(_at_nine(begins), terms.term_of(rule), CHINA)
    assert _last_day(terms.extended(due, terms.extension_of(rule), CHINA)) == _day(last)


def test_the_time_of_a_hearing_is_not_counted_in_a_re_review() -> None:
    rule = rulebook().at("petition.final_review", _day("2025-03-03"))
    hearing = terms.Suspension(_at_nine("2025-03-09"), _at_nine("2025-03-15"))  # five whole days
    due = terms.due(_at_nine("2025-03-03"), terms.term_of(rule), CHINA, [hearing])
    assert _last_day(due) == _day("2025-04-07")


FAMILIES = ("mediation", "petition", "police", "labour", "consumer", "civil_procedure", "reconsideration", "legal_aid")


def _declared() -> list[Rule]:
    return [rule for rule in rulebook().all() if rule.id.partition(".")[0] in FAMILIES]


def test_every_term_that_a_dispute_may_meet_stands_in_a_table() -> None:
    assert {rule.id for rule in _declared() if rule.is_term} == {row[2] for row in [*ROWS, *HOURS]}


def test_every_term_that_may_be_extended_stands_in_the_table_of_extensions() -> None:
    assert {rule.id for rule in _declared() if rule.extension} == {row[1] for row in EXTENDED}


def test_a_group_visit_is_represented_by_at_most_five() -> None:
    rule = rulebook().at("petition.group_representatives", _day("2025-01-01"))
    assert (rule.value or rule.maximum, "第二十条" in rule.source) == (5, True)  # D10


def test_every_clock_of_the_procedures_counts_by_a_rule_that_is_a_term() -> None:
    ours = {each.rule for rules in procedures() if issubclass(rules, Settling) for each in rules.deadlines.values()}
    assert len(ours) > 20
    for id in ours:
        assert all(version.is_term for version in rulebook().versions(id))


def test_what_nobody_has_read_never_poses_as_law() -> None:
    unread = [rule for rule in _declared() if rule.evidence in ("recalled", "design")]
    assert unread
    assert all(rule.kind is Kind.SETTING for rule in unread)


# The years whose holidays are known, with room for the longest term.
STARTS = st.datetimes(datetime(2019, 1, 1), datetime(2025, 9, 30)).map(lambda moment: moment.replace(tzinfo=LOCAL))
SHIFTING = st.sampled_from((Counting.CIVIL, Counting.CIVIL_PROCEDURE))


@given(STARTS, st.integers(1, 60))
def test_petition_days_are_calendar_days_and_never_shift(begins: datetime, amount: int) -> None:
    due = terms.due(begins, terms.days(amount, Counting.PETITION), CHINA)
    assert _last_day(due) == begins.date() + timedelta(days=amount)


@given(STARTS, st.integers(1, 60), SHIFTING)
def test_civil_days_end_on_a_working_day_and_only_holidays_lie_between(
    begins: datetime, amount: int, counting: Counting
) -> None:
    nominal = begins.date() + timedelta(days=amount)
    last = _last_day(terms.due(begins, terms.days(amount, counting), CHINA))
    assert CHINA.is_working_day(last)
    assert all(CHINA.is_holiday(nominal + timedelta(days=n)) for n in range((last - nominal).days))


@given(STARTS, st.integers(1, 45))
def test_working_days_count_exactly_so_many_working_days(begins: datetime, amount: int) -> None:
    last = _last_day(terms.due(begins, terms.days(amount, Counting.CONSUMER), CHINA))
    assert CHINA.is_working_day(last)
    assert CHINA.working_days_between(begins.date(), last) == amount


@given(STARTS, st.sampled_from((3, 5, 7, 10)), st.sampled_from((4, 6, 8, 30, 60)))
def test_reconsideration_means_working_days_by_the_four_short_amounts_only(
    begins: datetime, short: int, other: int
) -> None:
    last = _last_day(terms.due(begins, terms.days(short, Counting.RECONSIDERATION), CHINA))
    assert CHINA.working_days_between(begins.date(), last) == short
    nominal = begins.date() + timedelta(days=other)
    calendar = _last_day(terms.due(begins, terms.days(other, Counting.RECONSIDERATION), CHINA))
    assert calendar == CHINA.next_working_day(nominal)


@given(STARTS, st.integers(1, 24), SHIFTING)
def test_a_month_ends_on_the_corresponding_day_or_the_last_of_the_month(
    begins: datetime, amount: int, counting: Counting
) -> None:
    last = _last_day(terms.due(begins, terms.months(amount, counting), CHINA))
    months = (last.year - begins.year) * 12 + last.month - begins.month
    # A shift over a holiday may carry the last day into the month after.
    assert months in (amount, amount + 1)
    assert CHINA.is_working_day(last)


@given(STARTS, st.timedeltas(timedelta(0), timedelta(days=40)), st.integers(1, 60), st.sampled_from(Counting))
def test_whoever_begins_later_never_ends_earlier(
    begins: datetime, later: timedelta, amount: int, counting: Counting
) -> None:
    term = terms.days(amount, counting)
    assert terms.due(begins, term, CHINA) <= terms.due(begins + later, term, CHINA)


@given(STARTS, st.integers(1, 60), st.sampled_from(Counting), st.sampled_from((0, 86_399)))
def test_the_hour_of_the_event_does_not_matter_for_a_term_in_days(
    begins: datetime, amount: int, counting: Counting, second: int
) -> None:
    if counting is Counting.ELAPSED:
        return
    other = datetime.combine(begins.date(), time.min, LOCAL) + timedelta(seconds=second)
    term = terms.days(amount, counting)
    assert terms.due(begins, term, CHINA) == terms.due(other, term, CHINA)
