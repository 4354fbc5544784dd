"""A city's own versions of rules, laid over those of the files."""

from datetime import date

import pytest

from anlan.foundation.rules import Rule, RuleBook, UnknownRule


def rule(id: str = "a.b", value: int = 1, start: str = "2020-01-01", until: str | None = None) -> Rule:
    return Rule.model_validate(
        {
            "id": id,
            "kind": "setting",
            "title": "某",
            "title_en": "some",
            "value": value,
            "source": "s",
            "source_en": "s",
            "evidence": "design",
            "from": start,
            **({"until": until} if until else {}),
        }
    )


BOOK = RuleBook([rule()])


def test_a_further_version_counts_from_its_first_day_and_the_one_before_until_then() -> None:
    book = BOOK.amended([rule(value=2, start="2026-03-01")])
    assert book.at("a.b", date(2026, 2, 28)).value == 1
    assert book.at("a.b", date(2026, 3, 1)).value == 2


def test_a_version_ends_where_a_later_one_of_the_files_begins() -> None:
    book = RuleBook([rule(until="2027-12-31"), rule(value=9, start="2028-01-01")])
    amended = book.amended([rule(value=2, start="2026-03-01")])
    assert [each.value for each in amended.versions("a.b")] == [1, 2, 9]
    assert amended.at("a.b", date(2027, 12, 31)).value == 2
    assert amended.at("a.b", date(2028, 1, 1)).value == 9


def test_of_two_from_one_day_the_citys_counts() -> None:
    assert BOOK.amended([rule(value=5)]).at("a.b", date(2021, 1, 1)).value == 5


def test_the_book_itself_stays_as_it_was() -> None:
    BOOK.amended([rule(value=2, start="2026-03-01")])
    assert BOOK.at("a.b", date(2026, 3, 1)).value == 1


def test_a_version_of_no_rule_is_refused() -> None:
    with pytest.raises(UnknownRule):
        BOOK.amended([rule("c.d")])
