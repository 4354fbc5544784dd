"""What a process keeps in memory is forgotten when another one has changed it."""

import pytest
from django.db import transaction
from pytest_django import DjangoCaptureOnCommitCallbacks

from anlan.city.areas.atlas import atlas
from anlan.city.areas.models import Area
from anlan.city.people.models import Organisation
from anlan.city.people.queries import office_name
from anlan.foundation import freshness
from anlan.foundation.models import Topic
from tests.cast import GRID


@pytest.fixture(autouse=True)
def seen(db: None) -> None:
    """Whatever other tests have changed has been looked at, twice."""
    freshness.look()
    freshness.look()


def elsewhere(topic: str) -> None:
    """Another process has changed a topic: its row moves, and nobody here was told."""
    row, _ = Topic.objects.get_or_create(name=topic)
    row.changes += 1
    row.save()


def test_what_another_process_changed_is_forgotten_at_the_next_look() -> None:
    office = Organisation.objects.get(name="文新街道综合信息指挥室")
    assert office_name(office.id) == "文新街道综合信息指挥室"
    Organisation.objects.filter(id=office.id).update(name="文新街道指挥中心")
    elsewhere("organisations")
    assert office_name(office.id) == "文新街道综合信息指挥室"
    assert freshness.look() == 1
    assert office_name(office.id) == "文新街道指挥中心"


def test_whoever_changes_something_sees_it_at_once_after_the_commit(
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    code = GRID.rpartition(".")[2]
    assert atlas().names[code] == "第一网格"
    with django_capture_on_commit_callbacks(execute=True), transaction.atomic():
        Area.objects.filter(code=code).update(name="第九网格")
        freshness.changed("areas")
        assert atlas().names[code] == "第一网格"
    assert atlas().names[code] == "第九网格"
    atlas.cache_clear()


def test_what_a_reader_kept_a_moment_too_late_is_forgotten_at_the_look_after() -> None:
    """It had read the old row before the commit, and kept it after the first look."""
    office = Organisation.objects.get(name="文新街道综合信息指挥室")
    elsewhere("organisations")
    freshness.look()
    office_name(office.id)
    Organisation.objects.filter(id=office.id).update(name="文新街道指挥中心")
    assert freshness.look() == 0
    assert office_name(office.id) == "文新街道指挥中心"


def test_a_topic_that_did_not_change_is_kept() -> None:
    before = atlas()
    elsewhere("organisations")
    freshness.look()
    assert atlas() is before


def test_a_change_that_is_rolled_back_is_none() -> None:
    with transaction.atomic():
        freshness.changed("areas")
        transaction.set_rollback(True)
    assert freshness.look() == 0
