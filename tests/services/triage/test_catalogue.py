"""What the declared rules must hold."""

from typing import Any

import pytest
from pydantic import ValidationError

from anlan.services.triage.catalogue import Categories, catalogue


def declared(**categories: dict[str, Any]) -> dict[str, Any]:
    office = {"zh": "城管", "en": "Upkeep"}
    other = {"zh": "其他", "en": "Other", "department": "city"}
    return {
        "version": "2026-11",
        "kind": "setting",
        "source": "test",
        "department": {"city": office},
        "category": {"other": other, **categories},
    }


ROAD = {"zh": "道路", "en": "Roads", "department": "city", "skills": ["patrol"], "keywords": ["路面"]}


def test_a_leaf_inherits_department_and_skills() -> None:
    tree = Categories.model_validate(declared(road=ROAD, **{"road.lamp": {"zh": "路灯", "en": "Lamps"}})).category
    assert (tree["road.lamp"].department, tree["road.lamp"].skills) == ("city", ("patrol",))


@pytest.mark.parametrize(
    ("entries", "message"),
    [
        ({"road.lamp": ROAD}, "its parent road is not declared"),
        ({"road": {**ROAD, "department": "moon"}}, "department moon is not declared"),
        ({"road": ROAD, "lamp": ROAD}, "keyword 路面 stands in both"),
        ({"road": {**ROAD, "severity": "purple"}}, "severity"),
        ({"road": {**ROAD, "colour": "red"}}, "colour"),
    ],
)
def test_a_wrong_entry_is_refused_by_name(entries: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        Categories.model_validate(declared(**entries))


def test_the_tree_has_at_most_three_levels_and_labels_in_both_languages() -> None:
    for slug, node in catalogue().categories.category.items():
        assert slug.count(".") < 3
        assert node.zh
        assert node.en.isascii()


def test_a_phrase_excepted_from_a_trigger_holds_one_of_the_words_it_excuses() -> None:
    triggers = catalogue().triggers.trigger.values()
    signs = [word for trigger in triggers for word in (*trigger.words, *trigger.weak)]
    idle = {phrase for trigger in triggers for phrase in trigger.excepted if not any(sign in phrase for sign in signs)}
    assert idle == set()
