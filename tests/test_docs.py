"""What the documents name exists: files, headings, commands, settings, addresses, rules, metrics, tests, pictures."""

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.core.management import get_commands
from django.urls import Resolver404, resolve
from pydantic import AliasChoices

from anlan.cli import COMMANDS
from anlan.foundation.environment import REPOSITORY, Environment
from anlan.web.live.address import PATH as LIVE
from tests.browser.pictures import MOTIFS, file_of, visitors

DOCS = sorted(
    [*REPOSITORY.glob("*.md"), *(REPOSITORY / "docs").glob("*.md"), *(REPOSITORY / "docs").glob("decisions/*.md")]
)
# Read by the launcher and by the tests, not by the program.
BESIDE = {"ANLAN_PYTHON", "ANLAN_CHROMIUM"}
PICTURES = {file_of(name, visitor) for name, motif in MOTIFS.items() for visitor in visitors(motif)}

_FENCED = re.compile(r"^ *```.*?^ *```", re.DOTALL | re.MULTILINE)
_SPAN = re.compile(r"`([^`\n]+)`")
_LINK = re.compile(r"\]\((?!https?:)([^)#\s]*)(?:#([^)\s]+))?\)")
_HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
_COMMAND = re.compile(r"(?<![\w-])(?:\./)?anlan ([a-z]+)\b")
_EXAMPLES = {"ID": "01990000-0000-7000-8000-000000000000", "CODE": "0000-0000-0000-0000"}
each_document = pytest.mark.parametrize(
    "document", DOCS, ids=lambda document: document.relative_to(REPOSITORY).as_posix()
)


def spans(document: Path) -> list[str]:
    """What stands between backticks in the running text."""
    return _SPAN.findall(_FENCED.sub("", document.read_text(encoding="utf-8")))


def code(document: Path) -> str:
    """Everything that is set as code."""
    return "\n".join([*_FENCED.findall(document.read_text(encoding="utf-8")), *spans(document)])


def headings(document: Path) -> set[str]:
    """The headings as links name them."""
    found = _HEADING.findall(_FENCED.sub("", document.read_text(encoding="utf-8")))
    return {re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-") for heading in found}


def test_the_readers_of_the_documents_find_something() -> None:
    use = REPOSITORY / "docs" / "use.md"
    assert "/board" in spans(use)
    assert "the-demo" in headings(use)
    assert "serve" in _COMMAND.findall(code(REPOSITORY / "docs" / "operate.md"))


@each_document
def test_every_link_leads_somewhere(document: Path) -> None:
    lost = []
    for path, heading in _LINK.findall(_FENCED.sub("", document.read_text(encoding="utf-8"))):
        target = (document.parent / path).resolve() if path else document
        # The pictures are taken anew before a release; until then it counts that they will be.
        there = target.exists() or (target.parent.name == "pictures" and target.name in PICTURES)
        if not there or (heading and heading not in headings(target)):
            lost.append(f"{path}#{heading}")
    assert lost == []


@each_document
def test_every_command_exists(document: Path) -> None:
    known = {*get_commands(), *(name for group in COMMANDS.values() for name in group)}
    assert set(_COMMAND.findall(code(document))) - known == set()


@each_document
def test_every_setting_exists(document: Path) -> None:
    named = set(re.findall(r"\b(?:ANLAN|DATABASE)_[A-Z0-9_]*[A-Z0-9]\b", document.read_text(encoding="utf-8")))
    assert named - settings() - BESIDE == set()


def test_every_setting_is_explained_to_who_operates_it() -> None:
    explained = "\n".join(spans(REPOSITORY / "docs" / "operate.md"))
    assert {name for name in settings() if not re.search(rf"\b{name}\b", explained)} == set()


def settings() -> set[str]:
    """The variables that the program reads."""
    return {variable(name, field.validation_alias) for name, field in Environment.model_fields.items()}


def variable(field: str, alias: object) -> str:
    return str(alias.choices[0]) if isinstance(alias, AliasChoices) else f"ANLAN_{field.upper()}"


@each_document
def test_every_address_exists(document: Path) -> None:
    assert [each for each in addresses(document) if not is_address(each)] == []


def addresses(document: Path) -> Iterator[str]:
    for span in spans(document):
        if re.fullmatch(r"/[A-Za-z0-9./-]*", span) and span != LIVE:
            yield span


def is_address(named: str) -> bool:
    """An address of a page or an operation, or what several of them begin with."""
    for word, example in _EXAMPLES.items():
        named = named.replace(word, example)
    return leads_somewhere(named) or (named.endswith("/") and leads_somewhere(f"{named}notes"))


def leads_somewhere(address: str) -> bool:
    try:
        resolve(address)
    except Resolver404:
        return False
    return True


@each_document
def test_every_rule_named_exists(document: Path) -> None:
    files = [*(REPOSITORY / "src").rglob("rules.toml"), *(REPOSITORY / "src").rglob("rules/*.toml")]
    known = {rule["id"] for file in files for rule in tomllib.loads(file.read_text(encoding="utf-8"))["rule"]}
    rooms = {id.partition(".")[0] for id in known}
    named = {span for span in spans(document) if re.fullmatch(r"[a-z_]+(\.[a-z_]+)+", span)}
    named = {each for each in named if each.partition(".")[0] in rooms and not is_module(each)}
    assert named - known == set()


def is_module(named: str) -> bool:
    """`loop.clock`, say."""
    return (REPOSITORY / "src" / "anlan" / named.replace(".", "/")).with_suffix(".py").exists()


@each_document
def test_every_metric_exists(document: Path) -> None:
    sources = "\n".join(file.read_text(encoding="utf-8") for file in (REPOSITORY / "src").rglob("*.py"))
    named = {span for span in spans(document) if re.fullmatch(r"anlan_[a-z_]+", span)}
    assert {each for each in named if f'"{each}"' not in sources} == set()


@each_document
def test_every_file_named_exists(document: Path) -> None:
    named = {span for span in spans(document) if re.fullmatch(r"(src|tests|docs|bench)/[\w./-]+", span)}
    assert {each for each in named if not (REPOSITORY / each).exists()} - {
        "docs/pictures",
        "tests/services/lamps",
    } == set()


def test_every_decision_is_in_the_index() -> None:
    index = (REPOSITORY / "docs" / "index.md").read_text(encoding="utf-8")
    decisions = (REPOSITORY / "docs" / "decisions").glob("*.md")
    assert [file.name for file in decisions if f"(decisions/{file.name})" not in index] == []
