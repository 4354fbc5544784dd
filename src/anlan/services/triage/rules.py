"""Triage by rules: one report in; class, category, severity, area and the reasons for them out."""

from collections import defaultdict
from collections.abc import Iterable, Mapping

from anlan.loop.suggestions import Klass, Reason, Report, Severity, Triage

from .alarms import Alarm, alarms
from .catalogue import OTHER, Catalogue, Category, catalogue
from .matching import longest
from .places import Places
from .reading import Found, Reading, Role, normalised, read

# Classes, gravest last.
GRAVITY = (Klass.INQUIRY, Klass.ORDINARY, Klass.URGENT, Klass.POLICE)
# A title says what a letter is about.
_TITLE_WEIGHT = 3
# A longer word says more; a word said again says little more.
_LONGEST_COUNTED = 6
_MOST_REPEATS = 3
_WORDS_SHOWN = 4


def triage(report: Report, places: Places, rules: Catalogue | None = None) -> Triage:
    """Suggest what a report is, with the reasons; by the declared rules or by others.

    Never raises on any text. Gives the same answer to the same report and rules. ``confidence`` is None: a rule
    has no probability to offer.
    """
    rules = rules or catalogue()
    report = normalised(report)
    reading = read(report, rules)
    category, category_words = _category(reading, rules.categories.category)
    klass, severity = category.klass, category.severity
    asked = _asked(reading)
    if asked:
        klass, severity = Klass.INQUIRY, Severity.BLUE
    area, place_reasons = places.area(report)

    set_off = alarms(reading)
    for trigger, _ in set_off:
        klass = max(klass, trigger.klass, key=GRAVITY.index)
        severity = max(severity, trigger.severity)
    reasons = [_trigger_reason(alarm) for alarm in set_off]
    reasons.append(_category_reason(category, category_words))
    if asked and not set_off:
        reasons.append(_inquiry_reason(asked))
    reasons += place_reasons
    return Triage(
        klass=klass,
        category=category.slug,
        severity=severity,
        area=area,
        confidence=None,
        reasons=tuple(reasons),
        source=rules.source,
        triggers=tuple(trigger.slug for trigger, _ in set_off),
    )


def _category(reading: Reading, tree: Mapping[str, Category]) -> tuple[Category, tuple[str, ...]]:
    """The branch of the tree that weighs most, and its heaviest leaf, with the words found for it.

    Equal weights go to the one spoken of first.
    """
    hits = longest(reading.found[Role.CATEGORY])
    weights = _weights(reading, hits, tree)
    if not weights:
        return tree[OTHER], ()
    branches: dict[str, int] = defaultdict(int)
    for slug, weight in weights.items():
        branches[_root(slug)] += weight
    branch = max(branches, key=branches.__getitem__)
    leaves = [slug for slug in weights if slug != branch and _root(slug) == branch]
    best = tree[max(leaves, key=weights.__getitem__) if leaves else branch]
    return best, _distinct(hit.word for hit in hits if hit.value in (best.slug, branch))


def _root(slug: str) -> str:
    return slug.partition(".")[0]


def _weights(reading: Reading, hits: Iterable[Found], tree: Mapping[str, Category]) -> dict[str, int]:
    """Category slug to the weight of its words in the report."""
    said: dict[tuple[str, str], int] = defaultdict(int)
    for hit in hits:
        said[hit.value, hit.word] += _TITLE_WEIGHT if reading.in_title(hit) else 1
    weights: dict[str, int] = defaultdict(int)
    for (slug, word), times in said.items():
        weights[slug] += tree[slug].weight * min(len(word), _LONGEST_COUNTED) * min(times, _MOST_REPEATS)
    return weights


def _asked(reading: Reading) -> tuple[str, ...]:
    """The words that make a report an inquiry; none if it complains or advises as much.

    The title decides; where it is silent or says both, the whole report does.
    """
    asking = longest(reading.found[Role.INQUIRY])
    wanting = longest(reading.found[Role.COMPLAINT] + reading.found[Role.ADVICE])
    lead = _different(filter(reading.in_title, asking)) - _different(filter(reading.in_title, wanting))
    lead = lead or _different(asking) - _different(wanting)
    return _distinct(hit.word for hit in asking) if lead > 0 else ()


def _different(hits: Iterable[Found]) -> int:
    return len({hit.word for hit in hits})


def _distinct(words: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(words))[:_WORDS_SHOWN]


def _trigger_reason(alarm: Alarm) -> Reason:
    said, said_en = _said(alarm.words)
    return Reason("trigger", alarm.words, f"{alarm.trigger.zh}（{said}）", f"{alarm.trigger.en} ({said_en})")


def _category_reason(category: Category, words: tuple[str, ...]) -> Reason:
    if not words:
        return Reason(
            "category",
            (),
            "没有找到可归类的词语，归入其他",
            "No word pointed to a category; filed under other",
        )
    said, said_en = _said(words)
    return Reason("category", words, f"{said}，归入“{category.zh}”", f"{said_en}: filed under {category.en}")


def _inquiry_reason(words: tuple[str, ...]) -> Reason:
    said, said_en = _said(words)
    return Reason("inquiry", words, f"{said}，像是咨询", f"{said_en}: reads as an inquiry")


def _said(words: tuple[str, ...]) -> tuple[str, str]:
    quoted = "、".join(f"“{word}”" for word in words)
    return f"提到{quoted}", "mentions " + ", ".join(f'"{word}"' for word in words)
