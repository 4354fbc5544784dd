"""The pages of categories: the tree, one of them, and what triage says of a sentence before and after a change."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from anlan.city.people.access import Actor
from anlan.city.people.skills import SKILLS, named
from anlan.foundation.language import said
from anlan.loop.administering import Question, asked, for_the_city, frame
from anlan.loop.forms import form_of
from anlan.loop.refusals import Unknown
from anlan.loop.suggestions import KLASS_LABELS, SEVERITY_LABELS, Report, Severity, Triage
from anlan.services.triage import category_changes as keeping
from anlan.services.triage.catalogue import Category, catalogue
from anlan.services.triage.category_changes import CategoryIn, NewCategory
from anlan.services.triage.city import triage_here

ASKING = ["GET", "HEAD", "POST"]
LONGEST_TRIED = 2_000


@require_safe
@for_the_city
def category_list(request: HttpRequest, actor: Actor) -> HttpResponse:
    """The tree, and what triage says of a sentence."""
    text, tried = request.GET.get("q", "").strip(), request.GET.get("sentence", "")[:LONGEST_TRIED]
    own = keeping.changes()
    rows = [
        {
            "category": each,
            "name": said(each.zh, each.en),
            "depth": slug.count("."),
            "department": said_of_department(each.department),
            "skills": said(*named(each.skills)),
            "klass": KLASS_LABELS[each.klass],
            "severity": SEVERITY_LABELS[Severity(each.severity)],
            "words": len(each.keywords),
            "change": own.get(slug),
        }
        for slug, each in keeping.tree().items()
        if not text or text in f"{slug} {each.zh} {each.en.lower()} {' '.join(each.keywords)}"
    ]
    context = {
        **frame(request, actor),
        "rows": rows,
        "text": text,
        "tried": tried,
        "answer": answered(triage_here(Report(tried))) if tried.strip() else None,
    }
    return render(request, "triage/categories.html", context)


@require_http_methods(ASKING)
@for_the_city
def category(request: HttpRequest, actor: Actor, slug: str) -> HttpResponse:
    """Change a category; a sentence is tried before anything is saved."""
    found = keeping.change_of(slug)
    node = keeping.tree()[slug]
    tried = request.POST.get("sentence", "")[:LONGEST_TRIED]

    def act(given: CategoryIn, mark: str) -> HttpResponse | None:
        if "try" in request.POST:
            after = keeping.with_change(keeping.laid(found, given))
            return _tried(request, actor, question, answered(triage_here(Report(tried), after)))
        keeping.set_category(slug, given, by=actor, mark=mark)
        return None

    question: Question[CategoryIn] = Question(
        title=said(node.zh, node.en),
        asks=CategoryIn,
        act=act,
        back=reverse("categories"),
        done=_("Saved."),
        button=_("Save"),
        initial=_as_typed(node, off=found.off),
        choices=_choices(),
        shown=found,
        template="triage/category.html",
    )
    return asked(request, actor, question)


@require_http_methods(ASKING)
@for_the_city
def new_category(request: HttpRequest, actor: Actor, slug: str) -> HttpResponse:
    """Add a leaf below a category."""
    parent = keeping.tree().get(slug)
    if parent is None:
        raise Unknown(_("there is no such category"))

    def act(given: NewCategory, mark: str) -> None:
        keeping.add_category(slug, given, by=actor)

    inherited = {**_as_typed(parent, off=False), "zh": "", "en": "", "keywords": ""}
    question = Question(
        title=_("New category in %(name)s") % {"name": said(parent.zh, parent.en)},
        asks=NewCategory,
        act=act,
        back=reverse("categories"),
        done=_("Saved."),
        button=_("Add the category"),
        initial=inherited,
        choices=_choices(),
        omit=frozenset({"off"}),
    )
    return asked(request, actor, question)


def _tried(request: HttpRequest, actor: Actor, question: Question[CategoryIn], after: dict[str, Any]) -> HttpResponse:
    """The form again, with what triage says of the sentence now and would say then."""
    tried = request.POST.get("sentence", "")[:LONGEST_TRIED]
    context = {
        **frame(request, actor),
        "question": question,
        "form": form_of(CategoryIn, typed=request.POST, choices=question.choices),
        "mark": request.POST.get("mark", ""),
        "tried": tried,
        "before": answered(triage_here(Report(tried))),
        "after": after,
    }
    return render(request, "triage/category.html", context)


def answered(found: Triage) -> dict[str, Any]:
    """What triage says, in the reader's words."""
    tree = keeping.tree()
    node = tree.get(found.category)
    return {
        "category": said(node.zh, node.en) if node else found.category,
        "klass": KLASS_LABELS[found.klass],
        "severity": SEVERITY_LABELS[found.severity],
        "reasons": [said(reason.text, reason.text_en) for reason in found.reasons],
    }


def said_of_department(slug: str) -> str:
    """What a department is called."""
    known = catalogue().categories.department.get(slug)
    return said(known.zh, known.en) if known else slug


def _choices() -> dict[str, Any]:
    departments = catalogue().categories.department
    return {
        "department": [(slug, said(label.zh, label.en)) for slug, label in departments.items()],
        "skills": [(slug, said(*words)) for slug, words in SKILLS.items()],
    }


def _as_typed(node: Category, *, off: bool) -> dict[str, str]:
    return {
        "zh": node.zh,
        "en": node.en,
        "department": node.department,
        "skills": ",".join(node.skills),
        "klass": node.klass.value,
        "severity": str(node.severity.value),
        "keywords": "、".join(node.keywords),
        "off": "true" if off else "",
    }
