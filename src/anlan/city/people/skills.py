"""What the skills of units are called; one that stands in no table goes by its own name."""

from collections.abc import Iterable, Mapping

SKILLS: Mapping[str, tuple[str, str]] = {
    "electric": ("电工", "electrical work"),
    "environment": ("环保", "environment"),
    "fire": ("灭火", "fire fighting"),
    "market": ("市场监管", "market supervision"),
    "mediation": ("调解", "mediation"),
    "medical": ("急救", "first aid"),
    "patrol": ("巡防", "patrol"),
    "plumbing": ("管道维修", "plumbing"),
    "property": ("物业", "property management"),
    "rescue": ("救援", "rescue"),
    "traffic": ("交通疏导", "traffic"),
    "water": ("涉水处置", "water"),
}


def named(skills: Iterable[str]) -> tuple[str, str]:
    """Several skills as both languages list them: Chinese, English."""
    names = [SKILLS.get(skill, (skill, skill)) for skill in skills]
    return "、".join(zh for zh, _ in names), ", ".join(en for _, en in names)
