import hashlib
import io
import struct
import zipfile
import zlib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import ExifTags, Image, ImageCms, PngImagePlugin

from anlan.foundation.file_store import FileStore, StoredFile, clean_name
from anlan.foundation.file_types import FileRefused, Refusal

PDF = b"%PDF-1.4\n1 0 obj\n<</Type/Catalog>>\nendobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"
MP4 = struct.pack(">I4s4sI", 16, b"ftyp", b"isom", 512)
MP3_FRAME = b"\xff\xfb\x90\x00" + bytes(413)
ID3 = b"ID3\x04\x00\x00" + bytes([0, 0, 1, 2]) + bytes(130)
GPS = ExifTags.Base.GPSInfo


@pytest.fixture
def store(tmp_path: Path) -> FileStore:
    return FileStore(tmp_path / "files", max_bytes=200_000, max_pixels=10_000)


def files_in(store: FileStore) -> list[Path]:
    return [path for path in store.root.rglob("*") if path.is_file()]


def refusal(store: FileStore, content: bytes, name: str, *, evidence: bool = False) -> Refusal:
    """The code of the refusal; that it leaves nothing behind is part of every refusal."""
    with pytest.raises(FileRefused) as caught:
        store.put(content, declared_name=name, evidence=evidence)
    assert files_in(store) == []
    return caught.value.code


def picture(kind: str, size: tuple[int, int] = (40, 20), **options: object) -> bytes:
    made = Image.new("RGB", size, "red")
    made.paste("blue", (0, 0, size[0] // 2, size[1]))
    out = io.BytesIO()
    made.save(out, kind, **options)
    return out.getvalue()


def photo_with_place() -> bytes:
    """A picture held sideways (orientation 6), with the place and the make of the camera."""
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = 6
    exif[ExifTags.Base.Make] = "Camera 7"
    exif.get_ifd(GPS)[ExifTags.GPS.GPSLatitude] = (30.0, 16.0, 27.0)
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    return picture("JPEG", exif=exif, icc_profile=profile, comment=b"at home")


def office(part: str, content: bytes = b"<x/>", **more: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr(part, content)
        for name, extra in more.items():
            archive.writestr(name, extra)
    return out.getvalue()


class TestWhatIsTaken:
    @pytest.mark.parametrize(
        ("content", "name", "media_type"),
        [
            (picture("JPEG"), "门口.JPG", "image/jpeg"),
            (picture("PNG"), "a.png", "image/png"),
            (picture("WEBP"), "a.webp", "image/webp"),
            (PDF, "合同.pdf", "application/pdf"),
            (MP4, "a.mp4", "video/mp4"),
            (MP4, "recording.m4a", "audio/mp4"),
            (MP4.replace(b"isom", b"qt  "), "a.mov", "video/quicktime"),
            (MP4.replace(b"isom", b"M4A "), "a.m4a", "audio/mp4"),
            (MP3_FRAME, "a.mp3", "audio/mpeg"),
            (ID3 + MP3_FRAME, "a.mp3", "audio/mpeg"),
            (b"RIFF\x04\x00\x00\x00WAVE", "a.wav", "audio/wav"),
            (b"OggS\x00\x02" + bytes(20), "a.ogg", "audio/ogg"),
            (
                office("xl/workbook.xml"),
                "a.xlsx",
                "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            ),
            (
                office("word/document.xml"),
                "a.docx",
                "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
            ),
            ("姓名,事由\n王,噪音\n".encode("utf-8-sig"), "a.csv", "text/csv"),
            ("楼上漏水".encode(), "a.txt", "text/plain"),
        ],
    )
    @pytest.mark.parametrize("evidence", [False, True])
    def test_each_accepted_kind_is_told_from_its_content(
        self, store: FileStore, content: bytes, name: str, media_type: str, evidence: bool
    ) -> None:
        stored = store.put(content, declared_name=name, evidence=evidence)
        assert (stored.media_type, stored.name) == (media_type, name)
        kept = store.open(stored.digest).read()
        assert (stored.size, stored.digest) == (len(kept), hashlib.sha256(kept).hexdigest())
        if evidence or not media_type.startswith("image/"):
            assert kept == content

    def test_a_file_without_extension_gets_the_one_of_its_content(self, store: FileStore) -> None:
        assert store.put(picture("PNG"), declared_name="image").name == "image.png"
        assert store.put(PDF, declared_name="").name == "file.pdf"

    def test_a_stream_is_taken_as_well_as_bytes(self, store: FileStore) -> None:
        assert store.put(io.BytesIO(PDF), declared_name="a.pdf") == store.put(PDF, declared_name="a.pdf")


class TestPictures:
    def test_a_picture_loses_place_camera_comment_and_profile(self, store: FileStore) -> None:
        stored = store.put(photo_with_place(), declared_name="a.jpg")
        kept = store.open(stored.digest).read()
        for trace in (b"Exif", b"Camera 7", b"at home", b"ICC_PROFILE"):
            assert trace in photo_with_place()
            assert trace not in kept

    def test_a_picture_held_sideways_is_stored_upright(self, store: FileStore) -> None:
        stored = store.put(photo_with_place(), declared_name="a.jpg")
        upright = Image.open(store.open(stored.digest))
        assert (stored.width, stored.height) == upright.size == (20, 40)
        # Blue was on the left: a quarter turn clockwise puts it on top.
        top = upright.convert("RGB").getpixel((10, 5))
        assert isinstance(top, tuple)
        assert top[2] > top[0]

    def test_evidence_keeps_every_byte_and_reports_the_upright_size(self, store: FileStore) -> None:
        stored = store.put(photo_with_place(), declared_name="a.jpg", evidence=True)
        assert store.open(stored.digest).read() == photo_with_place()
        assert (stored.width, stored.height) == (20, 40)

    def test_text_inside_a_png_is_dropped_and_its_transparency_kept(self, store: FileStore) -> None:
        info = PngImagePlugin.PngInfo()
        info.add_text("Location", "30.27N 120.15E")
        out = io.BytesIO()
        Image.new("P", (4, 4), 0).save(out, "PNG", pnginfo=info, transparency=0)
        kept = store.open(store.put(out.getvalue(), declared_name="a.png").digest)
        clean = Image.open(kept)
        clean.load()
        assert clean.info == {}
        assert clean.convert("RGBA").getpixel((0, 0)) == (0, 0, 0, 0)

    @pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGBA", "I;16", "CMYK"])
    def test_a_picture_of_any_mode_is_taken(self, store: FileStore, mode: str) -> None:
        out = io.BytesIO()
        kind = "JPEG" if mode == "CMYK" else "PNG"
        Image.new(mode, (8, 8)).save(out, kind)
        assert store.put(out.getvalue(), declared_name="a").width == 8

    def test_what_is_hidden_behind_a_picture_is_dropped(self, store: FileStore) -> None:
        stored = store.put(picture("JPEG") + office("xl/workbook.xml"), declared_name="a.jpg")
        assert b"workbook" not in store.open(stored.digest).read()

    @pytest.mark.parametrize("evidence", [False, True])
    def test_too_many_pixels_are_refused(self, store: FileStore, evidence: bool) -> None:
        code = refusal(store, picture("PNG", (101, 100)), "a.png", evidence=evidence)
        assert code is Refusal.TOO_MANY_PIXELS

    def test_a_picture_that_only_claims_gigantic_size_is_refused(self, store: FileStore) -> None:
        header = b"IHDR" + struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0)
        bomb = b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + header + struct.pack(">I", zlib.crc32(header))
        bomb += struct.pack(">I", 1) + b"IDAT\0"
        assert refusal(store, bomb, "a.png") is Refusal.TOO_MANY_PIXELS

    @pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
    @pytest.mark.parametrize("evidence", [False, True])
    def test_a_picture_cut_in_half_is_refused(self, store: FileStore, kind: str, evidence: bool) -> None:
        whole = picture(kind)
        code = refusal(store, whole[: len(whole) // 2], f"a.{kind.lower()}", evidence=evidence)
        assert code is Refusal.BROKEN

    def test_heic_is_refused_where_it_cannot_be_decoded(self, store: FileStore) -> None:
        assert refusal(store, b"\0\0\0\x18ftypheic" + bytes(12), "a.heic") is Refusal.PICTURE_FORMAT


class TestWhatIsRefused:
    @pytest.mark.parametrize(
        ("content", "name", "code"),
        [
            (b"", "a.txt", Refusal.EMPTY),
            (b"GIF89a=1;alert(1)//", "a.jpg", Refusal.MISMATCH),
            (b"GIF89a/*\x00\x00*/=1;alert(1)//", "a.gif", Refusal.UNKNOWN_TYPE),
            (b"<html><script>x</script></html>\n" + PDF, "a.pdf", Refusal.ACTIVE_CONTENT),
            (b"%PDF-1.4\n%<script>alert(1)</script>\n" + PDF, "a.pdf", Refusal.ACTIVE_CONTENT),
            (PDF + b"<html><script>alert(1)</script></html>", "a.pdf", Refusal.ACTIVE_CONTENT),
            (PDF + office("xl/workbook.xml"), "a.pdf", Refusal.MISMATCH),
            (
                PDF.replace(b"/Catalog", b"/Catalog/OpenAction<</S/JavaScript>>"),
                "a.pdf",
                Refusal.ACTIVE_CONTENT,
            ),
            (PDF[:30], "a.pdf", Refusal.BROKEN),
            (b'\xef\xbb\xbf <svg xmlns="http://www.w3.org/2000/svg"/>', "a.png", Refusal.ACTIVE_CONTENT),
            (b"<?xml version='1.0'?>" + b" " * 4000 + b"<svg/>", "a.txt", Refusal.ACTIVE_CONTENT),
            (b"<!DOCTYPE html><p>", "a.txt", Refusal.ACTIVE_CONTENT),
            (MP4 + b"<script>alert(1)</script>", "a.mp4", Refusal.ACTIVE_CONTENT),
            (b"\x7fELF\x02\x01", "a.txt", Refusal.EXECUTABLE),
            (b"MZ\x90\x00\x03", "a.jpg", Refusal.EXECUTABLE),
            (b"#!/bin/sh\nrm -rf /\n", "a.txt", Refusal.EXECUTABLE),
            (b"alert(1)", "a.js", Refusal.MISMATCH),
            (picture("PNG"), "a.jpg", Refusal.MISMATCH),
            (PDF, "a.docx", Refusal.MISMATCH),
            (PDF, "a.pdf.exe", Refusal.MISMATCH),
            (ID3 + b"not a frame", "a.mp3", Refusal.UNKNOWN_TYPE),
            ("姓名,事由".encode("gb18030"), "a.csv", Refusal.NOT_UTF8),
            (b"a\x00b", "a.txt", Refusal.NOT_UTF8),
            (b"Rar!\x1a\x07\x01\x00\xff", "a.rar", Refusal.UNKNOWN_TYPE),
            (office("readme.txt"), "a.xlsx", Refusal.UNKNOWN_TYPE),
            (office("xl/workbook.xml"), "a.docx", Refusal.MISMATCH),
            (office("xl/workbook.xml")[:-30], "a.xlsx", Refusal.BROKEN),
        ],
    )
    def test_a_file_that_is_not_what_it_says_or_could_act_is_refused(
        self, store: FileStore, content: bytes, name: str, code: Refusal
    ) -> None:
        assert refusal(store, content, name) is code

    def test_a_document_with_macros_is_refused(self, store: FileStore) -> None:
        macros = office("xl/workbook.xml", **{"xl/vbaProject.bin": b"x"})
        assert refusal(store, macros, "a.xlsx") is Refusal.ACTIVE_CONTENT

    def test_a_document_that_unpacks_to_far_more_is_refused(self, store: FileStore) -> None:
        bomb = office("xl/workbook.xml", bytes(30 * 1024 * 1024))
        assert len(bomb) < store.max_bytes
        assert refusal(store, bomb, "a.xlsx") is Refusal.UNPACKS_TOO_LARGE

    def test_a_document_that_lies_about_its_unpacked_size_is_refused(self, store: FileStore) -> None:
        true_size = 30 * 1024 * 1024
        bomb = office("xl/workbook.xml", bytes(true_size))
        lying = bomb.replace(struct.pack("<I", true_size), struct.pack("<I", 10))
        assert lying != bomb
        assert refusal(store, lying, "a.xlsx") is Refusal.BROKEN

    def test_a_document_of_very_many_members_is_refused(self, store: FileStore) -> None:
        crowd = office("xl/workbook.xml", **{str(number): b"" for number in range(2001)})
        store.max_bytes = len(crowd)
        assert refusal(store, crowd, "a.xlsx") is Refusal.UNPACKS_TOO_LARGE

    def test_a_stream_is_read_no_further_than_the_limit(self, store: FileStore) -> None:
        class Endless(io.BytesIO):
            given = 0

            def read(self, size: int | None = -1) -> bytes:
                assert size is not None
                assert size > 0
                self.given += size
                return b"a" * size

        endless = Endless()
        with pytest.raises(FileRefused) as caught:
            store.put(endless, declared_name="a.txt")
        assert caught.value.code is Refusal.TOO_LARGE
        assert endless.given <= store.max_bytes + 64 * 1024
        assert files_in(store) == []

    def test_a_file_of_exactly_the_limit_is_taken(self, store: FileStore) -> None:
        assert store.put(b"a" * store.max_bytes, declared_name="a.txt").size == store.max_bytes
        with pytest.raises(FileRefused):
            store.put(b"a" * (store.max_bytes + 1), declared_name="a.txt")

    def test_a_stream_that_breaks_leaves_nothing(self, store: FileStore) -> None:
        class Broken(io.BytesIO):
            def read(self, size: int | None = -1) -> bytes:
                if self.tell():
                    raise ConnectionResetError
                return super().read(size)

        with pytest.raises(ConnectionResetError):
            store.put(Broken(PDF), declared_name="a.pdf")
        assert files_in(store) == []

    @given(
        content=st.binary(min_size=1, max_size=300),
        start=st.sampled_from([b"", PDF, MP4, ID3]),
    )
    def test_any_bytes_are_stored_or_refused_but_never_crash(
        self, tmp_path_factory: pytest.TempPathFactory, content: bytes, start: bytes
    ) -> None:
        store = FileStore(tmp_path_factory.getbasetemp() / "any")
        try:
            stored = store.put(start + content, declared_name="a")
        except FileRefused:
            return
        assert store.verify(stored.digest)


class TestTheStore:
    def test_a_file_lies_in_two_folders_named_by_its_digest(self, store: FileStore) -> None:
        digest = store.put(PDF, declared_name="a.pdf").digest
        assert digest == hashlib.sha256(PDF).hexdigest()
        assert files_in(store) == [store.root / digest[:2] / digest[2:4] / digest] == [store.path(digest)]

    def test_equal_content_is_kept_once_under_any_name(self, store: FileStore) -> None:
        first = store.put(picture("PNG"), declared_name="a.png")
        second = store.put(picture("PNG"), declared_name="b.png")
        assert first.digest == second.digest
        assert (first.name, second.name) == ("a.png", "b.png")
        assert len(files_in(store)) == 1

    def test_many_may_put_the_same_file_at_once(self, store: FileStore) -> None:
        def put(number: int) -> StoredFile:
            return FileStore(store.root).put(PDF, declared_name="a.pdf")

        with ThreadPoolExecutor(8) as pool:
            assert len(set(pool.map(put, range(40)))) == 1
        assert len(files_in(store)) == 1

    def test_a_damaged_or_missing_file_is_noticed_and_mended_by_putting_it_again(self, store: FileStore) -> None:
        digest = store.put(PDF, declared_name="a.pdf").digest
        assert store.verify(digest)
        store.path(digest).write_bytes(PDF + b" ")
        assert not store.verify(digest)
        store.put(PDF, declared_name="a.pdf")
        assert store.verify(digest)
        store.path(digest).unlink()
        assert not store.verify(digest)
        with pytest.raises(FileNotFoundError):
            store.open(digest)

    @pytest.mark.parametrize("digest", ["", "../../etc/passwd", "A" * 64, "a" * 63, "a" * 64 + "\n"])
    def test_only_a_digest_names_a_file(self, store: FileStore, digest: str) -> None:
        with pytest.raises(ValueError, match="digest"):
            store.path(digest)


class TestNames:
    @pytest.mark.parametrize(
        ("declared", "clean"),
        [
            ("门口 照片.jpg", "门口 照片.jpg"),
            ("../../etc/passwd", "passwd"),
            ("C:\\Users\\wang\\a.pdf", "a.pdf"),
            ("photo\u202egpj.exe", "photogpj.exe"),
            ("a\r\nSet-Cookie: b\x00.txt", "aSet-Cookie_ b.txt"),
            ('a"<b>|?*.txt', "a__b____.txt"),
            (" ..hidden. ", "hidden"),
            ("...", ""),
        ],
    )
    def test_a_name_loses_path_control_and_direction_marks(self, declared: str, clean: str) -> None:
        assert clean_name(declared) == clean

    @given(declared=st.text(max_size=400))
    def test_any_name_becomes_short_and_has_no_path(self, declared: str) -> None:
        name = clean_name(declared)
        assert len(name) <= 120
        assert not set(name) & set('/\\\x00\n\r\u202e"')
        assert clean_name(name) == name

    def test_a_long_name_keeps_its_extension(self) -> None:
        assert clean_name("长" * 300 + ".jpeg") == "长" * 115 + ".jpeg"
