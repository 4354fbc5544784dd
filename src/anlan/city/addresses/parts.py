"""What an address is made of: the labels of its parts, and a text read into them."""

from dataclasses import dataclass
from typing import Final

LABELS: Final = (
    "country",
    "prov",
    "city",
    "district",
    "devzone",
    "town",
    "community",
    "road",
    "subroad",
    "roadno",
    "subroadno",
    "poi",
    "subpoi",
    "houseno",
    "cellno",
    "floorno",
    "roomno",
    "person",
    "assist",
    "redundant",
    "otherinfo",
)
"""From the widest to the narrowest, and what belongs to no level: the 21 labels in which Chinese addresses have been
annotated in public (NAACL 2019, "Neural Chinese Address Parsing"), in lower case."""


@dataclass(frozen=True, slots=True)
class Part:
    """Some characters of an address, `text[start:end]` of what was written, and what they are."""

    label: str
    text: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Parsed:
    """A text read as an address. The parts follow each other without a gap: joined, they are the text."""

    text: str
    parts: tuple[Part, ...]
    confidence: float | None = None
    """How likely every part is right, 0 to 1; None where the reader has no probability to offer."""

    def first(self, label: str) -> str:
        """The first part of this label as written; "" where there is none."""
        return next((part.text for part in self.parts if part.label == label), "")
