"""`anlan addresses reverse LON LAT`: what stands at a position, and its grid."""

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import CommandError, OutputWrapper

from anlan.city.addresses.resolving.reverse import FARTHEST_METRES, Problem, reverse
from anlan.city.areas.atlas import atlas

HELP = "The addresses nearest to a position (WGS-84), and the grid it lies in."
_REFUSED = {
    Problem.NO_POSITION: "this is no position",
    Problem.SWAPPED: "longitude and latitude are exchanged: the longitude comes first, as in 120.1 30.3",
}


def add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("lon", type=float)
    parser.add_argument("lat", type=float)
    parser.add_argument("--within", type=float, default=FARTHEST_METRES, metavar="METRES")
    parser.add_argument("--json", action="store_true", dest="as_json", help="print one JSON object")


def run(out: OutputWrapper, *, lon: float, lat: float, within: float, as_json: bool, **options: Any) -> None:
    found = reverse(lon, lat, within=within)
    if found.problem in _REFUSED:
        raise CommandError(_REFUSED[found.problem])
    if as_json:
        nearest = [{"metres": round(metres), "code": row.code, "text": row.text} for metres, row in found.nearest]
        out.write(json.dumps({"area": found.area, "problem": found.problem, "nearest": nearest}, ensure_ascii=False))
        return
    if found.problem is Problem.OUTSIDE:
        out.write("outside the city")
        return
    out.write(atlas().full_name(found.area))
    for metres, row in found.nearest:
        out.write(f"{metres:>6.0f} m  {row.code}  {row.text}")
    if not found.nearest:
        out.write(f"no address within {within:g} m")
