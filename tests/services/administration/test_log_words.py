"""The audit log speaks: every deed that the program writes into it has words for its reader."""

import ast
from collections.abc import Iterator

from anlan.foundation.environment import REPOSITORY
from anlan.services.administration.log import VERBS


def verbs_in_code() -> Iterator[str]:
    """What is given as `verb=` where a module writes into the audit log."""
    for file in (REPOSITORY / "src").rglob("*.py"):
        text = file.read_text(encoding="utf-8")
        if "city.audit" not in text:
            continue
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.Call):
                for told in node.keywords:
                    if told.arg == "verb":
                        values = (
                            [told.value.body, told.value.orelse] if isinstance(told.value, ast.IfExp) else [told.value]
                        )
                        yield from (each.value for each in values if isinstance(each, ast.Constant))


def test_every_verb_has_words() -> None:
    said = set(verbs_in_code())
    assert {"create", "draw", "import addresses"} <= said
    assert said - VERBS.keys() == set()
