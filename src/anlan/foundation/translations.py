"""The Chinese words: kept as a readable catalogue (.po), compiled to what Django reads (.mo) when it has changed."""

import os
import tempfile
from pathlib import Path

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

LOCALE = Path(__file__).parents[1] / "locale"


def compile_catalogues(folder: Path = LOCALE) -> int:
    """Compile every catalogue that is newer than what was made of it; returns how many were."""
    stale = [po for po in folder.glob("*/LC_MESSAGES/*.po") if _older(po.with_suffix(".mo"), po)]
    for po in stale:
        _compile(po)
    return len(stale)


def _older(compiled: Path, source: Path) -> bool:
    return not compiled.exists() or compiled.stat().st_mtime < source.stat().st_mtime


def _compile(po: Path) -> None:
    with po.open("rb") as source:
        catalogue = read_po(source, abort_invalid=True)
    # Renamed into place, since another command may be reading or compiling at this moment.
    with tempfile.NamedTemporaryFile(dir=po.parent, prefix=".compiling-", delete=False) as draft:
        write_mo(draft, catalogue)
    os.replace(draft.name, po.with_suffix(".mo"))
