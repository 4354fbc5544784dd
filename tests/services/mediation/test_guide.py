"""The forum guide leads everybody to a way, in both languages, and tells of no term that is not a rule in force."""

import re
import tomllib
from collections.abc import Iterator
from importlib.resources import files
from typing import Any

import pytest
from django.test import Client
from pydantic import ValidationError

from anlan.foundation.rules import Kind, declared, rulebook
from anlan.loop import clock
from anlan.services.mediation.guide.content import Guide, guide
from anlan.services.mediation.guide.pages import terms_told

WAYS = sorted(guide().way)
QUESTIONS = sorted(guide().question)
MOST_QUESTIONS = 4
"""Two minutes are not many questions."""


def paths(name: str) -> Iterator[list[str]]:
    if name in guide().way:
        yield [name]
        return
    for other in guide().leads_to(name):
        yield from ([name, *rest] for rest in paths(other))


def content() -> dict[str, Any]:
    text = files("anlan.services.mediation.guide").joinpath("content.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


def words(node: object) -> Iterator[dict[str, str]]:
    if isinstance(node, dict):
        if node.keys() & {"zh", "en"}:
            yield node
        else:
            for each in node.values():
                yield from words(each)
    elif isinstance(node, list):
        for each in node:
            yield from words(each)


def test_every_path_ends_at_a_way_after_a_few_questions() -> None:
    walked = list(paths(guide().first))
    assert {path[-1] for path in walked} <= set(WAYS)
    assert max(map(len, walked)) <= MOST_QUESTIONS + 1


def test_every_question_is_asked_and_every_way_is_told() -> None:
    asked = {name for path in paths(guide().first) for name in path}
    beside = {other for way in asked & set(WAYS) for other in guide().way[way].also}
    assert asked | beside == {*WAYS, *QUESTIONS}


def test_everything_is_said_in_both_languages() -> None:
    told = list(words(content()))
    assert len(told) > 100
    for each in told:
        assert re.search(r"[\u4e00-\u9fff]", each["zh"]), each
        assert re.search(r"[A-Za-z]", each["en"]), each
        assert not re.search(r"[\u4e00-\u9fff]", each["en"]), each


def test_no_term_is_typed_into_the_words() -> None:
    told = [text for each in words(content()) for text in each.values()]
    assert not [text for text in told if re.search(r"\d+ ?(日|天|个工作日|个月|年内|(working )?days?|months?)", text)]


@pytest.mark.parametrize("name", WAYS)
def test_each_term_of_a_way_is_a_rule_in_force_today(name: str) -> None:
    for id in guide().way[name].terms:
        assert declared().at(id, clock.today()).is_term, id


@pytest.mark.parametrize("name", WAYS)
def test_each_way_names_its_law(name: str) -> None:
    assert re.search(r"法|条例|规定|办法|国办发", guide().way[name].law.zh)


@pytest.mark.parametrize(
    ("change", "wrong"),
    [
        ({"first": "nowhere"}, "there is no question 'nowhere'"),
        ({"question": {"kind": {"to": "nowhere"}}}, "kind: leads to 'nowhere'"),
        ({"question": {"kind": {"to": "danger"}}}, "its answers lead back to it"),
        ({"question": {"talk-damages": {"to": "kind"}}}, "its answers lead back to it"),
    ],
)
def test_a_guide_that_leads_nowhere_is_refused(change: dict[str, Any], wrong: str) -> None:
    bad = content()
    for name, put in change.get("question", {}).items():
        bad["question"][name]["choices"][0] |= put
    if "first" in change:
        bad["first"] = change["first"]
    with pytest.raises(ValidationError, match=wrong):
        Guide.model_validate(bad)


def test_a_way_that_nothing_leads_to_is_refused() -> None:
    bad = content()
    bad["way"]["forgotten"] = bad["way"]["hotline"]
    with pytest.raises(ValidationError, match="forgotten: nothing leads to it"):
        Guide.model_validate(bad)


@pytest.mark.django_db
@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_anybody_reads_every_page_in_their_language(client: Client, language: str) -> None:
    for name in (*QUESTIONS, *WAYS):
        answer = client.get(f"/guide/{name}", headers={"accept-language": language})
        assert answer.status_code == 200
        node = guide().question[name].ask if name in guide().question else guide().way[name].name
        assert (node.en if language == "en" else node.zh) in answer.content.decode().replace("&#x27;", "'")


@pytest.mark.django_db
def test_the_first_page_of_residents_leads_to_the_guide(client: Client) -> None:
    assert 'href="/guide"' in client.get("/").content.decode()
    assert str(guide().question[guide().first].ask.zh) in client.get("/guide").content.decode()


@pytest.mark.django_db
def test_a_page_tells_the_term_as_the_rule_has_it(client: Client) -> None:
    rule = rulebook().at("mediation.ask_confirmation", clock.today())
    page = client.get("/guide/confirmation").content.decode()
    assert f"{rule.amount}日" in page
    assert rule.source in page


@pytest.mark.django_db
def test_what_the_law_does_not_give_is_not_told_as_a_right(client: Client) -> None:
    (told,) = terms_told(guide().way["administrative-mediation"], clock.today())
    assert rulebook().at("mediation.administrative", clock.today()).kind is Kind.SETTING
    assert not told.statutory
    assert "不是法律规定的权利" in client.get("/guide/administrative-mediation").content.decode()


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("address", "back"),
    [
        ("/guide/lawsuit?from=consumer", "/guide/consumer"),
        ("/guide/lawsuit?from=confirmation", "/guide/talk"),
        ("/guide/lawsuit?from=//elsewhere.example", "/guide/talk"),
        ("/guide/kind", "/guide"),
    ],
)
def test_back_leads_to_where_one_came_from_and_nowhere_else(client: Client, address: str, back: str) -> None:
    assert f'<a href="{back}">返回</a>' in client.get(address).content.decode()


@pytest.mark.django_db
def test_an_unknown_page_of_the_guide_is_not_there(client: Client) -> None:
    assert client.get("/guide/no-such-way").status_code == 404
    assert client.post("/guide").status_code == 405
