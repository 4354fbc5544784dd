"""What a reporter is told: one short text in their language, with the number and the way to the matter.

Nothing of what was reported is repeated: a text message is read by whoever holds the telephone.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from django.conf import settings

from anlan.city.people.access import REPORTER
from anlan.foundation.identifiers import spaced
from anlan.loop.engine import obstacle
from anlan.loop.models import Matter


@dataclass(frozen=True)
class Words:
    """The same in both languages."""

    zh: str
    en: str

    def in_language(self, language: str) -> str:
        return self.en if language.startswith("en") else self.zh


# The engine's own verbs; a transition is told by the label of its declaration.
_VERBS: Mapping[str, Words] = {
    "suspended": Words("已中止办理，期限暂停计算", "has been suspended; its deadlines stand still"),
    "resumed": Words("已恢复办理，期限继续计算", "has been resumed; its deadlines run again"),
    "extended": Words("办理期限已延长", "has had a deadline extended"),
    "merged": Words(
        "已与同一问题的另一件事项合并办理", "is now handled together with another report of the same problem"
    ),
    "unmerged": Words("已恢复单独办理", "is handled on its own again"),
}
_PROGRESS = Words("有新进展", "has news")
_DEAR = Words("【安澜】您反映的事项{reference}{what}。", "[Anlan] Your report {reference} {what}.")
_STEP = Words("有新进展：{step}", "has news: {step}")
_NEXT = Words("您现在可以：{steps}。", " You can now: {steps}.")
_LINK = Words("查看详情：{link}", " See {link}")


def text_for(matter: Matter, kind: str, language: str) -> str:
    """The text about an event of `kind` (a transition, or a verb of the engine) in one language."""
    english = language.startswith("en")
    transition = matter.rules.transitions.get(kind)
    if transition is not None:
        step = transition.label_en if english else transition.label
        what = _STEP.in_language(language).format(step=step)
    else:
        what = _VERBS.get(kind, _PROGRESS).in_language(language)
    text = _DEAR.in_language(language).format(reference=matter.reference, what=what)
    open_to_them = [
        step.label_en if english else step.label
        for step in matter.rules.leaving(matter.state)
        if REPORTER in step.by and obstacle(matter, step) is None
    ]
    if open_to_them:
        steps = (", " if english else "、").join(open_to_them)
        text += _NEXT.in_language(language).format(steps=steps)
    if matter.tracking:
        text += _LINK.in_language(language).format(link=tracking_link(matter.tracking))
    return text


def tracking_link(code: str) -> str:
    """The page that shows a matter to whoever holds its code."""
    return f"{settings.ANLAN_PUBLIC_URL}/t/{spaced(code)}"
