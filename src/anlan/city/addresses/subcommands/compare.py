"""`anlan addresses compare QUERY CANDIDATE…`: which of these addresses are the same place as the first."""

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import OutputWrapper

from anlan.city.addresses import comparing, matching
from anlan.settings import ENVIRONMENT

HELP = "Compare addresses found with the one asked for: the same place, partly, or another."


def add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("query", metavar="QUERY")
    parser.add_argument("candidates", nargs="+", metavar="CANDIDATE")
    parser.add_argument("--json", action="store_true", dest="as_json", help="print one JSON object")


def run(out: OutputWrapper, *, query: str, candidates: list[str], as_json: bool, **options: Any) -> None:
    """By the home's trained decision or else by rules, whose reasons are told where they come to the same verdict."""
    verdicts = matching.decision(ENVIRONMENT.home)(query, candidates)
    by_rules = [comparing.compare(query, each) for each in candidates]
    reasons = [why if rule is verdict else () for verdict, (rule, why) in zip(verdicts, by_rules, strict=True)]
    if as_json:
        found = [
            {"text": text, "verdict": verdict.value, "reasons": [each.value for each in why]}
            for text, verdict, why in zip(candidates, verdicts, reasons, strict=True)
        ]
        out.write(json.dumps({"query": query, "candidates": found}, ensure_ascii=False))
        return
    for text, verdict, why in zip(candidates, verdicts, reasons, strict=True):
        out.write(f"{verdict.value}  {text}  {'; '.join(str(each.label) for each in why)}")
