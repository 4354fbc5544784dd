"""Area names in words, and how they agree with each other and with a position."""

import pytest

from anlan.loop.suggestions import Meant, Report
from anlan.services.triage.places import Places

NAMES = [
    ("3301", "杭州市"),
    ("330102", "上城区"),
    ("330102001", "清波街道"),
    ("330102001051", "清波门社区"),
    ("330102001052", "劳动路社区"),
    ("330102001053", "朝阳社区"),
    ("330102001054", "人民社区"),
    ("330109", "萧山区"),
    ("330109003", "新街街道"),
    ("330109003015", "朝阳社区"),
    ("330110", "余杭区"),
    ("330110005", "良渚街道"),
    ("330110005001", "良渚村"),
]
PLACES = Places(NAMES)


def area(text: str, address: str = "") -> str | None:
    return PLACES.area(Report(text, address=address))[0]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("清波门社区门口有垃圾", "330102001051"),
        ("上城区清波街道清波门社区", "330102001051"),
        ("上城区的路灯", "330102"),
        ("余杭良渚路灯坏了", "330110005"),
        ("萧山区新街有人乱停车", "330109003"),
        ("上城区那边的劳动路积水", "330102001052"),
    ],
)
def test_the_deepest_area_that_the_words_agree_on_is_taken(text: str, code: str) -> None:
    assert area(text) == code


def test_a_name_borne_twice_needs_the_town_or_district_around_it() -> None:
    assert area("朝阳社区停水") is None
    assert area("萧山区朝阳社区停水") == "330109003015"
    assert area("朝阳社区停水，在清波街道") == "330102001053"


def test_a_name_borne_twice_stays_with_the_city_that_holds_both() -> None:
    assert area("杭州市朝阳社区停水") == "3301"


@pytest.mark.parametrize("text", ["晚上城管来了", "劳动路很堵", "清波荡漾", "上城区人民都说好"])
def test_an_ordinary_word_is_not_taken_for_a_place(text: str) -> None:
    assert area(text) in (None, "330102")
    assert area(text) == ("330102" if "上城区" in text else None)


def test_a_bare_name_counts_in_the_address() -> None:
    assert area("路灯坏了", address="劳动路12号") == "330102001052"


def test_a_bare_name_means_the_town_before_the_village_called_after_it() -> None:
    assert area("", address="良渚") == "330110005"
    assert area("良渚村的路") == "330110005001"


def test_two_districts_named_alike_leave_the_city() -> None:
    assert area("从上城区到萧山区的公交太少") == "3301"


def test_a_position_is_taken_where_no_name_is() -> None:
    code, reasons = Places(NAMES, lambda lon, lat: "330109003").area(Report("路灯", lon=120.3, lat=30.2))
    assert code == "330109003"
    assert [reason.kind for reason in reasons] == ["position"]


def test_a_position_wins_over_a_name_and_the_disagreement_is_said() -> None:
    places = Places(NAMES, lambda lon, lat: "330109003")
    code, reasons = places.area(Report("清波门社区门口有垃圾", lon=120.3, lat=30.2))
    assert code == "330109003"
    assert "不一致" in reasons[-1].text
    assert "清波门社区" in reasons[-1].text
    assert "the position is taken" in reasons[-1].text_en


def test_a_name_inside_the_position_narrows_it_down() -> None:
    places = Places(NAMES, lambda lon, lat: "330102001")
    code, reasons = places.area(Report("清波门社区门口有垃圾", lon=120.16, lat=30.24))
    assert code == "330102001051"
    assert [reason.kind for reason in reasons] == ["position", "place"]


def test_a_position_outside_the_city_or_not_a_number_leaves_the_words() -> None:
    nowhere = Places(NAMES, lambda lon, lat: None)
    assert nowhere.area(Report("清波街道", lon=0.0, lat=0.0))[0] == "330102001"
    somewhere = Places(NAMES, lambda lon, lat: "330109")
    assert somewhere.area(Report("清波街道", lon=float("nan"), lat=1.0))[0] == "330102001"


def test_without_names_nothing_is_found() -> None:
    assert Places(()).area(Report("上城区清波街道", address="上城区")) == (None, ())


def told(text: str, meant: str, located: str | None = None) -> tuple[str | None, list[str]]:
    """The area of a report whose address is one of the base's, and the kinds of the reasons."""
    report = Report(text, lon=120.1 if located else None, lat=30.2 if located else None, meant=Meant(meant))
    area, reasons = Places(NAMES, lambda lon, lat: located).area(report)
    return area, [f"{reason.kind}: {reason.text_en}" for reason in reasons]


def test_an_address_of_the_base_wins_over_names_and_the_disagreement_is_said() -> None:
    area, (address, place) = told("上城区清波街道清波门社区", "330109003015")
    assert area == "330109003015"
    assert address == "address: The address resolves to one in 朝阳社区"
    assert "the address is taken" in place


def test_names_narrow_an_address_down_that_is_known_to_its_district() -> None:
    assert told("上城区清波街道清波门社区", "330102")[0] == "330102001051"


def test_a_position_wins_over_an_address_of_the_base() -> None:
    area, reasons = told("", "330109003015", located="330102001051")
    assert area == "330102001051"
    assert "the position is taken" in reasons[1]


def test_an_address_that_agrees_with_the_position_is_told_too() -> None:
    area, reasons = told("", "330102", located="330102001051")
    assert (area, len(reasons)) == ("330102001051", 2)
