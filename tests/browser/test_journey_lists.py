"""Lists taken out of the house: written in the background, opened in a spreadsheet, and nobody's number in them."""

import csv
from pathlib import Path

from openpyxl import load_workbook
from playwright.sync_api import Page, expect

from tests.browser.journeys import report
from tests.browser.visiting import Visitor, Visits

PHONE = "13411110008"


def taken_out(page: Page, words: str, format: str, into: Path) -> Path:
    """Ask for a list of matters, wait until it is written, and download it."""
    page.goto(f"/matters?q={words}")
    page.locator(f"form.export button[value={format}]").click()
    page.wait_for_url("**/exports**")
    newest = page.locator("[data-export]").first
    expect(newest.locator("a[download]")).to_be_visible(timeout=30_000)
    with page.expect_download() as download:
        newest.locator("a[download]").click()
    file = into / download.value.suggested_filename
    download.value.save_as(file)
    return file


def test_a_list_is_exported_in_both_formats_without_anybodys_number(visits: Visits, tmp_path: Path) -> None:
    page = visits.open(Visitor("dispatcher", "desk", "en"), "/board")
    words = "导出清单"
    matter = report(visits, page, words, contact={"name": "王秀英", "phone": PHONE})

    text = taken_out(page, words, "csv", tmp_path).read_text(encoding="utf-8-sig")
    assert len(list(csv.reader(text.splitlines()))) == 2

    sheet = load_workbook(taken_out(page, words, "xlsx", tmp_path), read_only=True).active
    assert sheet is not None
    rows = [[str(cell) for cell in row] for row in sheet.iter_rows(values_only=True)]
    assert len(rows) == 2

    for said in (text, str(rows)):
        assert matter.number in said
        assert words in said
        assert PHONE not in said
        assert PHONE[-4:] not in said
        assert "王秀英" not in said
