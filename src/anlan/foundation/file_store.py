"""Files, named by the SHA-256 of their content: what a file is comes from its bytes, never from its name.

Pictures are decoded and written anew without any metadata (place, device, time) unless they are evidence.
Other kinds are kept as they came: a video, recording or document may say where and by whom it was made.
Whoever serves a file sends it with its stored media type, `X-Content-Type-Options: nosniff` and, for
everything but pictures, `Content-Disposition: attachment`.
"""

import hashlib
import io
import os
import re
import tempfile
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _
from PIL import Image, ImageOps

from anlan.foundation.file_types import EXTENSIONS, FileRefused, Refusal, sniff

CHUNK_BYTES = 64 * 1024
MAX_BYTES = 20 * 1024 * 1024
MAX_PIXELS = 50_000_000
MAX_NAME = 120
MAX_EXTENSION = 10
PICTURE_QUALITY = 90

# Control, format (direction marks), surrogate, private, and line and paragraph separators.
_UNWANTED = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
# The modes each format keeps as they are; a picture in another mode is converted to the last one.
_MODES = {
    "JPEG": ("L", "RGB"),
    "PNG": ("1", "L", "I;16", "RGB", "RGBA"),
    "WEBP": ("RGB", "RGBA"),
}
_PICTURE_FORMATS = {"image/jpeg": "JPEG", "image/png": "PNG", "image/webp": "WEBP", "image/heic": "HEIF"}


@dataclass(frozen=True, slots=True)
class StoredFile:
    """What was stored. `digest` is 64 hex digits; `width` and `height` are pixels, None but for pictures."""

    digest: str
    size: int
    media_type: str
    name: str
    width: int | None = None
    height: int | None = None


class FileStore:
    """A folder of files by digest: `root/ab/cd/abcd…`. Safe for several processes at once.

    `max_bytes` and `max_pixels` (of a decoded picture) are settings of whoever makes the store.
    """

    def __init__(self, root: Path, *, max_bytes: int = MAX_BYTES, max_pixels: int = MAX_PIXELS) -> None:
        self.root = root
        self.max_bytes = max_bytes
        self.max_pixels = max_pixels
        # Beside the files, not in the system's temporary folder: a rename is atomic within one file system.
        self._incoming = root / "incoming"
        self._incoming.mkdir(parents=True, exist_ok=True)

    def put(self, source: BinaryIO | bytes, *, declared_name: str, evidence: bool = False) -> StoredFile:
        """Check and store one file. `FileRefused` says why not, and then nothing of it is left behind.

        `evidence=True` keeps a picture's original bytes, with the place and time the camera wrote. Those
        may be served only to staff who handle the matter, with each look recorded; never to the public,
        to another party, or in an export without its own legal basis.
        """
        name = clean_name(declared_name)
        stream = io.BytesIO(source) if isinstance(source, bytes) else source
        with self._temporary() as received:
            self._receive(stream, received)
            media_type = sniff(received, name)
            if media_type not in _PICTURE_FORMATS:
                return self._keep(received, media_type, name)
            picture = self._decode(received, _PICTURE_FORMATS[media_type])
            if evidence:
                return self._keep(received, media_type, name, picture.size)
            return self._keep_clean(picture, _PICTURE_FORMATS[media_type], name)

    def path(self, digest: str) -> Path:
        """Where the file of this digest belongs; `ValueError` if it is not 64 lower-case hex digits."""
        if not re.fullmatch(r"[0-9a-f]{64}", digest):
            raise ValueError("digest: 64 lower-case hexadecimal digits are expected")
        return self.root / digest[:2] / digest[2:4] / digest

    def open(self, digest: str) -> BinaryIO:
        """The stored bytes; `FileNotFoundError` if there is no such file."""
        return self.path(digest).open("rb")

    def verify(self, digest: str) -> bool:
        """Whether the file is there and still has the content it is named by."""
        try:
            with self.path(digest).open("rb") as stored:
                return hashlib.file_digest(stored, "sha256").hexdigest() == digest
        except FileNotFoundError:
            return False

    @contextmanager
    def _temporary(self) -> Iterator[io.BufferedRandom]:
        """A file in the making: gone at the end, whatever happens, unless it was moved to its place."""
        descriptor, path = tempfile.mkstemp(dir=self._incoming)
        os.close(descriptor)
        try:
            with open(path, "w+b") as file:
                yield file
        finally:
            Path(path).unlink(missing_ok=True)

    def _receive(self, stream: BinaryIO, received: BinaryIO) -> None:
        size = 0
        while chunk := stream.read(CHUNK_BYTES):
            size += len(chunk)
            if size > self.max_bytes:
                limit = f"{self.max_bytes / 1024 / 1024:.0f}"
                raise FileRefused(Refusal.TOO_LARGE, format_lazy(_("The file is larger than {limit} MB."), limit=limit))
            received.write(chunk)
        if not size:
            raise FileRefused(Refusal.EMPTY, _("The file is empty."))
        received.flush()

    def _decode(self, received: BinaryIO, picture_format: str) -> Image.Image:
        """The picture, turned the way it was held."""
        if picture_format not in Image.registered_extensions().values():
            raise FileRefused(Refusal.PICTURE_FORMAT, _("Please send the picture as JPEG, PNG or WebP."))
        too_many = FileRefused(Refusal.TOO_MANY_PIXELS, _("The picture has too many pixels."))
        received.seek(0)
        try:
            picture = Image.open(received, formats=[picture_format])
            if picture.width * picture.height > self.max_pixels:
                raise too_many
            return ImageOps.exif_transpose(picture)
        except (Image.DecompressionBombError, Image.DecompressionBombWarning):
            raise too_many from None
        except FileRefused:
            raise
        except Exception as error:
            # A hostile picture makes Pillow raise many kinds of error; each means the same to the sender.
            raise FileRefused(Refusal.BROKEN, _("The picture is damaged.")) from error

    def _keep_clean(self, picture: Image.Image, picture_format: str, name: str) -> StoredFile:
        if picture_format not in _MODES:
            picture_format = "JPEG"
        modes = _MODES[picture_format]
        if picture.has_transparency_data and "RGBA" in modes:
            picture = picture.convert("RGBA")
        elif picture.mode not in modes:
            picture = picture.convert("RGB")
        # Pillow writes some of what it read (comment, colour profile) unless it is taken away.
        picture.info.clear()
        media_type = Image.MIME[picture_format]
        with self._temporary() as clean:
            picture.save(clean, picture_format, quality=PICTURE_QUALITY)
            return self._keep(clean, media_type, name, picture.size)

    def _keep(
        self, file: io.BufferedRandom, media_type: str, name: str, pixels: tuple[int, int] | None = None
    ) -> StoredFile:
        file.flush()
        os.fsync(file.fileno())
        file.seek(0)
        digest = hashlib.file_digest(file, "sha256").hexdigest()
        target = self.path(digest)
        target.parent.mkdir(parents=True, exist_ok=True)
        # Replacing an equal file is harmless, and mends a damaged one.
        os.replace(file.name, target)
        _sync_folder(target.parent)
        width, height = pixels or (None, None)
        size = os.fstat(file.fileno()).st_size
        return StoredFile(digest, size, media_type, _with_extension(name, media_type), width, height)


def clean_name(declared: str) -> str:
    """The last part of a path, without control, invisible and direction marks, 120 characters at most."""
    last = re.split(r"[/\\]", declared)[-1]
    visible = "".join(mark for mark in last if unicodedata.category(mark) not in _UNWANTED)
    plain = re.sub(r'[<>:"|?*]', "_", unicodedata.normalize("NFC", visible)).strip(" .")
    stem, extension = os.path.splitext(plain)
    if len(extension) > MAX_EXTENSION:
        stem, extension = plain, ""
    return stem[: MAX_NAME - len(extension)].rstrip(" .") + extension


def _with_extension(name: str, media_type: str) -> str:
    stem, extension = os.path.splitext(name)
    if extension.lower() in EXTENSIONS[media_type]:
        return name
    return (stem or "file")[: MAX_NAME - MAX_EXTENSION] + EXTENSIONS[media_type][0]


def _sync_folder(folder: Path) -> None:
    """Make a rename survive a power cut."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
