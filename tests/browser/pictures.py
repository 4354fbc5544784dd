"""Takes the pictures in docs/pictures: `.venv/bin/python -m tests.browser.pictures`, after `./anlan test` has made
the environment. Look at every one of them before a page is called done.

City, people and words come from the seed; moments and codes are those of the day on which the pictures are taken.
"""

import io
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from PIL import Image
from playwright.sync_api import Page

from anlan.foundation.environment import REPOSITORY
from tests.browser.city import a_city
from tests.browser.visiting import LANGUAGES, SIZES, Visitor, Visits, a_browser
from tests.browser.ways import back_to_words, begin_report, on_to_sending

SEVERAL = "/board/bulk?chosen={matter}:1&chosen={in_hand[5]}:1"
FOLDER = REPOSITORY / "docs" / "pictures"
COLOURS = 64
"""Enough for flat pages, and a fourth of the size."""


@dataclass(frozen=True)
class Motif:
    """One page, as somebody sees it; in the dark too where `dark` says so."""

    title: str
    address: str
    who: str = ""
    reach: Callable[[Page], None] | None = None
    dark: bool = False


MOTIFS = {
    "first": Motif("The first page", "/", dark=True),
    "report-what": Motif("Reporting: what", "/report", reach=back_to_words),
    "report-where": Motif("Reporting: where", "/report", reach=begin_report),
    "report-send": Motif("Reporting: what will become of it, before it is sent", "/report", reach=on_to_sending),
    "receipt": Motif("The receipt with its code", "/t/{code}/receipt"),
    "track": Motif("Following a matter by its code", "/t/{code}", dark=True),
    "board": Motif("The command board of a town", "/board", "dispatcher", dark=True),
    "bulk": Motif("One deed for several matters", SEVERAL, "dispatcher"),
    "wall": Motif("The board for a screen on the wall", "/board/wall", "dispatcher"),
    "matters": Motif("The list of matters", "/matters", "dispatcher"),
    "merge": Motif("Two matters side by side, to be merged", "/matters/{matter}/merge?with={in_hand[5]}", "dispatcher"),
    "exports": Motif("Lists taken out", "/exports", "dispatcher"),
    "notices": Motif("What the desk was told", "/notices", "dispatcher"),
    "overview": Motif("How an area is doing", "/overview", "supervisor"),
    "security": Motif("How one signs in, and where one is signed in", "/account/security", "dispatcher"),
    "account": Motif("A resident's reports", "/account", "resident"),
    "account-data": Motif("What is kept of a resident, and who looked at it", "/account/data", "resident"),
    "administration": Motif("Administration", "/administration", "admin"),
    "routes": Motif("The routing table", "/administration/routes", "admin"),
    "categories": Motif("A category and its words", "/administration/categories/city.lighting", "admin"),
    "matter": Motif("A matter, for those who work on it", "/matters/{matter}", "dispatcher"),
    "tasks": Motif("The responder's tasks", "/tasks", "responder", dark=True),
    "sign-in": Motif("The door for staff", "/sign-in"),
    "styleguide": Motif("The components", "/styleguide"),
}


def main() -> None:
    """Take every picture anew."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    for old in FOLDER.glob("*.png"):
        old.unlink()
    with a_browser() as browser, a_city() as city:
        visits = Visits(browser, city, {})
        for name, motif in MOTIFS.items():
            for visitor in visitors(motif):
                page = visits.open(visitor, motif.address.format(**vars(city.known)))
                if motif.reach:
                    motif.reach(page)
                take(page, FOLDER / file_of(name, visitor))
                visits.close()
    (FOLDER / "README.md").write_text(listed(), encoding="utf-8")
    size = sum(each.stat().st_size for each in FOLDER.iterdir())
    print(f"{len(list(FOLDER.glob('*.png')))} pictures, {size / 1e6:.1f} MB in {FOLDER.relative_to(REPOSITORY)}")


def visitors(motif: Motif) -> list[Visitor]:
    light = [Visitor(motif.who, size, language) for size in SIZES for language in LANGUAGES]  # type: ignore[arg-type]
    return light + [Visitor(motif.who, "phone", "zh", "dark")] * motif.dark


def file_of(name: str, visitor: Visitor) -> str:
    return "-".join([name, visitor.size, visitor.language, *(["dark"] if visitor.scheme == "dark" else [])]) + ".png"


def take(page: Page, file: Path) -> None:
    """What fits on the screen, in few colours: small enough to be kept with the source."""
    page.evaluate("document.fonts.ready")
    picture = Image.open(io.BytesIO(page.screenshot()))
    picture.convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE).save(file, optimize=True)


def listed() -> str:
    """The README of the folder."""
    lines = [
        "# Pictures",
        "",
        "Made by `python -m tests.browser.pictures` from the demo city; all people are invented.",
        "",
    ]
    for name, motif in MOTIFS.items():
        files = [file_of(name, visitor) for visitor in visitors(motif)]
        links = " · ".join(f"[{file.removeprefix(name + '-').removesuffix('.png')}]({file})" for file in files)
        lines.append(f"- {motif.title}: {links}")
    return "\n".join([*lines, ""])


if __name__ == "__main__":
    main()
