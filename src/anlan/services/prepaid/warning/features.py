"""What is known of merchants, as columns with a name in both languages and a direction."""

import tomllib
from dataclasses import dataclass
from enum import Enum
from importlib import resources
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Doubles: TypeAlias = NDArray[np.float64]
Labels: TypeAlias = NDArray[np.bool_]

# What belongs to a person and not to a merchant; matched against the words of a feature's name.
_OF_A_PERSON = frozenset(
    {
        *("person", "resident", "consumer", "owner", "legal_representative", "employee"),
        *("age", "gender", "sex", "race", "religion", "nationality", "health", "face", "phone", "mobile", "id_number"),
    }
)


class NotAMerchants(ValueError):
    """A feature speaks of a person; only merchants are scored."""


class More(Enum):
    """What more of a feature may do to the risk, all else being equal; the value is LightGBM's constraint."""

    LOWERS = -1
    FREE = 0
    RAISES = 1


@dataclass(frozen=True, slots=True)
class Feature:
    """A column. Raises `NotAMerchants` for one of a person's; a count of many (`consumers`) is the merchant's."""

    name: str
    zh: str
    en: str
    more: More = More.FREE

    def __post_init__(self) -> None:
        words = f"_{self.name.lower()}_"
        named = sorted(word for word in _OF_A_PERSON if f"_{word}_" in words)
        if named:
            raise NotAMerchants(f"{self.name}: speaks of a person ({named[0]}); only merchants are scored")


@dataclass(frozen=True, slots=True)
class Table:
    """Merchants and what became of them.

    `values` (merchants, features), NaN where nothing is known; `failed` (merchants,).
    """

    features: tuple[Feature, ...]
    values: Doubles
    failed: Labels

    def __len__(self) -> int:
        return len(self.failed)

    def only(self, rows: NDArray[np.int64]) -> "Table":
        return Table(self.features, self.values[rows], self.failed[rows])


def ratios() -> dict[str, Feature]:
    """The ratios of the public data on company failure, by the names they have there."""
    told = tomllib.loads((resources.files(__package__) / "ratios.toml").read_text(encoding="utf-8"))
    direction: dict[str | None, More] = {None: More.FREE, "raises": More.RAISES, "lowers": More.LOWERS}
    return {
        each["name"]: Feature(each["name"], each["zh"], each["en"], direction[each.get("more")])
        for each in told["ratio"]
    }
