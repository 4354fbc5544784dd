import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn

from anlan.services.triage.learning.combining import CATEGORY, HEADS


class Command(BaseCommand):
    help = "The model that helps triage: train it, try it, list its versions, go back to an earlier one."

    def add_arguments(self, parser: CommandParser) -> None:
        actions = parser.add_subparsers(dest="action", required=True)
        evaluate = actions.add_parser("evaluate", help="train afresh on one file and try it on another")
        evaluate.add_argument("file", type=Path, help="labelled messages to try it on")
        evaluate.add_argument("--train", type=Path, required=True, metavar="FILE", help="labelled messages to learn")
        train = actions.add_parser("train", help="make a candidate from a file; it serves if it is better")
        train.add_argument("file", type=Path, help="labelled messages, with this city's labels")
        train.add_argument("--head", choices=HEADS, default=CATEGORY, help="what the labels are (category)")
        models = actions.add_parser("models", help="the models kept, newest first, and which one serves")
        back = actions.add_parser("rollback", help="go back to what served before")
        back.add_argument("--head", choices=HEADS, default=CATEGORY, help="of which head (category)")
        for action in (evaluate, train, models, back):
            action.add_argument("--json", action="store_true", help="print one JSON object")

    def handle(self, *args: Any, action: str, json: bool, **options: Any) -> None:
        # SciPy and scikit-learn take a second to load: only where they are needed.
        from anlan.services.triage.learning.labelled import BadFile
        from anlan.services.triage.learning.registry import NothingBefore
        from anlan.services.triage.learning.training import TooLittle

        actions: dict[str, Callable[..., dict[str, Any]]]
        actions = {"evaluate": _evaluate, "train": _train, "models": _models, "rollback": _roll_back}
        try:
            found = actions[action](**options)
        except (BadFile, TooLittle, NothingBefore) as error:
            raise CommandError(str(error)) from error
        self._tell(found, as_json=json)

    def _tell(self, found: dict[str, Any], *, as_json: bool) -> None:
        self.stdout.write(json.dumps(found, ensure_ascii=False, indent=None if as_json else 1))


def _evaluate(*, file: Path, train: Path, **options: Any) -> dict[str, Any]:
    from anlan.services.triage.learning.evaluation import evaluate
    from anlan.services.triage.learning.labelled import read

    with _steps() as step:
        step("reading the files")
        return evaluate(read(file), read(train), step)


def _train(*, file: Path, head: str, **options: Any) -> dict[str, Any]:
    from anlan.loop.suggestions import Klass, Severity
    from anlan.services.triage.city import category_tree
    from anlan.services.triage.learning import candidates, night
    from anlan.services.triage.learning.combining import KLASS
    from anlan.services.triage.learning.labelled import BadFile, read
    from anlan.services.triage.models import TriageModel

    found = read(file)
    known = {CATEGORY: set(category_tree()), KLASS: {klass.value for klass in Klass}}
    unknown = set(found.labels) - known.get(head, {severity.name.lower() for severity in Severity})
    if unknown:
        some = ", ".join(sorted(unknown)[:5])
        raise BadFile(f"{file}: no {head} of this city: {some}")
    source = TriageModel.Source.FILE
    with _steps() as step:
        rules = partial(night.by_rules, head)
        kept = candidates.propose(head, found.texts, found.labels, source, rules, step=step)
    return {"model": kept.pk, "head": head, "serves": kept.card["better"], "refused": list(found.refused), **kept.card}


@contextmanager
def _steps() -> Iterator[Callable[[str], None]]:
    """What is being done and for how long, on the error stream; what is printed stays one object."""
    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True)) as progress:
        doing: list[TaskID] = []

        def step(name: str) -> None:
            for task in doing[-1:]:
                progress.update(task, total=1, completed=1)
            doing.append(progress.add_task(name, total=None))

        yield step
        for task in doing[-1:]:
            progress.update(task, total=1, completed=1)


def _models(**options: Any) -> dict[str, Any]:
    from anlan.services.triage.learning import registry
    from anlan.services.triage.models import TriageModel

    serving = {chosen.model_id for head in HEADS if (chosen := registry.choice(head))}
    kept = TriageModel.objects.defer("content")
    return {
        "models": [
            {
                "model": each.pk,
                "head": each.head,
                "made_at": each.made_at.isoformat(timespec="seconds"),
                "source": each.source,
                "serves": each.pk in serving,
                "texts": each.card["texts"],
                "right": each.card["right"],
                "right_before": each.card["right_before"],
                "digest": each.digest,
            }
            for each in kept
        ]
    }


def _roll_back(*, head: str, **options: Any) -> dict[str, Any]:
    from anlan.services.triage.learning import registry

    chosen = registry.roll_back(head, "rolled back by command")
    return {"head": head, "model": chosen.model_id}
