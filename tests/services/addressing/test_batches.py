"""A file of addresses given in: what is refused names its row, and what is answered is fetched by its owner alone."""

import csv
import io
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import ProgrammingError, transaction
from django.test import Client
from openpyxl import Workbook

from anlan.city.addresses.landing import Given, land
from anlan.city.addresses.models import Level
from anlan.city.addresses.resolving import lookups
from anlan.city.areas.atlas import atlas
from anlan.loop import clock
from anlan.services.addressing import batch_work
from anlan.services.addressing.batches import answers_path, asked_path
from anlan.services.addressing.models import Batch
from tests.cast import Cast
from tests.loop.test_pages import browser


@pytest.fixture(autouse=True)
def home(settings: Any, tmp_path: Path, cast: Cast) -> Iterator[Path]:
    names = {Level.ROAD: "文一西路", Level.NUMBER: "98", Level.COMPOUND: "德加公寓"}
    land([Given("330106013001", names)], atlas(), source="test", on=date(2024, 1, 1))
    lookups.names.cache_clear()
    settings.ANLAN_HOME = tmp_path
    yield tmp_path
    lookups.names.cache_clear()


def given(text: str, client: Client | None = None, name: str = "a.csv", **told: str) -> Any:
    file = SimpleUploadedFile(name, text.encode())
    return (client or browser("chen")).post("/addresses/batches", {"file": file, **told})


def answered(batch: Batch) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(answers_path(batch).read_text(encoding="utf-8-sig"))))


def test_a_file_is_answered_and_fetched_with_its_counts() -> None:
    client = browser("chen")
    assert given("编号,地址\n1,文一西路98号\n2,没有这条路5号\n", client).status_code == 302
    assert "0 / 2" in client.get("/addresses/batches").content.decode()
    assert batch_work.work() == 2
    batch = Batch.objects.get()
    assert (batch.state, batch.resolved, batch.unknown) == ("ready", 1, 1)
    found, unknown = answered(batch)
    assert found["row"] == "2"
    assert found["address_code"]
    assert found["area_code"].startswith("330106013001")
    assert (unknown["verdict"], unknown["address_code"]) == ("unknown", "")
    assert not asked_path(batch).exists()
    answer = client.get(f"/addresses/batches/{batch.id}/file")
    assert b"".join(answer).decode("utf-8-sig").startswith("row,address,verdict")
    assert browser("zhou").get(f"/addresses/batches/{batch.id}/file").status_code == 404


def test_a_workbook_is_read_by_the_heading_that_was_told() -> None:
    book = Workbook(write_only=True)
    sheet = book.create_sheet()
    sheet.append(("号", "Wo"))
    sheet.append((1, "文一西路98号"))
    raw = io.BytesIO()
    book.save(raw)
    file = SimpleUploadedFile("a.xlsx", raw.getvalue())
    assert browser("chen").post("/addresses/batches", {"file": file, "column": "wo"}).status_code == 302
    assert Batch.objects.get().rows == 1


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("地址\n文一西路98号\n文一\x01路\n", "row 3: contains a character"),
        ("编号,地址\n1,文一西路98号\n2,\n", "row 3: it has no address"),
        (f"地址\n{'路' * 10_001}\n", "row 2: its address is longer than 10000 characters"),
        ("地址\n", "the file holds no address"),
        ("路名\n文一西路98号\n", "no heading fits"),
        ("", "the file is empty"),
    ],
)
def test_a_bad_file_is_refused_naming_the_row_and_leaves_nothing(text: str, why: str, home: Path) -> None:
    answer = given(text)
    assert answer.status_code == 422
    assert why in answer.content.decode()
    assert not Batch.objects.exists()
    assert not [each for each in home.rglob("*") if each.is_file()]


def test_no_file_at_all_is_said_beside_the_field() -> None:
    answer = browser("chen").post("/addresses/batches", {})
    assert answer.status_code == 422
    assert "choose a file" in answer.content.decode()


def test_a_second_file_waits_until_the_first_is_called_off() -> None:
    client = browser("chen")
    given("地址\n文一西路98号\n", client)
    assert given("地址\n文一西路98号\n", client).status_code == 409
    first = Batch.objects.get()
    assert client.post(f"/addresses/batches/{first.id}/cancel").status_code == 302
    assert not asked_path(first).exists()
    assert given("地址\n文一西路98号\n", client).status_code == 302


def test_what_a_worker_left_behind_when_it_died_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batch_work, "ROWS_A_PIECE", 2)
    monkeypatch.setattr(batch_work, "PIECES_A_ROUND", 1)
    given("地址\n" + "文一西路98号\n" * 3)
    batch_work.work()
    batch = Batch.objects.get()
    with answers_path(batch).open("a") as file:
        file.write("half a ro")
    batch_work.work()
    assert [row["row"] for row in answered(batch)] == ["2", "3", "4"]


def test_an_address_is_never_run_as_a_formula() -> None:
    given("地址\n=1+1\n")
    batch_work.work()
    assert answered(Batch.objects.get())[0]["address"] == "'=1+1"


def test_the_answers_go_away_after_their_day(monkeypatch: pytest.MonkeyPatch) -> None:
    given("地址\n文一西路98号\n")
    batch_work.work()
    batch, later = Batch.objects.get(), clock.now() + timedelta(hours=25)
    monkeypatch.setattr(clock, "now", lambda: later)
    assert batch_work.work() == 1
    assert Batch.objects.get().state == "expired"
    assert not answers_path(batch).exists()


def test_the_database_lets_nobody_say_that_another_gave_a_file_in() -> None:
    given("地址\n文一西路98号\n")
    with pytest.raises(ProgrammingError), transaction.atomic():
        Batch.objects.update(name="b.csv")
    with pytest.raises(ProgrammingError), transaction.atomic():
        Batch.objects.all().delete()
