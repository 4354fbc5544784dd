"""What a file really is, told from its content, and why a file is refused."""

import codecs
import mmap
import os
import re
import zipfile
from enum import StrEnum
from pathlib import PurePath
from typing import TYPE_CHECKING, BinaryIO

from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

# The kinds that are taken, with the extensions that may name them; the first is the one that is given.
EXTENSIONS = {
    "image/jpeg": (".jpg", ".jpeg", ".jpe", ".jfif"),
    "image/png": (".png",),
    "image/webp": (".webp",),
    "image/heic": (".heic", ".heif"),
    "application/pdf": (".pdf",),
    "video/mp4": (".mp4", ".m4v"),
    "video/quicktime": (".mov", ".qt"),
    "audio/mp4": (".m4a",),
    "audio/mpeg": (".mp3",),
    "audio/wav": (".wav",),
    "audio/ogg": (".ogg", ".oga", ".opus"),
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": (".xlsx",),
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": (".docx",),
    "text/csv": (".csv",),
    "text/plain": (".txt",),
}

HEAD_BYTES = 2048
# What an office document may unpack to: so many times its size, but never more than the ceiling.
UNPACKED_RATIO = 100
UNPACKED_FLOOR = 10 * 1024 * 1024
UNPACKED_CEILING = 200 * 1024 * 1024
MAX_MEMBERS = 2000
_CHUNK_BYTES = 64 * 1024

_EXECUTABLE = (
    b"\x7fELF",
    b"#!",
    b"\xca\xfe\xba\xbe",
    b"\xfe\xed\xfa\xce",
    b"\xfe\xed\xfa\xcf",
    b"\xce\xfa\xed\xfe",
    b"\xcf\xfa\xed\xfe",
    b"dex\n",
)
_MARKUP = re.compile(rb"<(?:!doctype\s+html|html|head|body|script|svg|iframe|\?php)\b", re.IGNORECASE)
_PDF_ACTIONS = (b"/JavaScript", b"/Launch", b"/RichMedia")
_HEIC_BRANDS = {b"heic", b"heix", b"hevc", b"hevx", b"heim", b"heis", b"mif1", b"msf1"}
_MP4_BRANDS = {b"isom", b"mp41", b"mp42", b"avc1", b"M4V ", b"MSNV", b"dash", b"3gp4", b"3gp5", b"3gp6"}
_MP4_BRANDS |= {b"iso%d" % number for number in range(2, 10)}
_OFFICE = {
    "xl/workbook.xml": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "word/document.xml": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
}


class Refusal(StrEnum):
    """Why a file was refused; the code goes to the API, the message to the person."""

    EMPTY = "empty"
    TOO_LARGE = "too_large"
    UNKNOWN_TYPE = "unknown_type"
    MISMATCH = "mismatch"
    ACTIVE_CONTENT = "active_content"
    EXECUTABLE = "executable"
    NOT_UTF8 = "not_utf8"
    BROKEN = "broken"
    TOO_MANY_PIXELS = "too_many_pixels"
    PICTURE_FORMAT = "picture_format"
    UNPACKS_TOO_LARGE = "unpacks_too_large"


class FileRefused(Exception):
    """A file was not taken and nothing of it kept. `code` is for programs, `message` for the sender."""

    def __init__(self, code: Refusal, message: "StrOrPromise") -> None:
        super().__init__(code.value)
        self.code = code
        self.message = message


def sniff(file: BinaryIO, name: str) -> str:
    """Return the media type of a seekable file on disk, told from its content.

    `name` can only narrow the answer (a text called .csv) or contradict it. `FileRefused` for what is not
    in `EXTENSIONS`, is broken or active, or is not what its extension says. A PDF's compressed parts are
    not unpacked, so an action hidden in one is not seen.
    """
    file.seek(0)
    head = file.read(HEAD_BYTES)
    if head.startswith(_EXECUTABLE) or (head.startswith(b"MZ") and b"\0" in head):
        raise FileRefused(Refusal.EXECUTABLE, _("Programs and scripts are not accepted."))
    if _MARKUP.search(head):
        raise FileRefused(Refusal.ACTIVE_CONTENT, _("Web pages, SVG pictures and scripts are not accepted."))

    extension = PurePath(name).suffix.lower()
    media_type = _sniff_binary(file, head) or _sniff_text(file, head, extension)
    if media_type in ("video/mp4", "video/quicktime") and extension in EXTENSIONS["audio/mp4"]:
        # A sound recorder writes the same container as a camera, often under the same brand.
        media_type = "audio/mp4"
    if extension and extension not in EXTENSIONS[media_type]:
        raise FileRefused(Refusal.MISMATCH, _("The file is not what its name says."))
    return media_type


def _sniff_binary(file: BinaryIO, head: bytes) -> str | None:
    if head.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png"
    if head.startswith(b"RIFF"):
        return {b"WEBP": "image/webp", b"WAVE": "audio/wav"}.get(head[8:12])
    if head.startswith(b"OggS"):
        return "audio/ogg"
    if head[4:8] == b"ftyp":
        return _sniff_container(head[8:12])
    if head.startswith(b"%PDF-"):
        _check_pdf(file)
        return "application/pdf"
    if head.startswith(b"PK\x03\x04"):
        return _sniff_office(file)
    return "audio/mpeg" if _is_mp3(file, head) else None


def _sniff_container(brand: bytes) -> str | None:
    """The kind of an ISO base media file (ISO/IEC 14496-12), from its major brand."""
    if brand in _HEIC_BRANDS:
        return "image/heic"
    if brand in _MP4_BRANDS:
        return "video/mp4"
    return {b"qt  ": "video/quicktime", b"M4A ": "audio/mp4"}.get(brand)


def _is_mp3(file: BinaryIO, head: bytes) -> bool:
    """Whether an MPEG layer III frame begins the file, or follows its ID3 tag (whose size is 4 x 7 bits)."""
    if head.startswith(b"ID3") and len(head) >= 10:
        size = 0
        for byte in head[6:10]:
            size = size << 7 | byte & 0x7F
        file.seek(10 + size)
        head = file.read(HEAD_BYTES).lstrip(b"\0")
    if len(head) < 4 or head[0] != 0xFF or head[1] & 0xE6 != 0xE2:
        return False
    version_is_valid = head[1] & 0x18 != 0x08
    rates_are_valid = head[2] & 0xF0 not in (0x00, 0xF0) and head[2] & 0x0C != 0x0C
    return version_is_valid and rates_are_valid


def _check_pdf(file: BinaryIO) -> None:
    with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        end = content.rfind(b"%%EOF")
        if end < 0:
            raise FileRefused(Refusal.BROKEN, _("The PDF is incomplete."))
        if content[end + 5 :].strip(b"\0\t\n\f\r "):
            raise FileRefused(Refusal.MISMATCH, _("Something else is attached behind the PDF."))
        if any(content.find(action) >= 0 for action in _PDF_ACTIONS):
            raise FileRefused(Refusal.ACTIVE_CONTENT, _("A PDF that runs scripts or programs is not accepted."))


def _sniff_office(file: BinaryIO) -> str:
    try:
        with zipfile.ZipFile(file) as archive:
            members = archive.infolist()
            names = {member.filename for member in members}
            kinds = [kind for part, kind in _OFFICE.items() if part in names]
            if "[Content_Types].xml" not in names or len(kinds) != 1:
                raise FileRefused(Refusal.UNKNOWN_TYPE, _("Archives are not accepted, except XLSX and DOCX."))
            if any(name.endswith("vbaProject.bin") for name in names):
                raise FileRefused(Refusal.ACTIVE_CONTENT, _("Documents with macros are not accepted."))
            _check_unpacked(archive, members, os.fstat(file.fileno()).st_size)
            return kinds[0]
    except FileRefused:
        raise
    except Exception as error:
        # A hostile archive makes zipfile raise many kinds of error; each means the same to the sender.
        raise FileRefused(Refusal.BROKEN, _("The document is damaged or encrypted.")) from error


def _check_unpacked(archive: zipfile.ZipFile, members: list[zipfile.ZipInfo], packed_bytes: int) -> None:
    """Unpack and count, for an archive may lie about its sizes; reading to the end also checks each CRC."""
    limit = min(UNPACKED_CEILING, max(UNPACKED_FLOOR, UNPACKED_RATIO * packed_bytes))
    refused = FileRefused(Refusal.UNPACKS_TOO_LARGE, _("The document unpacks to far more than its size."))
    if len(members) > MAX_MEMBERS or sum(member.file_size for member in members) > limit:
        raise refused
    unpacked = 0
    for member in members:
        with archive.open(member) as part:
            while chunk := part.read(_CHUNK_BYTES):
                unpacked += len(chunk)
                if unpacked > limit:
                    raise refused


def _sniff_text(file: BinaryIO, head: bytes, extension: str) -> str:
    kind = "text/csv" if extension in EXTENSIONS["text/csv"] else "text/plain"
    if not _is_text(file):
        if extension in EXTENSIONS[kind]:
            raise FileRefused(Refusal.NOT_UTF8, _("The text is not UTF-8: please save it as UTF-8 and try again."))
        raise FileRefused(Refusal.UNKNOWN_TYPE, _("This kind of file is not accepted."))
    if head.removeprefix(codecs.BOM_UTF8).lstrip().startswith(b"<"):
        raise FileRefused(Refusal.ACTIVE_CONTENT, _("Web pages, SVG pictures and scripts are not accepted."))
    return kind


def _is_text(file: BinaryIO) -> bool:
    """Whether all of it is UTF-8 without control characters other than tab, line ends and form feed."""
    control = re.compile(r"[\x00-\x08\x0b\x0e-\x1f\x7f]")
    decoder = codecs.getincrementaldecoder("utf-8")()
    file.seek(0)
    try:
        while chunk := file.read(_CHUNK_BYTES):
            if control.search(decoder.decode(chunk)):
                return False
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True
