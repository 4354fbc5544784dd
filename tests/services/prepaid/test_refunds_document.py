"""Each worked example of docs/refunds.md comes out as the page says."""

import re

import pytest

from anlan.foundation.environment import REPOSITORY
from anlan.foundation.rules import declared
from anlan.services.prepaid.refunds.reckoning import refund
from anlan.services.prepaid.refunds.schemas import Claim
from anlan.services.prepaid.refunds.sheet import yuan

PAGE = (REPOSITORY / "docs" / "refunds.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(
    r"```json\n(.+?)\n```\n\nPaid back: \*\*([\d.]+)\*\* yuan, by ([\w, ]+?)(?:; for a person: ([\w, ]+))?\.\n",
    PAGE,
    re.DOTALL,
)


@pytest.mark.parametrize(("claim", "total", "rules", "decisions"), EXAMPLES)
def test_a_worked_example_comes_out_as_the_page_says(claim: str, total: str, rules: str, decisions: str) -> None:
    found = refund(Claim.model_validate_json(claim), book=declared())
    assert yuan(found.total_fen) == total
    assert ", ".join(dict.fromkeys(line.rule for line in found.lines)) == rules
    assert ", ".join(dict.fromkeys(decision.rule for decision in found.decisions)) == decisions


def test_every_rule_has_an_example_and_every_example_a_result() -> None:
    assert len(EXAMPLES) == PAGE.count("```json") == PAGE.count("Paid back:")
    sections = re.split(r"^## ", PAGE, flags=re.MULTILINE)[1:]
    assert [section.splitlines()[0] for section in sections if "```json" not in section] == []
    assert {f"R{number}" for number in range(1, 18)} <= {section.partition(":")[0] for section in sections}
