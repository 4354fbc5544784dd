"""The law of counting as examples; moments are written in local time and compared as moments."""

from datetime import UTC, date, datetime, timedelta
from importlib.resources import files

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anlan.foundation.rules import RuleBook
from anlan.loop import terms
from anlan.loop.calendar import chinese
from anlan.loop.clock import LOCAL
from anlan.loop.terms import Counting, Suspension, Term, Unit

CHINA = chinese()


def at(year: int, month: int, day: int, hour: int = 0, minute: int = 0) -> datetime:
    return datetime(year, month, day, hour, minute, tzinfo=LOCAL)


def due(start: datetime, term: Term, *suspensions: Suspension) -> datetime:
    return terms.due(start, term, CHINA, suspensions)


def end_of(year: int, month: int, day: int) -> datetime:
    """24:00 of that day."""
    return at(year, month, day) + timedelta(days=1)


class TestCivilCode:
    def test_article_201_does_not_count_the_day_of_the_event(self) -> None:
        morning, night = at(2025, 11, 3, 0, 0), at(2025, 11, 3, 23, 59)
        assert due(morning, terms.days(3)) == due(night, terms.days(3)) == end_of(2025, 11, 6)

    def test_article_201_counts_hours_from_the_moment_itself(self) -> None:
        assert due(at(2025, 11, 3, 9, 15), terms.hours(24, Counting.CIVIL)) == at(2025, 11, 4, 9, 15)

    def test_article_202_ends_a_month_on_the_corresponding_day(self) -> None:
        assert due(at(2025, 11, 13, 10), terms.months(1)) == end_of(2025, 12, 15)  # the 13th is a Saturday
        assert due(at(2025, 10, 13, 10), terms.months(1)) == end_of(2025, 11, 13)

    @pytest.mark.parametrize(("year", "last"), [(2023, 28), (2024, 29)])
    def test_article_202_ends_on_the_last_of_february_where_there_is_no_31st(self, year: int, last: int) -> None:
        assert due(at(year, 1, 31, 10), terms.months(1)) == end_of(year, 2, last)

    def test_article_202_ends_a_year_from_leap_day_on_the_28th(self) -> None:
        assert due(at(2024, 2, 29, 10), terms.years(1)) == end_of(2025, 2, 28)

    def test_months_run_across_the_end_of_the_year(self) -> None:
        assert due(at(2024, 11, 30, 10), terms.months(3)) == end_of(2025, 2, 28)

    def test_article_203_shifts_a_last_day_in_national_week_to_the_first_day_after(self) -> None:
        assert due(at(2025, 9, 26, 10), terms.days(7)) == end_of(2025, 10, 9)  # 3 October; holiday to the 8th

    def test_article_203_shifts_a_last_day_on_an_ordinary_weekend(self) -> None:
        assert due(at(2025, 11, 1, 10), terms.days(7)) == end_of(2025, 11, 10)  # the 8th is a Saturday

    def test_article_203_does_not_shift_a_last_day_on_a_make_up_saturday(self) -> None:
        assert due(at(2025, 10, 4, 10), terms.days(7)) == end_of(2025, 10, 11)

    def test_a_holiday_inside_the_term_is_counted(self) -> None:
        assert due(at(2025, 9, 29, 10), terms.days(15)) == end_of(2025, 10, 14)

    def test_article_203_ends_the_last_day_at_24_00_local_time(self) -> None:
        bound = due(at(2025, 11, 3, 10), terms.days(1))
        assert bound == datetime(2025, 11, 4, 16, tzinfo=UTC)
        assert bound.tzinfo is UTC

    def test_the_seven_days_to_return_a_prepaid_card_end_with_the_seventh_day_after_payment(self) -> None:
        # Interpretation on prepaid consumption, art. 14: paid on Thursday 1 May 2025, day 1 is 2 May.
        bound = due(at(2025, 5, 1, 15), terms.days(7))
        assert bound == datetime(2025, 5, 8, 16, tzinfo=UTC)
        assert terms.remaining(bound, at(2025, 5, 8, 23, 59)) > timedelta(0)
        assert terms.remaining(bound, at(2025, 5, 9)) == timedelta(0)

    def test_the_thirty_days_for_judicial_confirmation_shift_over_spring_festival(self) -> None:
        # People's Mediation Law, art. 33: agreed on 1 January 2025; day 30, the 31st, is a holiday.
        assert due(at(2025, 1, 1, 10), terms.days(30)) == end_of(2025, 2, 5)

    def test_the_day_of_the_event_is_the_local_one(self) -> None:
        late_in_utc = datetime(2025, 11, 3, 16, 30, tzinfo=UTC)  # already the 4th in the city
        assert due(late_in_utc, terms.days(1)) == end_of(2025, 11, 5)


class TestOtherRegimes:
    def test_criminal_procedure_article_105_shifts_over_a_holiday(self) -> None:
        assert due(at(2025, 9, 26, 10), terms.days(7, Counting.CRIMINAL)) == end_of(2025, 10, 9)

    def test_criminal_procedure_article_105_never_lengthens_custody_by_a_holiday(self) -> None:
        assert due(at(2025, 9, 26, 10), terms.days(7, Counting.CUSTODY)) == end_of(2025, 10, 3)

    @pytest.mark.parametrize("counting", [Counting.CRIMINAL, Counting.CUSTODY, Counting.CIVIL_PROCEDURE])
    def test_procedure_does_not_count_the_hour_in_which_a_term_begins(self, counting: Counting) -> None:
        assert due(at(2025, 11, 3, 9, 15), terms.hours(24, counting)) == at(2025, 11, 4, 10)

    def test_civil_procedure_article_85_shifts_over_a_holiday(self) -> None:
        assert due(at(2025, 9, 26, 10), terms.days(7, Counting.CIVIL_PROCEDURE)) == end_of(2025, 10, 9)

    @pytest.mark.parametrize(("amount", "last"), [(3, (10, 11)), (5, (10, 14)), (7, (10, 16)), (10, (10, 21))])
    def test_reconsideration_article_88_reads_short_terms_as_working_days(
        self, amount: int, last: tuple[int, int]
    ) -> None:
        bound = due(at(2025, 9, 30, 10), terms.days(amount, Counting.RECONSIDERATION))
        assert bound == end_of(2025, *last)

    def test_reconsideration_article_88_leaves_sixty_days_calendar_days(self) -> None:
        assert due(at(2025, 9, 2, 10), terms.days(60, Counting.RECONSIDERATION)) == end_of(2025, 11, 3)

    def test_petition_days_are_calendar_days_and_never_moved(self) -> None:
        # Regulation on Petition Work, art. 22.
        assert due(at(2025, 9, 20, 10), terms.days(15, Counting.PETITION)) == end_of(2025, 10, 5)

    def test_petition_objection_is_in_working_days(self) -> None:
        # Regulation on Petition Work, art. 23(3).
        assert due(at(2025, 9, 30, 10), terms.working_days(5, Counting.PETITION)) == end_of(2025, 10, 14)

    def test_consumer_complaint_days_are_working_days(self) -> None:
        # Measures on complaints, art. 14; written either way.
        in_days = due(at(2025, 9, 30, 10), terms.days(7, Counting.CONSUMER))
        assert in_days == due(at(2025, 9, 30, 10), terms.working_days(7, Counting.CONSUMER))
        assert in_days == end_of(2025, 10, 16)

    def test_elapsed_hours_are_exact_over_holidays(self) -> None:
        assert due(at(2025, 9, 30, 23, 59), terms.hours(24)) == at(2025, 10, 1, 23, 59)
        assert due(at(2025, 9, 30, 23, 59), terms.minutes(5)) == at(2025, 10, 1, 0, 4)

    def test_elapsed_days_are_24_hours_each(self) -> None:
        assert due(at(2025, 9, 30, 8), terms.days(2, Counting.ELAPSED)) == at(2025, 10, 2, 8)


class TestSuspension:
    def test_elapsed_time_is_put_off_by_exactly_the_time_suspended(self) -> None:
        bound = due(at(2025, 11, 3, 9), terms.hours(24))
        paused = (at(2025, 11, 3, 10), at(2025, 11, 3, 12, 30))
        assert terms.resume(bound, *paused, terms.hours(24), CHINA) == at(2025, 11, 4, 11, 30)
        assert terms.shifted(bound, timedelta(hours=2, minutes=30)) == at(2025, 11, 4, 11, 30)
        assert due(at(2025, 11, 3, 9), terms.hours(24), Suspension(*paused)) == at(2025, 11, 4, 11, 30)

    def test_two_overlapping_suspensions_count_once(self) -> None:
        suspensions = [
            Suspension(at(2025, 11, 3, 10), at(2025, 11, 3, 12)),
            Suspension(at(2025, 11, 3, 11), at(2025, 11, 3, 13)),
        ]
        assert due(at(2025, 11, 3, 9), terms.hours(24), *suspensions) == at(2025, 11, 4, 12)

    def test_a_time_suspended_before_the_term_began_changes_nothing(self) -> None:
        earlier = Suspension(at(2025, 11, 2, 9), at(2025, 11, 3, 9))
        assert due(at(2025, 11, 3, 9), terms.hours(24), earlier) == at(2025, 11, 4, 9)

    def test_whole_suspended_days_are_not_counted(self) -> None:
        # Suspended Tuesday 10:00 to Friday 15:00: Wednesday and Thursday are whole.
        bound = due(at(2025, 11, 3, 9), terms.days(15, Counting.PETITION))
        paused = (at(2025, 11, 4, 10), at(2025, 11, 7, 15))
        assert bound == end_of(2025, 11, 18)
        assert terms.resume(bound, *paused, terms.days(15, Counting.PETITION), CHINA) == end_of(2025, 11, 20)

    def test_a_suspension_from_midnight_to_midnight_is_whole(self) -> None:
        suspension = Suspension(at(2025, 11, 4), at(2025, 11, 6))
        assert suspension.whole_days() == [date(2025, 11, 4), date(2025, 11, 5)]

    def test_a_suspension_within_a_day_gives_no_day(self) -> None:
        assert Suspension(at(2025, 11, 4, 9), at(2025, 11, 4, 17)).whole_days() == []
        assert Suspension(at(2025, 11, 4, 9), at(2025, 11, 5, 17)).whole_days() == []

    def test_only_suspended_working_days_are_made_good_in_a_term_of_working_days(self) -> None:
        # Friday 7 to Tuesday 11 November: two of the whole days are a weekend.
        term = terms.working_days(5)
        paused = (at(2025, 11, 7), at(2025, 11, 12))
        bound = due(at(2025, 11, 5, 9), term)
        assert bound == end_of(2025, 11, 12)
        assert terms.resume(bound, *paused, term, CHINA) == end_of(2025, 11, 17)

    def test_a_suspended_last_day_is_made_good_and_a_suspended_first_day_was_never_counted(self) -> None:
        start, term = at(2025, 11, 3, 9), terms.days(3)
        assert due(start, term) == end_of(2025, 11, 6)
        assert due(start, term, Suspension(at(2025, 11, 6), at(2025, 11, 7))) == end_of(2025, 11, 7)
        assert due(start, term, Suspension(at(2025, 11, 3), at(2025, 11, 4))) == end_of(2025, 11, 6)

    def test_a_suspension_after_the_end_revives_nothing(self) -> None:
        bound = due(at(2025, 11, 3, 9), terms.days(1))
        assert terms.resume(bound, bound, bound + timedelta(days=9), terms.days(1), CHINA) == bound
        exact = due(at(2025, 11, 3, 9), terms.hours(1))
        assert terms.resume(exact, exact, exact + timedelta(days=9), terms.hours(1), CHINA) == exact

    def test_a_recount_knows_that_a_shift_was_not_yet_time(self) -> None:
        # Day 7 is Friday 3 October, moved to the 9th. With the 27th to the 29th suspended day 7 is Monday
        # 6 October: still in the holiday, so still the 9th.
        suspension = Suspension(at(2025, 9, 27), at(2025, 9, 30))
        assert due(at(2025, 9, 26, 10), terms.days(7), suspension) == end_of(2025, 10, 9)

    def test_a_suspension_can_not_end_before_it_starts(self) -> None:
        with pytest.raises(ValueError, match="end: "):
            Suspension(at(2025, 11, 4), at(2025, 11, 3))
        with pytest.raises(ValueError, match="suspended: "):
            terms.shifted(at(2025, 11, 4), timedelta(seconds=-1))

    def test_custody_resumed_on_a_holiday_is_still_not_shifted(self) -> None:
        term = terms.days(7, Counting.CUSTODY)
        bound = due(at(2025, 9, 24, 10), term)
        paused = (at(2025, 9, 26), at(2025, 9, 28))
        assert terms.resume(bound, *paused, term, CHINA) == end_of(2025, 10, 3)


class TestExtension:
    def test_an_extension_begins_where_the_term_ended(self) -> None:
        # Regulation on Petition Work, art. 34: 60 days and up to 30 more.
        bound = due(at(2025, 6, 1, 10), terms.days(60, Counting.PETITION))
        assert bound == end_of(2025, 7, 31)
        assert terms.extended(bound, terms.days(30, Counting.PETITION), CHINA) == end_of(2025, 8, 30)

    def test_an_extension_by_months_keeps_the_corresponding_day(self) -> None:
        # Civil Procedure Law, art. 164: 3 months and 1 more.
        bound = due(at(2025, 6, 10, 10), terms.months(3, Counting.CIVIL_PROCEDURE))
        assert bound == end_of(2025, 9, 10)
        assert terms.extended(bound, terms.months(1, Counting.CIVIL_PROCEDURE), CHINA) == end_of(2025, 10, 10)

    def test_an_extension_that_ends_in_a_holiday_is_shifted(self) -> None:
        bound = due(at(2025, 9, 11, 10), terms.days(15, Counting.CIVIL_PROCEDURE))
        assert bound == end_of(2025, 9, 26)
        assert terms.extended(bound, terms.days(10, Counting.CIVIL_PROCEDURE), CHINA) == end_of(2025, 10, 9)

    def test_an_elapsed_extension_is_exact(self) -> None:
        assert terms.extended(at(2025, 10, 1, 9, 30), terms.hours(24), CHINA) == at(2025, 10, 2, 9, 30)


class TestTerm:
    def test_a_term_of_nothing_is_refused(self) -> None:
        with pytest.raises(ValueError, match="amount: "):
            terms.days(0)

    @pytest.mark.parametrize("unit", [Unit.WORKING_DAY, Unit.MONTH, Unit.YEAR])
    def test_elapsed_time_can_not_be_counted_in_units_of_the_calendar(self, unit: Unit) -> None:
        with pytest.raises(ValueError, match="unit: elapsed"):
            Term(1, unit, Counting.ELAPSED)

    def test_only_an_elapsed_term_has_an_exact_length(self) -> None:
        assert terms.days(15, Counting.ELAPSED).span == timedelta(days=15)
        with pytest.raises(ValueError, match="no exact length"):
            _ = terms.days(15).span

    def test_a_start_without_time_zone_is_refused(self) -> None:
        for term in (terms.hours(1), terms.days(1)):
            with pytest.raises(ValueError, match="no time zone"):
                due(datetime(2025, 11, 3), term)

    def test_every_regime_names_its_source(self) -> None:
        assert {counting for counting in Counting if terms.REGIMES[counting].source} == set(Counting)

    def test_a_rule_gives_its_term_and_its_extension(self) -> None:
        rule = loop_rules().at("labour.award", date(2025, 6, 1))
        assert terms.term_of(rule) == terms.days(45, Counting.CIVIL_PROCEDURE)
        assert terms.extension_of(rule) == terms.days(15, Counting.CIVIL_PROCEDURE)

    def test_a_rule_without_term_or_extension_is_named(self) -> None:
        on = date(2025, 6, 1)
        with pytest.raises(ValueError, match=r"petition\.group_representatives sets no term"):
            terms.term_of(loop_rules().at("petition.group_representatives", on))
        with pytest.raises(ValueError, match=r"petition\.forward allows no extension"):
            terms.extension_of(loop_rules().at("petition.forward", on))

    def test_every_term_among_the_rules_can_be_counted(self) -> None:
        start = at(2025, 6, 2, 10)
        found = [rule for rule in loop_rules().all() if rule.is_term]
        assert found
        for rule in found:
            bound = due(start, terms.term_of(rule))
            assert bound > start
            if rule.extension:
                assert terms.extended(bound, terms.extension_of(rule), CHINA) > bound


class TestProvisional:
    def test_a_due_date_beyond_the_announced_holidays_is_provisional(self) -> None:
        start = datetime.combine(CHINA.known_until, datetime.min.time(), LOCAL)
        for term in (terms.days(30), terms.working_days(5, Counting.PETITION)):
            assert terms.is_provisional(due(start, term), term, CHINA)

    def test_what_rests_on_no_holiday_is_never_provisional(self) -> None:
        start = datetime.combine(CHINA.known_until, datetime.min.time(), LOCAL)
        for term in (terms.hours(48), terms.days(30, Counting.PETITION), terms.days(7, Counting.CUSTODY)):
            assert not terms.is_provisional(due(start, term), term, CHINA)

    def test_a_due_date_within_the_announced_holidays_is_firm(self) -> None:
        term = terms.days(30)
        assert not terms.is_provisional(due(at(2025, 6, 2), term), term, CHINA)


def loop_rules() -> RuleBook:
    return RuleBook.load(path for path in (files("anlan.loop") / "rules").iterdir())


moments = st.datetimes(datetime(2010, 1, 1), datetime(2030, 1, 1)).map(lambda naive: naive.replace(tzinfo=UTC))
countable = [(unit, counting) for counting in Counting for unit in Unit if counting.counts(unit)]
kinds = st.sampled_from(countable)


@given(kinds, st.integers(1, 90), moments, moments)
def test_a_later_start_is_never_due_earlier(
    kind: tuple[Unit, Counting], amount: int, first: datetime, second: datetime
) -> None:
    earlier, later = sorted([first, second])
    term = Term(amount, *kind)
    assert due(earlier, term) <= due(later, term)


@given(kinds.filter(lambda kind: kind[1] is not Counting.RECONSIDERATION), st.integers(1, 90), moments)
def test_a_longer_term_is_never_due_earlier(kind: tuple[Unit, Counting], amount: int, start: datetime) -> None:
    assert due(start, Term(amount, *kind)) <= due(start, Term(amount + 1, *kind))


@given(kinds, st.integers(1, 90), moments)
def test_a_term_ends_after_its_start_and_in_utc(kind: tuple[Unit, Counting], amount: int, start: datetime) -> None:
    bound = due(start, Term(amount, *kind))
    assert bound > start
    assert bound.tzinfo is UTC


@given(kinds, st.integers(1, 90), moments)
def test_a_term_that_shifts_or_counts_working_days_ends_on_a_working_day(
    kind: tuple[Unit, Counting], amount: int, start: datetime
) -> None:
    term = Term(amount, *kind)
    if not term.is_elapsed and (term.regime.shifts or term.is_in_working_days):
        last_day = (due(start, term).astimezone(LOCAL) - timedelta(days=1)).date()
        assert CHINA.is_working_day(last_day)


@given(kinds, st.integers(1, 60), moments, st.floats(0, 400), st.floats(0, 400))
def test_a_suspension_never_makes_a_term_shorter_nor_longer_than_itself_and_a_holiday(
    kind: tuple[Unit, Counting], amount: int, start: datetime, after: float, lasting: float
) -> None:
    term = Term(amount, *kind)
    begun = start + timedelta(hours=after)
    suspension = Suspension(begun, begun + timedelta(hours=lasting))
    plain = due(start, term)
    longest_holiday = timedelta(days=24)  # working days lost in a suspension may fall before a holiday
    assert plain <= due(start, term, suspension) <= plain + 2 * timedelta(hours=lasting) + longest_holiday
    assert terms.resume(plain, suspension.start, suspension.end, term, CHINA) >= plain
