"""Public registers from a file."""

from pathlib import Path

import pytest

from anlan.loop import clock
from anlan.services.prepaid.colour.recolouring import judge_stale
from anlan.services.prepaid.colour.registers import BadRegister, Read, read_register
from anlan.services.prepaid.merchants.models import Colour, RegisterEntry
from tests.services.prepaid.market import Market, valid_code
from tests.services.prepaid.test_colour_trading import colour_of

pytestmark = pytest.mark.django_db
HEADING = "credit_code,register,reference,entered_on,removed_on\n"


def written(tmp_path: Path, *lines: str) -> Path:
    file = tmp_path / "register.csv"
    file.write_text(HEADING + "\n".join(lines), encoding="utf-8-sig")
    return file


def test_a_listed_merchant_turns_yellow_and_green_again_once_it_is_removed(market: Market, tmp_path: Path) -> None:
    _ = market.shop
    line = f"{market.merchant.credit_code},abnormal,2026-1,2026-01-05,"
    others = f"{valid_code(99)},dishonest,2026-2,2026-01-05,"
    for _time in range(2):
        assert read_register(written(tmp_path, line, others), source="市场监管名录") == Read(1, 1, 1)
    assert RegisterEntry.objects.count() == 1
    judge_stale()
    assert colour_of(market.shop) == Colour.YELLOW
    read_register(written(tmp_path, line + clock.today().isoformat()), source="市场监管名录")
    judge_stale()
    assert colour_of(market.shop) == Colour.GREEN


def test_every_wrong_line_is_named_and_nothing_of_the_file_is_kept(market: Market, tmp_path: Path) -> None:
    code = market.merchant.credit_code
    file = written(
        tmp_path, f"{code},abnormal,1,2026-01-05,", f"{code},blacklist,2,2026-01-05,", f"{code},abnormal,3,x,"
    )
    with pytest.raises(BadRegister, match=r"(?s)line 3: register:.*line 4: entered_on"):
        read_register(file, source="名录")
    assert not RegisterEntry.objects.exists()


def test_a_file_without_its_columns_is_refused_by_name(tmp_path: Path) -> None:
    file = tmp_path / "a.csv"
    file.write_text("name\n某店\n")
    with pytest.raises(BadRegister, match="credit_code"):
        read_register(file, source="名录")
    with pytest.raises(BadRegister, match=r"none\.csv"):
        read_register(tmp_path / "none.csv", source="名录")
