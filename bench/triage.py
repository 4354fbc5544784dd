"""Texts classified per second and how well, beside TF-IDF with a linear SVM, nearest neighbours and naive Bayes.

`fast` is the model that a report waits for, `night` the stack over it that `anlan triage evaluate` reports.

Everything in one run on the same folds: labelled messages to a city, each text once, five folds (one with --small),
twins of what is tested left out of what is learned. The data are third party's and lie beside the project.
"""

import resource
import statistics
import time
from collections.abc import Callable
from typing import Any

import numpy as np
from django.core.management.base import CommandError
from sklearn.calibration import CalibratedClassifierCV
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.model_selection import StratifiedKFold
from sklearn.naive_bayes import MultinomialNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline, make_union
from sklearn.svm import LinearSVC

from anlan.foundation.environment import REPOSITORY
from anlan.services.triage.learning import calibration, stack
from anlan.services.triage.learning.evaluation import Model, macro_f1
from anlan.services.triage.learning.labelled import Labelled, read, twins
from anlan.services.triage.learning.linear import LinearModel
from anlan.services.triage.learning.training import learned as fast_learned
from bench.measuring.ground import Ground
from bench.measuring.result import Goal, Result

MESSAGES = REPOSITORY.parent / "shared" / "data" / "messages" / "labelled_segmented.csv.gz"
FOLDS, SMALL_TEXTS, ALONE = 5, 700, 100

Answered = tuple[np.ndarray[Any, Any], float]
"""Probabilities (texts, labels) and the processor seconds that they took."""


def run(ground: Ground, *, small: bool) -> Result:
    if not MESSAGES.exists():
        raise CommandError(f"there are no labelled messages at {MESSAGES}")
    every = read(MESSAGES)
    if small:
        every = every.only(range(SMALL_TEXTS))
    names = sorted(set(every.labels))
    truth = np.array([names.index(label) for label in every.labels])
    found: dict[str, list[dict[str, float]]] = {}
    own: dict[str, list[float]] = {"train_seconds": [], "stack_seconds": [], "one_ms": [], "bytes": [], "peak_mb": []}
    folds = StratifiedKFold(FOLDS, shuffle=True, random_state=1).split(np.zeros(len(truth)), truth)
    for _, rows in list(folds)[: 1 if small else FOLDS]:
        tested = every.only(rows.tolist())
        same = twins(every.texts, tested.texts)
        learned = every.only([row for row in range(len(every)) if row not in same])
        answers = _ours(learned, tested, own)
        answers |= {name: classify(learned, tested) for name, classify in _peers().items()}
        for name, (probabilities, seconds) in answers.items():
            found.setdefault(name, []).append(_scores(probabilities, truth[rows], seconds))
    means = {
        name: {key: statistics.fmean(each[key] for each in folds) for key in folds[0]} for name, folds in found.items()
    }
    fast, night, peer = means["fast"], means["night"], means["tfidf_svm"]
    return Result(
        value=fast["rate"],
        unit="texts/s",
        limit=peer["rate"],
        limit_name="word and character TF-IDF with a linear SVM (scikit-learn), in the same run",
        more={
            "texts": len(every),
            **{f"{name}_{key}": value for name, each in means.items() for key, value in each.items()},
            **{key: statistics.fmean(values) for key, values in own.items()},
        },
        goals=(
            Goal("macro-F1 by night", night["f1"], "at least", 0.925),
            Goal("calibration error by night", night["ece"], "at most", 0.015),
            Goal("coverage at 99 % precision by night", night["coverage"], "at least", 0.6),
            Goal("macro-F1 of what serves", fast["f1"], "at least", 0.915),
            Goal("texts a second on one core", fast["rate"], "at least", 3_000),
            Goal("milliseconds for one", statistics.fmean(own["one_ms"]), "at most", 3),
            Goal("seconds to train", statistics.fmean(own["train_seconds"]), "at most", 60),
            Goal("seconds to train the stack", statistics.fmean(own["stack_seconds"]), "at most", 180),
            Goal("bytes of the model", statistics.fmean(own["bytes"]), "at most", 5_000_000),
        ),
        notes=(
            "rates are per second of processor time, one_ms the median of single texts",
            "peak_mb is the most memory that the process had taken so far, training and peers together",
            "with --small the texts are too few for the figures that were promised",
        ),
    )


def _scores(probabilities: np.ndarray[Any, Any], truth: np.ndarray[Any, Any], seconds: float) -> dict[str, float]:
    return {
        "f1": macro_f1(truth, probabilities.argmax(axis=1)),
        "ece": calibration.calibration_error(probabilities, truth),
        "coverage": calibration.coverage(probabilities, truth, 0.99),
        "rate": len(truth) / seconds,
    }


def _ours(learned: Labelled, tested: Labelled, told: dict[str, list[float]]) -> dict[str, Answered]:
    begun = time.perf_counter()
    fast = fast_learned(learned.texts, learned.labels)
    trained = time.perf_counter()
    night = stack.over(fast)
    told["train_seconds"].append(trained - begun)
    told["stack_seconds"].append(time.perf_counter() - begun)
    told["bytes"].append(len(fast.model.to_bytes()))
    told["one_ms"].append(statistics.median(_milliseconds(fast.model, text) for text in tested.texts[:ALONE]))
    answers = {name: _timed(model, list(tested.texts)) for name, model in (("fast", fast.model), ("night", night))}
    told["peak_mb"].append(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
    return answers


def _milliseconds(model: LinearModel, text: str) -> float:
    begun = time.perf_counter()
    model.guess(text)
    return (time.perf_counter() - begun) * 1000


def _timed(model: Model, texts: list[str]) -> Answered:
    begun = time.process_time()
    return model.probabilities(texts), time.process_time() - begun


def _peers() -> dict[str, Callable[[Labelled, Labelled], Answered]]:
    words: dict[str, Any] = {"token_pattern": r"\S+", "sublinear_tf": True, "min_df": 2}
    both = make_union(
        TfidfVectorizer(ngram_range=(1, 2), **words),
        TfidfVectorizer(analyzer="char_wb", ngram_range=(1, 4), sublinear_tf=True, min_df=2),
    )
    return {
        "tfidf_svm": _peer(make_pipeline(both, CalibratedClassifierCV(LinearSVC(C=0.5), cv=3))),
        "knn": _peer(make_pipeline(TfidfVectorizer(**words), KNeighborsClassifier(15, metric="cosine"))),
        "nb": _peer(make_pipeline(TfidfVectorizer(**words), MultinomialNB())),
    }


def _peer(pipeline: Any) -> Callable[[Labelled, Labelled], Answered]:
    def classify(learned: Labelled, tested: Labelled) -> Answered:
        pipeline.fit(learned.texts, learned.labels)
        begun = time.process_time()
        return pipeline.predict_proba(tested.texts), time.process_time() - begun

    return classify
