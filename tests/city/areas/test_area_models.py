"""The tree holds its shape by constraint: whatever writes it, a grid lies in exactly one community."""

from datetime import date
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.db.models import ProtectedError

from anlan.city.areas.models import Area
from anlan.city.people.access import postings_of
from anlan.city.people.models import Account, Organisation, Posting, Unit
from tests.cast import CITY, COMMUNITY, CUIYUAN, GRID, WENXIN

pytestmark = pytest.mark.django_db


def add(path: str, **changes: Any) -> Area:
    labels = path.split(".")
    given = {
        "code": labels[-1],
        "path": path,
        "level": len(labels),
        "parent_id": labels[-2] if len(labels) > 1 else None,
        "name": "新",
        "kind": "网格",
        "valid_from": date(2026, 1, 1),
        **changes,
    }
    with transaction.atomic():
        return Area.objects.create(**given)


def test_an_area_of_the_right_shape_is_taken() -> None:
    assert add(f"{COMMUNITY}.330106013001002").parent_id == "330106013001"


@pytest.mark.parametrize(
    ("constraint", "changes"),
    [
        ("area_level_is_depth", {"level": 4}),
        ("area_path_ends_in_code", {"code": "330106013001003"}),
        ("area_path_goes_through_parent", {"parent_id": "330106004001"}),
        ("area_path_goes_through_parent", {"parent_id": None}),
    ],
)
def test_an_area_of_another_shape_is_refused(constraint: str, changes: dict[str, Any]) -> None:
    with pytest.raises(IntegrityError, match=constraint):
        add(f"{COMMUNITY}.330106013001002", **changes)


def test_a_parent_that_is_not_there_is_refused() -> None:
    with transaction.atomic():
        add(f"{CITY}.999999.999999001")
        with pytest.raises(IntegrityError, match="parent"):
            transaction.get_connection().check_constraints()
        transaction.set_rollback(True)


def test_an_area_with_something_below_can_not_be_removed() -> None:
    with pytest.raises(ProtectedError):
        Area.objects.get(path=WENXIN).delete()


def test_everything_below_an_area_is_found_by_its_path() -> None:
    below = Area.objects.extra(where=["path <@ %s::ltree"], params=[WENXIN]).values_list("path", flat=True)
    assert set(below) == {WENXIN, COMMUNITY, GRID}


def test_an_area_has_one_command_centre() -> None:
    with pytest.raises(IntegrityError, match="one_command_centre_an_area"), transaction.atomic():
        Organisation.objects.create(name="又一个", kind="command", area=Area.objects.get(path=WENXIN))


def test_a_unit_off_duty_has_no_position() -> None:
    unit = Unit.objects.get(name__startswith="li")
    with pytest.raises(IntegrityError, match="unit_position_only_on_duty"), transaction.atomic():
        Unit.objects.filter(id=unit.id).update(on_duty=False)
    Unit.objects.filter(id=unit.id).update(on_duty=False, lon=None, lat=None, position_at=None)


def test_a_shift_has_both_ends_or_none() -> None:
    with pytest.raises(IntegrityError, match="unit_shift_whole"), transaction.atomic():
        Unit.objects.update(shift_start="08:00")


class TestPostings:
    def post(self, **changes: Any) -> Posting:
        given = {
            "account": Account.objects.get(username="wang"),
            "role": "DISPATCHER",
            "area": Area.objects.get(path=WENXIN),
            "starts": date(2026, 1, 1),
            "ends": date(2026, 2, 1),
            **changes,
        }
        with transaction.atomic():
            return Posting.objects.create(**given)

    def test_a_responder_belongs_to_a_unit(self) -> None:
        with pytest.raises(IntegrityError, match="posting_responder_has_unit"):
            self.post(role="RESPONDER")

    def test_a_posting_does_not_end_before_it_starts(self) -> None:
        with pytest.raises(IntegrityError, match="posting_not_over_before_it_starts"):
            self.post(ends=date(2025, 12, 31))

    def test_one_taken_back_on_its_first_day_ends_on_that_day_and_counts_for_none(self) -> None:
        taken_back = self.post(ends=date(2026, 1, 1))
        assert not postings_of(taken_back.account, on=date(2026, 1, 1)).exists()
        self.post()

    def test_the_same_posting_is_not_held_twice_at_once(self) -> None:
        self.post()
        with pytest.raises(IntegrityError, match="posting_held_once_at_a_time"):
            self.post(starts=date(2026, 1, 31), ends=None)

    def test_it_can_follow_on_the_day_the_other_ends_or_be_held_elsewhere(self) -> None:
        self.post()
        self.post(starts=date(2026, 2, 1), ends=None)
        self.post(area=Area.objects.get(path=CUIYUAN))
        self.post(role="AUDITOR")
