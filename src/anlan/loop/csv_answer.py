"""The table of a page as a file to take along."""

import csv
from collections.abc import Iterable

from django.http import HttpResponse

from anlan.loop.exports.writing import BOM, harmless


def csv_answer(name: str, rows: Iterable[Iterable[object]]) -> HttpResponse:
    """The rows as a CSV file of this name, with the mark by which spreadsheets know its encoding and no formula."""
    response = HttpResponse(content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    response.write(BOM)
    csv.writer(response).writerows(["" if cell is None else harmless(cell) for cell in row] for row in rows)
    return response
