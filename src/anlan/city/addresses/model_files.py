"""The files that keep what was learnt about addresses: archives of parts by name, written whole or not at all."""

import hashlib
import os
import tempfile
import zipfile
from collections.abc import Mapping
from io import BytesIO
from pathlib import Path


def write(file: Path, parts: Mapping[str, bytes | str]) -> None:
    """Readers see the old file until the new one is complete; OSError where it cannot be written."""
    file.parent.mkdir(parents=True, exist_ok=True)
    packed = BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    handle, beside = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}.")
    try:
        with os.fdopen(handle, "wb") as out:
            out.write(packed.getvalue())
            out.flush()
            os.fsync(out.fileno())
        os.replace(beside, file)
    except BaseException:
        Path(beside).unlink(missing_ok=True)
        raise


def file_hash(file: Path) -> str:
    """The SHA-256 of a file, for the card."""
    return hashlib.sha256(file.read_bytes()).hexdigest()
