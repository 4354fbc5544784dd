"""Lists taken out: only what the asker may see, nothing personal, in pieces, and gone after a day."""

import csv
import io
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from django.db import IntegrityError, ProgrammingError, connection, transaction
from django.test import Client
from django.utils import translation
from openpyxl import load_workbook

from anlan.city.people.models import Account, Posting
from anlan.loop import clock, exports
from anlan.loop.exports import writing
from anlan.loop.exports.requests import path, unfinished_path
from anlan.loop.models import Export, Matter, Party
from anlan.loop.refusals import BadInput, NotAllowed, NotPossible, Unknown
from tests.cast import CUIYUAN_GRID, Cast
from tests.loop import stories
from tests.loop.test_pages import browser, matter, morning, text

__all__ = ["matter", "morning"]


@pytest.fixture(autouse=True)
def home(settings: Any, tmp_path: Path) -> Path:
    settings.ANLAN_HOME = tmp_path
    return tmp_path


def now(export: Export | UUID) -> Export:
    return Export.objects.get(id=export if isinstance(export, UUID) else export.id)


def rows(export: Export) -> list[dict[str, str]]:
    raw = path(export).read_bytes()
    assert raw.startswith(b"\xef\xbb\xbf")
    return list(csv.DictReader(io.StringIO(raw.decode("utf-8-sig"))))


def test_what_was_asked_for_is_written_and_can_be_fetched(cast: Cast, matter: Matter) -> None:
    client = browser("chen")
    assert client.post("/exports", {"format": "csv", "klass": "ordinary"})["Location"] == "/exports"
    (export,) = exports.mine(cast.chen)
    assert "waiting its turn" in text(client.get("/exports"))
    assert exports.work() == 1
    assert now(export).state == "ready"
    (row,) = rows(export)
    assert (row["Number"], row["Title"], row["Town or street"]) == (matter.reference, "路灯不亮", "文新街道")
    answer = client.get(f"/exports/{export.id}/file")
    assert answer["Content-Disposition"].startswith("attachment")
    assert b"".join(answer).decode("utf-8-sig").startswith("Number,Title")


def test_it_holds_only_what_the_asker_may_see(cast: Cast, matter: Matter) -> None:
    elsewhere = stories.opened(cast, area=CUIYUAN_GRID)
    asked = {actor: exports.request(actor, {}, "csv") for actor in (cast.chen, cast.zhou, cast.sun)}
    exports.work()
    exports.work()
    seen = [{row["Number"] for row in rows(asked[actor])} for actor in (cast.chen, cast.zhou, cast.sun)]
    assert seen == [{matter.reference}, {elsewhere.reference}, {matter.reference, elsewhere.reference}]


def test_the_scope_is_that_of_the_moment_of_writing(cast: Cast, matter: Matter) -> None:
    export = exports.request(cast.chen, {}, "csv")
    Posting.objects.filter(account__username="chen").update(ends=clock.today())
    exports.work()
    assert now(export).state == "failed"
    assert "may no longer see" in now(export).error
    assert not path(export).exists()


def test_a_posting_that_has_ended_does_not_widen_to_all_others(cast: Cast, matter: Matter) -> None:
    gone = Posting.objects.get(account__username="chen")
    export = exports.request(cast.chen, {}, "csv", posting_id=gone.id)
    Posting.objects.filter(id=gone.id).update(ends=clock.today())
    exports.work()
    assert "no longer held" in now(export).error


def test_nothing_personal_leaves_with_it(cast: Cast, morning: clock.ManualClock) -> None:
    person = Party(part="reporter", name="王秀英", phone="13812345678", address="德加公寓3幢501室")
    stories.opened(
        cast, parties=[person], title="请回电13812345678", address="德加公寓3幢501室", description="我是王秀英"
    )
    export = exports.request(cast.chen, {}, "csv")
    exports.work()
    written = path(export).read_text(encoding="utf-8-sig")
    assert not any(secret in written for secret in ("13812345678", "王秀英", "501室", "德加公寓"))
    assert "138****5678" in written


@pytest.mark.parametrize("title", ['=HYPERLINK("http://x","y")', "+1+1", "-2", "@SUM(A1)", " =1+1"])
def test_a_title_is_never_run_as_a_formula(cast: Cast, morning: clock.ManualClock, title: str) -> None:
    stories.opened(cast, title=title)
    asked = [exports.request(cast.chen, {}, format) for format in ("csv", "xlsx")]
    exports.work()
    assert rows(asked[0])[0]["Title"] == f"'{title}"
    cell = load_workbook(path(asked[1])).worksheets[0]["B2"]
    assert (cell.data_type, cell.value) == ("s", title)


def test_a_workbook_holds_the_same_rows_and_numbers_as_numbers(cast: Cast, matter: Matter) -> None:
    export = exports.request(cast.chen, {}, "xlsx")
    exports.work()
    book = load_workbook(path(export), read_only=True)
    heading, row = book.worksheets[0].iter_rows(values_only=True)
    told = dict(zip(heading, row, strict=True))
    assert told["Number"] == matter.reference
    assert told["Deadlines running"] == 1
    assert not unfinished_path(export).exists()


def test_the_row_tells_how_the_clocks_went_and_how_it_ended(cast: Cast, morning: clock.ManualClock) -> None:
    stories.resolved(cast)
    export = exports.request(cast.chen, {}, "csv")
    exports.work()
    (row,) = rows(export)
    assert row["Settled"] == "2026-03-02 09:00"
    assert row["Closed"] == ""
    assert int(row["Deadlines kept"]) >= 3
    assert row["Deadlines kept late"] == "0"
    assert row["Result"] == "solved"


def test_the_heading_is_in_the_language_it_was_asked_in(cast: Cast, matter: Matter) -> None:
    with translation.override("zh-hans"):
        export = exports.request(cast.chen, {}, "csv")
    exports.work()
    assert rows(export)[0]["标题"] == "路灯不亮"


def test_a_large_one_is_written_in_pieces_with_its_progress(
    cast: Cast, matter: Matter, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(4):
        stories.opened(cast)
    monkeypatch.setattr(writing, "ROWS_A_PIECE", 2)
    monkeypatch.setattr(writing, "PIECES_A_ROUND", 1)
    export = exports.request(cast.chen, {}, "csv")
    exports.work()
    assert (now(export).state, now(export).rows_done, now(export).rows) == ("running", 2, 5)
    page = text(browser("chen").get("/exports"))
    assert '<progress max="5" value="2"' in page
    assert "http-equiv" in page
    exports.work()
    exports.work()
    assert now(export).state == "ready"
    assert len({row["Number"] for row in rows(export)}) == 5
    assert "http-equiv" not in text(browser("chen").get("/exports"))


def test_what_a_dead_worker_wrote_beyond_the_last_known_row_is_cut_off(
    cast: Cast, matter: Matter, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(3):
        stories.opened(cast)
    monkeypatch.setattr(writing, "ROWS_A_PIECE", 2)
    monkeypatch.setattr(writing, "PIECES_A_ROUND", 1)
    export = exports.request(cast.chen, {}, "csv")
    exports.work()
    with unfinished_path(export).open("ab") as file:
        file.write(b"half a row, and then the lights went")
    exports.work()
    exports.work()
    assert len(rows(export)) == 4
    assert all(row["Number"].startswith("26") for row in rows(export))


def test_a_fault_is_tried_again_but_not_for_ever(cast: Cast, matter: Matter, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise OSError("the disk is full")

    monkeypatch.setattr(writing, "_append", broken)
    monkeypatch.setattr(writing, "PIECES_A_ROUND", 1)
    export = exports.request(cast.chen, {}, "csv")
    exports.work()
    assert now(export).is_under_way
    exports.work()
    exports.work()
    assert now(export).state == "failed"
    assert "the disk" not in now(export).error
    assert "could not be written" in text(browser("chen").get("/exports"))


def test_too_many_rows_are_refused_in_words(cast: Cast, matter: Matter, monkeypatch: pytest.MonkeyPatch) -> None:
    stories.opened(cast)
    monkeypatch.setattr(writing, "setting", lambda rule: 1)
    export = exports.request(cast.chen, {}, "csv")
    exports.work()
    assert now(export).state == "failed"
    assert "more than 1 matters fit" in now(export).error


def test_the_filters_of_the_list_hold(cast: Cast, matter: Matter) -> None:
    stories.opened(cast, title="噪音扰民", category="environment.noise")
    export = exports.request(cast.chen, {"q": "噪音", "open": "true", "cursor": "old"}, "csv")
    exports.work()
    assert [row["Title"] for row in rows(export)] == ["噪音扰民"]


@pytest.mark.parametrize(
    ("filters", "field"), [({"klass": "nonsense"}, "klass"), ({"area": "9999"}, "area"), ({"phone": "1"}, "phone")]
)
def test_a_filter_that_is_none_is_refused_by_name(
    cast: Cast, matter: Matter, filters: dict[str, str], field: str
) -> None:
    with pytest.raises(BadInput) as refused:
        exports.request(cast.chen, filters, "csv")
    assert refused.value.field == field


def test_only_desks_take_lists_out(cast: Cast, matter: Matter) -> None:
    with pytest.raises(NotAllowed):
        exports.request(cast.li, {}, "csv")
    assert browser("li").get("/exports").status_code == 403
    assert browser("wang").post("/exports", {"format": "csv"}).status_code == 403
    assert Client().get("/exports").status_code == 302


def test_nobody_else_sees_fetches_or_cancels_it(cast: Cast, matter: Matter) -> None:
    export = exports.request(cast.chen, {}, "csv")
    assert str(export.id) not in text(browser("wu").get("/exports"))
    with pytest.raises(Unknown):
        exports.cancel(cast.wu, export.id)
    exports.work()
    assert browser("wu").get(f"/exports/{export.id}/file").status_code == 404


def test_one_that_waits_can_be_cancelled_and_then_is_not_written(cast: Cast, matter: Matter) -> None:
    export = exports.request(cast.chen, {}, "csv")
    client = browser("chen")
    client.post(f"/exports/{export.id}/cancel")
    assert exports.work() == 0
    assert now(export).state == "cancelled"
    assert client.get(f"/exports/{export.id}/file").status_code == 404
    assert client.post(f"/exports/{export.id}/cancel").status_code == 409


def test_after_a_day_the_file_is_gone_and_the_row_stays(cast: Cast, morning: clock.ManualClock) -> None:
    export = exports.request(cast.chen, {}, "csv")
    exports.work()
    morning.advance(timedelta(hours=24))
    assert browser("chen").get(f"/exports/{export.id}/file").status_code == 404
    assert exports.work() == 1
    assert now(export).state == "expired"
    assert not path(export).exists()


def test_only_so_many_are_under_way_at_once(cast: Cast, matter: Matter) -> None:
    for _ in range(3):
        exports.request(cast.chen, {}, "csv")
    with pytest.raises(NotPossible):
        exports.request(cast.chen, {}, "csv")


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE loop_export SET account_id = account_id",
        "UPDATE loop_export SET filters = '{}'",
        "DELETE FROM loop_export",
    ],
)
def test_who_took_out_what_can_not_be_changed(cast: Cast, matter: Matter, statement: str) -> None:
    exports.request(cast.chen, {}, "csv")
    with pytest.raises((ProgrammingError, IntegrityError)), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)


def test_the_file_is_for_the_program_alone(cast: Cast, matter: Matter) -> None:
    export = exports.request(cast.chen, {}, "xlsx")
    exports.work()
    assert path(export).stat().st_mode & 0o077 == 0
    assert path(export).parent.stat().st_mode & 0o077 == 0


def test_an_account_that_was_closed_gets_nothing(cast: Cast, matter: Matter) -> None:
    export = exports.request(cast.chen, {}, "csv")
    Account.objects.filter(username="chen").update(is_active=False)
    exports.work()
    assert now(export).state == "failed"
