"""What the look-ups answer: the same for pages and programs."""

from typing import Annotated

from pydantic import BaseModel, Field

from anlan.city.addresses.models import Address, Level
from anlan.city.addresses.resolving.lookups import Found
from anlan.city.addresses.resolving.resolver import Resolution
from anlan.city.addresses.resolving.reverse import Reversed
from anlan.city.addresses.resolving.weighing import Candidate
from anlan.loop.schemas import Told

LONGEST = 10_000
Text = Annotated[str, Field(max_length=LONGEST)]


class PartOut(BaseModel):
    """Some characters of the text, and what they were read as."""

    label: str
    text: str


class ReasonOut(BaseModel):
    """`code` is for programs, `text` is in the asker's language."""

    code: str
    part: str
    text: str


class AddressOut(BaseModel):
    """A coded address. `level` is the name of the level, `area` a path of codes; positions are WGS-84."""

    code: str
    text: str
    level: str
    area: str
    grid: str
    lon: float | None
    lat: float | None

    @classmethod
    def of(cls, row: Found | Address) -> "AddressOut":
        return cls(
            code=row.code,
            text=row.text,
            level=Level(row.level).name.lower(),
            area=row.area,
            grid=row.grid,
            lon=row.lon,
            lat=row.lat,
        )


class CandidateOut(BaseModel):
    address: AddressOut
    score: float
    metres: int | None
    reasons: list[ReasonOut]

    @classmethod
    def of(cls, candidate: Candidate) -> "CandidateOut":
        reasons = [ReasonOut(code=each.code, part=each.part, text=str(each)) for each in candidate.reasons]
        score = round(candidate.score, 3)
        return cls(address=AddressOut.of(candidate.address), score=score, metres=candidate.metres, reasons=reasons)


class ChoiceOut(BaseModel):
    label: str
    code: str


class QuestionOut(BaseModel):
    """The one question that would settle it: the level at which the candidates differ, and the choices."""

    level: str
    text: str
    choices: list[ChoiceOut]


class ResolutionOut(BaseModel):
    """`verdict` is exact, resolved, ambiguous, unknown or outside."""

    text: str
    verdict: str
    parts: list[PartOut]
    candidates: list[CandidateOut]
    question: QuestionOut | None

    @classmethod
    def of(cls, found: Resolution) -> "ResolutionOut":
        asked = found.question
        choices = [ChoiceOut(label=each.label, code=each.code) for each in asked.choices] if asked else []
        return cls(
            text=found.parsed.text,
            verdict=found.verdict,
            parts=[PartOut(label=part.label, text=part.text) for part in found.parsed.parts],
            candidates=[CandidateOut.of(each) for each in found.candidates],
            question=QuestionOut(level=asked.level, text=str(asked), choices=choices) if asked else None,
        )


class NearOut(BaseModel):
    metres: int
    address: AddressOut


class ReverseOut(BaseModel):
    """`area` is the path of the smallest area that holds the position; `problem` says why no address is near."""

    area: str
    name: str
    problem: str | None
    nearest: list[NearOut]

    @classmethod
    def of(cls, found: Reversed, name: str) -> "ReverseOut":
        nearest = [NearOut(metres=round(metres), address=AddressOut.of(row)) for metres, row in found.nearest]
        return cls(area=found.area, name=name, problem=found.problem, nearest=nearest)


class BatchIn(Told):
    """Many addresses at once; `area` is the code of the area in which they are likelier."""

    texts: list[Text]
    area: str = ""
