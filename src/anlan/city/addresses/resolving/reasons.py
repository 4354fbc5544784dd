"""Why a candidate is one: each reason is a code for programs and a sentence in the reader's language."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, NamedTuple

from django.utils import translation
from django.utils.translation import gettext_lazy as _

SENTENCES: Final = {
    "as_written": _("%(base)s: as written"),
    "alias": _("%(said)s is another name of %(base)s"),
    "sound": _("%(said)s sounds like %(base)s"),
    "rough_sound": _("%(said)s sounds nearly like %(base)s"),
    "alike": _("%(said)s is written nearly like %(base)s"),
    "agrees": _("%(part)s %(base)s: as written"),
    "differs": _("%(part)s: written is %(said)s, the base has %(base)s"),
    "not_in_base": _("%(part)s %(said)s is not in the base"),
    "not_recognised": _("no name in the base is like %(said)s"),
    "more_than_asked": _("the base says more: %(part)s %(base)s"),
    "renamed_district": _("%(said)s is %(base)s since %(since)s"),
    "beside": _("%(said)s: it lies near this address, not at it"),
    "floor_within": _("floor %(said)s: within this address"),
    "near": _("%(metres)s m from the position"),
    "here": _("in the area that was named"),
    "led_on": _("%(said)s has ended; %(base)s has taken its place"),
    "crossing": _("crossing with %(base)s"),
    "ended": _("this address is no longer in use"),
}

PARTS: Final = {
    "district": _("district"),
    "town": _("town or street"),
    "community": _("community or village"),
    "road": _("road"),
    "number": _("road number"),
    "compound": _("compound or hamlet"),
    "poi": _("point of interest"),
    "building": _("building"),
    "unit": _("unit of a building"),
    "floor": _("floor"),
    "room": _("room"),
}


class Reason(NamedTuple):
    """`part` is one of PARTS or empty; `said` is what was written, `base` what the base has."""

    code: str
    part: str = ""
    said: str = ""
    base: str = ""
    more: Mapping[str, str] = MappingProxyType({})

    def __str__(self) -> str:
        values = {"part": PARTS.get(self.part, ""), "said": self.said, "base": self.base, **self.more}
        return str(SENTENCES[self.code]) % values

    def told_in(self, language: str) -> str:
        """The sentence in a language of the program, whatever the reader's is."""
        with translation.override(language):
            return str(self)
