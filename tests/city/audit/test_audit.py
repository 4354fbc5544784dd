"""The audit log: appended to, chained, held to the areas of its reader, and silent on what is sealed."""

import pytest
from django.db import ProgrammingError, connections

from anlan.city.audit.models import AuditEntry
from anlan.city.audit.recording import broken, changing
from anlan.city.people.access import scope_of, scoped, system
from anlan.city.people.models import Account, Organisation, Unit
from tests.cast import CUIYUAN, WENXIN, Cast
from tests.services.administration.city import acting, administrator, written


def rename(area: str = WENXIN, name: str = "新名") -> None:
    office = Organisation.objects.get(area__path=area, kind="command")
    with changing(office, verb="change", by=system(), area=area, reason="试"):
        office.name = name
        office.save()


def test_an_entry_has_the_values_before_and_after_of_what_changed(cast: Cast) -> None:
    rename()
    (entry,) = written()
    assert entry.difference == {"name": ["文新街道综合信息指挥室", "新名"]}
    assert (entry.seq, entry.what, entry.verb, entry.area) == (1, "people.organisation", "change", WENXIN)


def test_of_a_sealed_field_only_that_it_changed(cast: Cast) -> None:
    account = Account.objects.get(username="li")
    with changing(account, verb="change", by=system(), area=WENXIN):
        account.name, account.phone = "别的名字", "13900001111"
        account.save()
    assert written()[0].difference == {"name": "changed", "phone": "changed", "phone_index": "changed"}


def test_a_change_that_fails_leaves_no_entry(cast: Cast) -> None:
    office = Organisation.objects.get(area__path=WENXIN)
    with pytest.raises(RuntimeError), changing(office, verb="change", by=system(), area=WENXIN):
        raise RuntimeError
    assert written() == []


def test_what_is_made_and_what_is_gone_are_both_told(cast: Cast) -> None:
    desk = Organisation.objects.get(area__path=WENXIN)
    unit = Unit(name="临时", kind="patrol", organisation=desk, home=desk.area)
    with changing(unit, verb="create", by=system(), area=WENXIN):
        unit.save()
    key = str(unit.pk)
    with changing(unit, verb="remove", by=system(), area=WENXIN):
        unit.delete()
    made, gone = written()
    assert made.difference["name"] == [None, "临时"]
    assert gone.difference["name"] == ["临时", None]
    assert made.object_id == gone.object_id == key


def test_the_application_can_neither_change_nor_remove_an_entry(cast: Cast) -> None:
    rename()
    for act in (lambda: AuditEntry.objects.update(reason="x"), lambda: AuditEntry.objects.all().delete()):
        with pytest.raises(ProgrammingError, match="permission denied"), scoped(scope_of(system())):
            act()


def test_a_town_reads_its_own_entries_only(cast: Cast) -> None:
    rename(WENXIN)
    rename(CUIYUAN)
    with scoped(scope_of(acting(administrator()))):
        assert [entry.area for entry in AuditEntry.objects.all()] == [WENXIN]
    assert not AuditEntry.objects.exists()


def test_an_entry_that_was_rewritten_or_removed_breaks_the_chain(committed: str) -> None:
    rename(name="一")
    rename(name="二")
    rename(name="三")
    assert found() == []
    with connections["owner"].cursor() as cursor:
        cursor.execute("UPDATE audit_auditentry SET reason = '另有原因' WHERE seq = 2")
    assert found() == [2]
    with connections["owner"].cursor() as cursor:
        cursor.execute("DELETE FROM audit_auditentry WHERE seq = 3")
    assert found() == [2, 3]


def found() -> list[int]:
    with scoped(scope_of(system())):
        return broken()
