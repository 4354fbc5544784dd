"""The model that scores merchants: boosted trees, calibrated, each score with its reasons; and its file."""

import io
import json
import zipfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import lightgbm
import numpy as np

from anlan.services.prepaid.warning.calibration import Calibration
from anlan.services.prepaid.warning.features import Doubles, Feature, More

FORM = 1
"""Of the file; one of another form is refused."""
REASONS = 3


class BadModel(ValueError):
    """The bytes are not a model of this program."""


@dataclass(frozen=True, slots=True)
class Reason:
    """One feature's part in a score: how far it moved it (log-odds), in words."""

    feature: str
    contribution: float
    zh: str
    en: str


@dataclass(frozen=True, slots=True)
class Outlook:
    """How likely a merchant's failure is, and why; a reason to look on the spot, never a decision."""

    probability: float
    reasons: tuple[Reason, ...]


@dataclass(frozen=True, slots=True)
class Card:
    """What the model is: the data it learned from, when, and how each of its trees' sets did on those it had not seen.

    `ece` was measured where the calibration was fitted, and so flatters; an evaluation does not.
    """

    data: str
    made_on: str
    merchants: int
    failed: int
    auc: float
    average_precision: float
    ece: float
    purpose: str = "只用于提示核查商户，不用于评价个人，不作为处罚依据"
    purpose_en: str = "Only to suggest which merchants to check; never for people, never a ground for a penalty"


@dataclass(frozen=True, slots=True)
class FailureModel:
    """Trees whose mean log-odds, calibrated, are the probability. `medians` (features,) say what is high or low."""

    features: tuple[Feature, ...]
    members: tuple[lightgbm.Booster, ...]
    calibration: Calibration
    medians: Doubles
    card: Card

    def probabilities(self, values: Doubles) -> Doubles:
        """(merchants,) of values (merchants, features). Raises ValueError for another number of features."""
        return self.calibration.probabilities(self._mean(values))

    def predict(self, values: Doubles, reasons: int = REASONS) -> list[Outlook]:
        """One outlook a merchant, with the features that moved the score most. Raises ValueError as above."""
        parts = self._mean(values, pred_contrib=True)[:, :-1]  # the last is the same for everybody
        most = np.argsort(-np.abs(parts), axis=1, kind="stable")[:, :reasons]
        return [
            Outlook(float(probability), tuple(self._reason(place, row[place], part[place]) for place in places))
            for probability, row, part, places in zip(self.probabilities(values), values, parts, most, strict=True)
        ]

    def to_bytes(self) -> bytes:
        """The model as a file: JSON and the trees as text in a zip archive, the same bytes for the same model."""
        told = {
            "form": FORM,
            "features": [[each.name, each.zh, each.en, each.more.value] for each in self.features],
            "calibration": {
                "slope": self.calibration.slope,
                "offset": self.calibration.offset,
                "at": self.calibration.at.tolist(),
                "share": self.calibration.share.tolist(),
            },
            "medians": [None if np.isnan(median) else median for median in self.medians.tolist()],
            "members": len(self.members),
            "card": asdict(self.card),
        }
        file = io.BytesIO()
        with zipfile.ZipFile(file, "w") as archive:
            _add(archive, "model.json", json.dumps(told, ensure_ascii=False))
            for number, member in enumerate(self.members):
                _add(archive, f"member-{number}.txt", member.model_to_string())
        return file.getvalue()

    @classmethod
    def from_bytes(cls, content: bytes) -> "FailureModel":
        """Raises `BadModel`."""
        try:
            with zipfile.ZipFile(io.BytesIO(content)) as archive:
                told: dict[str, Any] = json.loads(archive.read("model.json"))
                if told["form"] != FORM:
                    raise BadModel(f"the model has form {told['form']}; this program reads {FORM}")
                members = [archive.read(f"member-{number}.txt").decode() for number in range(told["members"])]
            curve = told["calibration"]
            return cls(
                features=tuple(Feature(name, zh, en, More(more)) for name, zh, en, more in told["features"]),
                members=tuple(lightgbm.Booster(model_str=member) for member in members),
                calibration=Calibration(
                    curve["slope"], curve["offset"], np.array(curve["at"]), np.array(curve["share"])
                ),
                medians=np.array(told["medians"], dtype=np.float64),
                card=Card(**told["card"]),
            )
        except (zipfile.BadZipFile, lightgbm.basic.LightGBMError, KeyError, TypeError, ValueError) as error:
            raise error if isinstance(error, BadModel) else BadModel(f"not a model: {error}") from error

    def _mean(self, values: Doubles, **how: Any) -> Doubles:
        if values.ndim != 2 or values.shape[1] != len(self.features):
            raise ValueError(f"values: wanted are {len(self.features)} features a merchant, not {values.shape[1:]}")
        how = {"raw_score": True, **how}
        found: Doubles = np.mean([np.asarray(member.predict(values, **how)) for member in self.members], axis=0)
        return found

    def _reason(self, place: int, value: float, part: float) -> Reason:
        feature, median = self.features[place], self.medians[place]
        zh, en = ("使风险上升", "raises the risk") if part > 0 else ("使风险下降", "lowers the risk")
        if np.isnan(value):
            said_zh, said_en = "缺失", "is missing"
        else:
            said_zh = f"为 {value:.4g}（中位数 {median:.4g}）"
            said_en = f"is {value:.4g} (median {median:.4g})"
        return Reason(feature.name, float(part), f"{feature.zh}{said_zh}，{zh}", f"{feature.en} {said_en}: {en}")


def _add(archive: zipfile.ZipFile, name: str, text: str) -> None:
    archive.writestr(zipfile.ZipInfo(name), text, zipfile.ZIP_DEFLATED)


def median_of(values: Doubles) -> Doubles:
    """(features,), of what is known; NaN where nothing is."""
    columns: Sequence[Doubles] = [column[~np.isnan(column)] for column in values.T]
    return np.array([np.median(column) if len(column) else np.nan for column in columns])
