"""How a use is taken out of a card's lots: first in, first out, exact to the fen however it is split. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from anlan.services.prepaid.figures import share


@dataclass(frozen=True, slots=True)
class Layer:
    """What drawing asks of a lot: fen paid, what it holds, how much of that was drawn, and what went out for it."""

    paid: int
    face: int
    drawn: int
    released: int

    @property
    def left(self) -> int:
        """What can still be drawn."""
        return self.face - self.drawn


@dataclass(frozen=True, slots=True)
class Part:
    """What one use takes from the lot at `place`: its share of u, d and f, and the fen that go to the merchant."""

    place: int
    list_price: int
    price: int
    face: int
    money: int


class TooLittle(Exception):
    """The lots hold less than is to be drawn; `left` is what they hold."""

    def __init__(self, left: int) -> None:
        super().__init__(left)
        self.left = left


def draw(layers: Sequence[Layer], *, face: int, list_price: int, price: int) -> list[Part]:
    """Take `face` from the lots in their order. Raises TooLittle.

    Of each lot the merchant has then had round_half_up(paid x drawn / face) in all, so two uses take what one of both
    would have taken, and the last one takes the last fen.
    """
    left = sum(layer.left for layer in layers)
    if left < face:
        raise TooLittle(left)
    parts: list[Part] = []
    done = 0
    for place, layer in enumerate(layers):
        taken = min(layer.left, face - done)
        if taken == 0:
            continue
        parts.append(
            Part(
                place=place,
                list_price=share(list_price, done + taken, face) - share(list_price, done, face),
                price=share(price, done + taken, face) - share(price, done, face),
                face=taken,
                money=share(layer.paid, layer.drawn + taken, layer.face) - layer.released,
            )
        )
        done += taken
    return parts
