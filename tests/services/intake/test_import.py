"""Files as offices send them: the good rows land, each bad one comes back with its reason."""

import csv
import gzip
import io
import json
import stat
import zipfile
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from openpyxl import Workbook

from anlan.city.people.access import scope_of, scoped, system
from anlan.foundation.tables import text as text_tables
from anlan.foundation.tables import workbook as workbooks
from anlan.loop.models import Matter, Party
from tests.cast import GRID

pytestmark = pytest.mark.django_db

HEAD = "编号,标题,内容,经度,纬度,地址,区划代码,类别,姓名,电话\n"
GOOD = "A{n},路灯不亮,小区门口路灯第{n}天不亮,,,文三路,330106013001001,city.lighting,王建国,13812345678\n"


def matters() -> list[Matter]:
    with scoped(scope_of(system())):
        return list(Matter.objects.order_by("number"))


def run(path: Path, *arguments: str, code: int = 0) -> dict[str, Any]:
    """What the command prints with --json."""
    out = io.StringIO()
    if code:
        with pytest.raises(SystemExit) as ended:
            call_command("import", str(path), "--json", *arguments, stdout=out)
        assert ended.value.code == code
    else:
        call_command("import", str(path), "--json", *arguments, stdout=out)
    printed: dict[str, Any] = json.loads(out.getvalue())
    return printed


def refused(path: Path, *arguments: str) -> str:
    """Why the file as a whole is refused; nothing has landed."""
    with pytest.raises(CommandError) as why:
        call_command("import", str(path), *arguments)
    assert why.value.returncode == 2
    assert matters() == []
    return str(why.value)


def rejects(path: Path) -> list[dict[str, str]]:
    with path.with_name(path.name + ".rejects.csv").open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def a_file(folder: Path, content: str | bytes, name: str = "reports.csv") -> Path:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def a_workbook(folder: Path, rows: list[list[Any]], name: str = "reports.xlsx") -> Path:
    book = Workbook()
    for row in rows:
        book.worksheets[0].append(row)
    book.save(folder / name)
    return folder / name


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
def test_a_file_lands_whatever_encoding_it_comes_in(tmp_path: Path, encoding: str) -> None:
    path = a_file(tmp_path, (HEAD + GOOD.format(n=1)).encode(encoding))
    assert run(path)["landed"] == 1
    (matter,) = matters()
    assert (matter.title, matter.category, matter.area, matter.channel, matter.source_id) == (
        *("路灯不亮", "city.lighting", GRID),
        *("file", "A1"),
    )
    with scoped(scope_of(system())):
        party = Party.objects.get(matter_id=matter.id)
    assert (party.name, party.phone) == ("王建国", "13812345678")


def test_ten_percent_bad_rows_cost_nothing_but_themselves(tmp_path: Path) -> None:
    lines = [GOOD.format(n=n) for n in range(20)]
    lines[3] = "B3,路灯不亮,不亮,,,,999999999,,,\n"
    lines[11] = "B11,路灯不亮,不亮,,,,,,,不告诉你\n"
    path = a_file(tmp_path, HEAD + "".join(lines))
    printed = run(path, code=1)
    assert (printed["landed"], printed["refused"]) == (18, 2)
    assert {(reason["field"], reason["count"]) for reason in printed["reasons"]} == {("area", 1), ("phone", 1)}
    assert [(row["row"], row["field"], row["编号"]) for row in rejects(path)] == [
        ("5", "area", "B3"),
        ("13", "phone", "B11"),
    ]
    assert all(row["why"] for row in rejects(path))
    assert stat.S_IMODE(Path(printed["rejects"]).stat().st_mode) == 0o600


@pytest.mark.parametrize(
    ("row", "field"),
    [
        ("1,不亮,x,12.5,41.9,,,,,", "lon"),
        ("1,不亮,x,120.1,,,,,,", "lat"),
        ("1,不亮,x,东经120,30,,,,,", "lon"),
        ("1,不亮,x,NaN,30,,,,,", "lon"),
        ("1,不亮,x,1e999999,30,,,,,", "lon"),
        ("1,不亮,x,,,,330199999,,,", "area"),
        ("1,不亮,x,,,,,没有这类,,", "category"),
        ("1,,,,,文三路,,,,", "text"),
        (f"1,{'长' * 201},x,,,,,,,", "title"),
        (f"1,不亮,{'长' * 20001},,,,,,,", "text"),
        ("1,不\x00亮,x,,,,,,,", "title"),
        ("1,不亮,x,,,,,,,1.38E+10", "phone"),
        ("1,不亮,x,,,,,,,,,多出来", ""),
        ('1,"不亮"了,x,,,,,,,', ""),
    ],
)
def test_a_bad_cell_is_refused_by_name_and_its_neighbour_lands(tmp_path: Path, row: str, field: str) -> None:
    path = a_file(tmp_path, HEAD + row + "\n" + GOOD.format(n=2))
    printed = run(path, code=1)
    assert [(reason["field"], reason["count"]) for reason in printed["reasons"]] == [(field, 1)]
    assert [matter.source_id for matter in matters()] == ["A2"]


def test_damaged_characters_are_refused_with_their_row_and_not_guessed(tmp_path: Path) -> None:
    path = a_file(tmp_path, (HEAD + GOOD.format(n=1)).encode() + b"2,\xff\xfe\xe8,x,,,,,,,\n")
    assert run(path, code=1)["landed"] == 1
    assert rejects(path)[0]["field"] == "title"


def test_a_quotation_mark_that_is_never_closed_costs_one_row(tmp_path: Path) -> None:
    good = [GOOD.format(n=n) for n in range(4)]
    path = a_file(tmp_path, HEAD + good[0] + 'X,"没有关上,x,,,,,,,\n' + "".join(good[1:]))
    assert run(path, code=1)["landed"] == 4
    assert [row["row"] for row in rejects(path)] == ["3"]


def test_a_quotation_mark_closed_by_a_later_row_costs_no_row_between(tmp_path: Path) -> None:
    path = a_file(tmp_path, HEAD + 'X,"没有关上,x,,,,,,,\n' + GOOD.format(n=1) + 'A2,"路灯","不亮",,,,,,,\n')
    assert run(path, code=1)["landed"] == 2
    assert [matter.source_id for matter in matters()] == ["A1", "A2"]


def test_a_line_without_end_is_refused_and_the_next_lands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(text_tables, "LONGEST_LINE", 500)
    path = a_file(tmp_path, HEAD + "1,不亮," + "长" * 5000 + "\n" + GOOD.format(n=2))
    assert run(path, code=1)["landed"] == 1


def test_a_cell_may_hold_line_breaks(tmp_path: Path) -> None:
    run(a_file(tmp_path, '标题,内容\n路灯,"一行\n两行"\n'))
    assert matters()[0].description == "一行\n两行"


def test_the_same_file_twice_creates_nothing_twice(tmp_path: Path) -> None:
    path = a_file(tmp_path, "标题,内容\n路灯,不亮\n井盖,丢失\n")
    again = a_file(tmp_path, gzip.compress(path.read_bytes()), "copy.csv.gz")
    assert run(path)["landed"] == 2
    assert (run(again)["landed"], run(again)["already_there"]) == (0, 2)
    assert len(matters()) == 2


def test_equal_rows_of_one_file_are_two_reports(tmp_path: Path) -> None:
    run(a_file(tmp_path, "标题\n路灯不亮\n路灯不亮\n"))
    assert len(matters()) == 2


def test_a_number_of_another_system_is_known_again_in_another_file(tmp_path: Path) -> None:
    run(a_file(tmp_path, HEAD + GOOD.format(n=1)))
    longer = a_file(tmp_path, HEAD + GOOD.format(n=0) + GOOD.format(n=1), "longer.csv")
    printed = run(longer)
    assert (printed["landed"], printed["already_there"]) == (1, 1)


def test_a_number_that_comes_with_another_text_is_refused(tmp_path: Path) -> None:
    run(a_file(tmp_path, "编号,标题\n7,路灯\n"))
    printed = run(a_file(tmp_path, "编号,标题\n7,井盖\n", "other.csv"), code=1)
    assert printed["reasons"][0]["field"] == "source_id"


def test_unknown_headings_are_listed_and_not_guessed(tmp_path: Path) -> None:
    printed = run(a_file(tmp_path, "标题,点赞数,留言时间\n路灯,3,2019/2/28\n"))
    assert printed["unused"] == ["点赞数", "留言时间"]


def test_a_mapping_goes_before_what_is_known(tmp_path: Path) -> None:
    run(a_file(tmp_path, "标题,事由\n代号七,路灯不亮\n"), "--map", "title=事由")
    assert matters()[0].title == "路灯不亮"


@pytest.mark.parametrize(
    ("content", "arguments", "words"),
    [
        ("标题,主题\n路灯,井盖\n", (), "--map title="),
        ("标题\n路灯\n", ("--map", "title=没有"), "没有"),
        ("标题\n路灯\n", ("--map", "colour=标题"), "colour"),
        ("标题\n路灯\n", ("--map", "标题"), "标题"),
        ("标题,地址\n路灯,文三路\n", ("--map", "title=地址", "address=标题", "text=没有"), "没有"),
        ("名称,地址\n路灯,文三路\n", ("--map", "phone=名称"), "--map text="),
        ("颜色,大小\n红,1\n", (), "颜色、大小"),
        ("", (), "reports.csv"),
        ("\n\n\n", (), "reports.csv"),
        (b"\x89PNG\r\n\x1a\n" + bytes(200), (), "reports.csv"),
        (b"PK\x03\x04rest", (), "XLSX"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", (), ".xls"),
    ],
)
def test_a_file_of_which_nothing_can_be_read_is_refused_with_the_reason(
    tmp_path: Path, content: str | bytes, arguments: tuple[str, ...], words: str
) -> None:
    assert words in refused(a_file(tmp_path, content), *arguments)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("reports.xlsx", b"not a workbook"),
        ("reports.xlsx", b"PK\x03\x04 nor this"),
        ("reports.json", b"title\nlamp\n"),
        ("reports.csv.gz", gzip.compress(b"title\nlamp\n", mtime=0)[:-9]),
        ("reports.json", b"[1, 2, 3]"),
        ("reports.json", b"[" * 100_000),
        ("missing/reports.csv", None),
    ],
)
def test_a_file_that_is_not_what_its_name_says_is_refused(tmp_path: Path, name: str, content: bytes | None) -> None:
    refused(a_file(tmp_path, content, name) if content is not None else tmp_path / name)


def test_rejects_can_not_be_written_over_the_file_itself(tmp_path: Path) -> None:
    path = a_file(tmp_path, "标题\n路灯\n")
    refused(path, "--rejects", str(path))
    assert path.read_text() == "标题\n路灯\n"


def test_rejects_run_nothing_in_a_spreadsheet_and_can_be_imported_once_corrected(tmp_path: Path) -> None:
    path = a_file(tmp_path, "标题,内容,电话\n=HYPERLINK(1),@x,说不清\n-1楼漏水,+x,说不清\n")
    assert run(path, code=1)["refused"] == 2
    rows = rejects(path)
    assert [(row["标题"], row["内容"]) for row in rows] == [("'=HYPERLINK(1)", "'@x"), ("'-1楼漏水", "'+x")]
    rejected = path.with_name(path.name + ".rejects.csv")
    corrected = a_file(tmp_path, rejected.read_text(encoding="utf-8-sig").replace("说不清", "'057188881111"), "b.csv")
    assert run(corrected)["unused"] == []
    assert [matter.title for matter in matters()] == ["=HYPERLINK(1)", "-1楼漏水"]


def test_a_dry_run_checks_everything_and_keeps_nothing(tmp_path: Path) -> None:
    path = a_file(tmp_path, HEAD + GOOD.format(n=1) + "1,x,y,,,,999999999,,,\n")
    printed = run(path, "--dry-run", code=1)
    assert (printed["landed"], printed["refused"], matters()) == (1, 1, [])


def test_a_workbook_lands_with_its_numbers_and_below_its_title(tmp_path: Path) -> None:
    rows = [
        ["2026年7月诉求登记表"],
        [],
        ["工单编号", "主题", "内容", "联系电话", "区划代码", "登记时间"],
        [20260701.0, "路灯不亮", "门口", 13812345678, 330106013001001, datetime(2026, 7, 1)],
        ["2", "井盖丢失", datetime(2026, 7, 1, 8, 30), None, None, None],
    ]
    printed = run(a_workbook(tmp_path, rows))
    assert (printed["landed"], printed["unused"]) == (2, ["登记时间"])
    first, second = matters()
    assert (first.source_id, first.area, second.description) == ("20260701", GRID, "2026-07-01 08:30:00")


def test_a_formula_is_never_worked_out_and_an_error_is_refused(tmp_path: Path) -> None:
    path = a_workbook(tmp_path, [["标题", "内容"], ["=1+1", None], ["路灯", "#REF!"], ["井盖", "x"]])
    printed = run(path, code=1)
    # A formula that no spreadsheet has shown has no value: the row is empty, and empty rows are passed over.
    assert (printed["landed"], printed["refused"]) == (1, 1)
    assert [row["row"] for row in rejects(path)] == ["3"]


def test_a_workbook_that_unpacks_without_end_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = a_workbook(tmp_path, [["标题"], ["路灯"]])
    monkeypatch.setattr(workbooks, "LARGEST_UNPACKED", 100)
    refused(path)


def rewritten(path: Path, old: bytes, new: bytes) -> Path:
    """The workbook with other bytes in whichever part holds the old ones."""
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    assert any(old in content for content in parts.values())
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content.replace(old, new))
    return path


def test_a_workbook_with_one_endless_cell_is_refused(tmp_path: Path) -> None:
    path = a_workbook(tmp_path, [["标题"], ["路灯"]])
    refused(rewritten(path, "路灯".encode(), b"x" * 3_000_000))


def test_an_entity_in_a_workbook_is_not_expanded(tmp_path: Path) -> None:
    path = a_workbook(tmp_path, [["标题"], ["路灯"]])
    bomb = b'<!DOCTYPE worksheet [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]><worksheet '
    refused(rewritten(rewritten(path, b"<worksheet ", bomb), "路灯".encode(), b"&b;"))


def test_a_row_number_beyond_every_limit_ends_the_sheet(tmp_path: Path) -> None:
    path = a_workbook(tmp_path, [["标题"], ["路灯"], ["井盖"]])
    assert run(rewritten(path, b'r="3"', b'r="99999999999"'))["landed"] == 1


@pytest.mark.parametrize("name", ["reports.json", "reports.jsonl"])
def test_json_lands_as_array_and_as_lines(tmp_path: Path, name: str) -> None:
    given = [{"title": "路灯不亮", "lon": None}, {"title": "井盖", "area": 330106013, "extra": True}]
    content = json.dumps(given) if name == "reports.json" else "\n".join(map(json.dumps, given))
    printed = run(a_file(tmp_path, content, name))
    assert (printed["landed"], printed["unused"]) == (2, ["extra"])


def test_a_bad_line_of_json_costs_nothing_but_itself(tmp_path: Path) -> None:
    lines = ['{"title": "路灯"}', '{"title": ', "7", '{"title": ["x"]}', '{"title": "\\ud800"}', '{"title": "井盖"}']
    path = a_file(tmp_path, "\n".join(lines), "reports.jsonl")
    printed = run(path, code=1)
    assert (printed["landed"], printed["refused"]) == (2, 4)
    assert [row["row"] for row in rejects(path)] == ["2", "3", "4", "5"]


def test_an_array_that_breaks_off_lands_up_to_there(tmp_path: Path) -> None:
    printed = run(a_file(tmp_path, '[{"title": "路灯"}, {"title": "井', "reports.json"), code=1)
    assert (printed["landed"], printed["refused"]) == (1, 1)


def test_an_array_larger_than_one_piece_is_read_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(text_tables, "_CHUNK", 7)
    given = [{"title": f"第{n}盏路灯", "number": n} for n in range(12)]
    assert run(a_file(tmp_path, json.dumps(given, ensure_ascii=False), "reports.json"))["landed"] == 12


def test_a_category_is_known_by_what_it_is_called(tmp_path: Path) -> None:
    from anlan.loop.suggestions import categories

    name = categories()["city.lighting"].zh
    run(a_file(tmp_path, f"标题,类别\n井盖丢失,{name}\n"))
    assert matters()[0].category == "city.lighting"


def test_an_office_channel_can_be_named(tmp_path: Path) -> None:
    run(a_file(tmp_path, "标题\n路灯\n"), "--channel", "hotline")
    assert matters()[0].channel == "hotline"
