"""Models in the house: they learn from decisions, serve only if better, and can be taken back."""

import json
from collections.abc import Iterator
from datetime import datetime
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import ProgrammingError, transaction

from anlan.city.people.access import scope_of, scoped
from anlan.foundation import freshness
from anlan.loop import clock, engine, verbs
from anlan.loop.models import Matter
from anlan.loop.suggestions import Report
from anlan.services.dispatch import actions
from anlan.services.dispatch.procedure import Dispatching
from anlan.services.triage.city import triage_here
from anlan.services.triage.learning import candidates, night, registry
from anlan.services.triage.learning.night import Decision
from anlan.services.triage.models import TriageModel
from tests.cast import Cast, lamp

ODD = ("榕榕树", "蓝蓝天", "绿绿草", "红红花")
EVEN = ("甲甲乙", "丙丙丁", "戊戊己", "庚庚辛")


@pytest.fixture(autouse=True)
def _fresh(cast: Cast) -> Iterator[None]:
    freshness.forget(registry.TOPIC)
    yield
    freshness.forget(registry.TOPIC)


def made(many: int = 300) -> tuple[list[str], list[str]]:
    """Texts that no keyword knows, of two categories."""
    texts = [f"{(ODD if n % 2 else EVEN)[n // 2 % 4]}在第{n}处" for n in range(many)]
    return texts, ["city.lighting" if n % 2 else "environment.noise" for n in range(many)]


def propose(many: int = 300) -> TriageModel:
    texts, labels = made(many)
    kept = candidates.propose("category", texts, labels, TriageModel.Source.FILE, lambda text: "other")
    freshness.forget(registry.TOPIC)
    return kept


def test_a_better_model_serves_at_once_and_says_so() -> None:
    assert triage_here(Report("榕榕树在那里")).category == "other"
    kept = propose()
    found = triage_here(Report("榕榕树在那里"))
    assert found.category == "city.lighting"
    assert found.source.endswith(f"model/{kept.pk}")
    assert kept.card["right"] > kept.card["right_before"] == 0


def test_one_that_is_no_better_is_kept_and_does_not_serve() -> None:
    first, second = propose(), propose()
    assert not second.card["better"]
    assert second.card["compared_with"] == f"model/{first.pk}"
    assert registry.in_force().name == f"model/{first.pk}"


def test_going_back_leads_to_what_served_before() -> None:
    first = propose()
    registry.choose("category", TriageModel.objects.create(**_another(first)), "a try")
    assert registry.roll_back("category", "it was worse").model_id == first.pk
    assert registry.roll_back("category", "worse, too").model_id is None
    with pytest.raises(registry.NothingBefore):
        registry.roll_back("category", "once more")


def _another(kept: TriageModel) -> dict[str, Any]:
    names = ("head", "made_at", "source", "digest", "card", "content")
    return {name: getattr(kept, name) for name in names}


def test_a_model_whose_bytes_were_changed_does_not_serve() -> None:
    kept = propose()
    broken = TriageModel.objects.create(**{**_another(kept), "content": b"other"})
    registry.choose("category", broken, "a try")
    freshness.forget(registry.TOPIC)
    assert registry.in_force().heads == {}
    assert triage_here(Report("榕榕树在那里")).category == "other"


def test_a_kept_model_cannot_be_changed() -> None:
    kept = propose()
    with pytest.raises(ProgrammingError), transaction.atomic():
        TriageModel.objects.filter(pk=kept.pk).update(card={})


def test_what_is_held_back_is_never_learned_from() -> None:
    texts, _ = made()
    kept = propose()
    assert kept.card["held_back"] == sum(map(candidates.is_held_back, texts))
    assert kept.card["texts"] == len(texts) - kept.card["held_back"]


def test_decisions_of_dispatchers_make_models() -> None:
    texts, labels = made()
    found = [
        Decision(text, {"category": label, "klass": "ordinary", "severity": "blue"}, overridden=True)
        for text, label in zip(texts, labels, strict=True)
    ]
    kept = night.learn(found)
    assert [each.head for each in kept] == ["category"]  # one class and one severity teach nothing


def test_what_people_changed_or_closed_is_learned_from_and_what_waits_is_not(cast: Cast) -> None:
    waiting, changed, closed = (engine.open_matter(Dispatching, lamp(), by=cast.wang).matter for _ in range(3))
    verbs.reclassify(changed.id, by=cast.chen, reason="听到的是噪声", category="environment.noise", severity=2)
    engine.advance(closed.id, "route", by=cast.chen)
    engine.advance(closed.id, "answer", by=cast.chen, told={"outcome": "explained", "text": "今晚来修"})
    with scoped(scope_of(cast.chen)):
        Matter.objects.filter(id=closed.id).update(closed_at=clock.now())
    lighting = {"category": "city.lighting", "klass": "ordinary", "severity": "blue"}
    noise = {"category": "environment.noise", "klass": "ordinary", "severity": "yellow"}
    found = sorted(night.decisions(), key=lambda decision: decision.overridden)
    assert [(each.labels, each.overridden) for each in found] == [(lighting, False), (noise, True)]
    assert all(each.text.startswith(waiting.title) for each in found)


def test_what_was_overridden_is_worth_more_by_the_setting_in_force(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[Any] = []
    monkeypatch.setattr(candidates, "propose", lambda *given, worth, **more: told.append(worth))
    labels = {"category": "city.lighting", "klass": "ordinary", "severity": "blue"}
    night.learn([Decision("一", labels, overridden=False), Decision("二", labels, overridden=True)], ["category"])
    assert told == [[1.0, candidates.setting("triage.model_worth_of_override")]]
    assert told[0][1] > 1


def test_what_a_model_takes_for_a_police_matter_waits_at_the_desk(cast: Cast) -> None:
    texts, labels = made()
    classes = ["police" if label == "city.lighting" else "ordinary" for label in labels]
    kept = candidates.propose("klass", texts, classes, TriageModel.Source.FILE, lambda text: "urgent")
    freshness.forget(registry.TOPIC)
    assert kept.card["better"]
    found = triage_here(Report("榕榕树在第1处"))
    assert found.reasons[0].kind == "police"
    opened = engine.open_matter(Dispatching, lamp(klass=found.klass.value), by=cast.wang).matter
    assert actions.direct(opened.id).state == "routed"


def test_by_day_nothing_is_trained(monkeypatch: pytest.MonkeyPatch) -> None:
    noon = datetime(2026, 7, 1, 12, tzinfo=clock.LOCAL)
    monkeypatch.setattr(clock, "now", lambda: noon)
    monkeypatch.setattr(night, "decisions", lambda: pytest.fail("looked"))
    assert night.learn_tonight() == 0


def test_the_command_trains_lists_and_goes_back(tmp_path: Path) -> None:
    texts, labels = made()
    rows = "\n".join(f",{text},{label}" for text, label in zip(texts, labels, strict=True))
    (tmp_path / "city.csv").write_text(f"title,text,category\n{rows}\n", encoding="utf-8")
    trained = said("train", str(tmp_path / "city.csv"))
    assert trained["serves"] is True
    assert [each["serves"] for each in said("models")["models"]] == [True]
    assert said("rollback") == {"head": "category", "model": None}
    with pytest.raises(CommandError, match="nothing to go back from"):
        said("rollback")


def test_labels_that_the_city_does_not_know_are_named(tmp_path: Path) -> None:
    (tmp_path / "city.csv").write_text("title,text,category\n,路灯,moon\n", encoding="utf-8")
    with pytest.raises(CommandError, match="moon"):
        said("train", str(tmp_path / "city.csv"))


def said(*arguments: str) -> Any:
    out = StringIO()
    call_command("triage", *arguments, "--json", stdout=out)
    freshness.forget(registry.TOPIC)
    return json.loads(out.getvalue())
