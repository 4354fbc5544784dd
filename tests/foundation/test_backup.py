"""What was backed up comes back as it was, or nothing changes and it is said why."""

import io
import json
import tarfile
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connections

from anlan.city.people import access
from anlan.city.people.access import scope_of, scoped
from anlan.foundation import archive
from anlan.foundation.file_store import FileStore
from anlan.loop import engine
from anlan.loop.models import Matter, Party
from anlan.loop.verification import verify
from anlan.services.dispatch.procedure import Dispatching
from tests.cast import Cast, lamp


@pytest.fixture
def files(tmp_path: Path, settings: Any) -> FileStore:
    settings.ANLAN_FILES = tmp_path / "files"
    return FileStore(settings.ANLAN_FILES)


@pytest.fixture
def town(committed: str, files: FileStore) -> list[Matter]:
    """Three matters, each with a reporter and some history, and a stored file."""
    files.put(b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n", declared_name="plan.pdf")
    return [lived() for _ in range(3)]


def lived() -> Matter:
    party = Party(part=Party.Part.REPORTER, name="王小明", phone="13812345678")
    matter = engine.open_matter(Dispatching, lamp(parties=[party]), by=access.anonymous()).matter
    return engine.advance(matter.id, "route", by=Cast().chen)


def numbers() -> set[int]:
    with scoped(scope_of(access.system())):
        return set(Matter.objects.values_list("number", flat=True))


def backed_up(tmp_path: Path) -> tuple[Path, str]:
    """An archive, and what the command said about it."""
    file, said = tmp_path / "anlan.tar", io.StringIO()
    call_command("backup", str(file), stdout=said)
    return file, said.getvalue()


def rewritten(file: Path, change: Any) -> None:
    """Pass every member of an archive through `change(name, content)`, which returns the new content or None."""
    with tarfile.open(file) as tar:
        members = [(member.name, tar.extractfile(member).read()) for member in tar]  # type: ignore[union-attr]
    with tarfile.open(file, "w") as tar:
        for name, content in members:
            if (new := change(name, content)) is not None:
                member = tarfile.TarInfo(name)
                member.size = len(new)
                tar.addfile(member, io.BytesIO(new))


def test_a_restored_city_is_the_one_that_was_backed_up(town: list[Matter], tmp_path: Path, files: FileStore) -> None:
    file, said = backed_up(tmp_path)
    assert "3 matters, 6 events, 1 files" in said
    (stored,) = files.root.glob("??/??/*")
    content = stored.read_bytes()
    stored.unlink()
    lived()  # after the backup, and so not in it

    said_then = io.StringIO()
    call_command("restore", str(file), "--yes", stdout=said_then)

    assert numbers() == {matter.number for matter in town}
    assert "3 matters, 6 events, 1 files" in said_then.getvalue()
    assert stored.read_bytes() == content
    verified = verify()
    assert (verified.chains, verified.broken) == (3, 0)
    with scoped(scope_of(access.system())):
        assert {party.phone for party in Party.objects.all()} == {"13812345678"}
    # The running numbers go on where they stood.
    assert lived().number not in {matter.number for matter in town}


def test_the_application_may_not_do_more_after_a_restore_than_before(town: list[Matter], tmp_path: Path) -> None:
    def granted() -> set[tuple[Any, ...]]:
        with connections["owner"].cursor() as cursor:
            cursor.execute(
                "SELECT table_name, privilege_type FROM information_schema.role_table_grants "
                "WHERE grantee = 'anlan_app' UNION SELECT tablename, policyname FROM pg_policies "
                "UNION SELECT 'default', defaclacl::text FROM pg_default_acl"
            )
            return set(cursor.fetchall())

    before = granted()
    assert ("loop_event", "INSERT") in before
    assert ("loop_event", "UPDATE") not in before
    file, _ = backed_up(tmp_path)
    call_command("restore", str(file), "--yes", stdout=io.StringIO())
    assert granted() == before


def test_a_city_is_not_overwritten_unasked(town: list[Matter], tmp_path: Path) -> None:
    file, _ = backed_up(tmp_path)
    later = lived()
    with pytest.raises(CommandError, match=r"not empty.*--yes"):
        call_command("restore", str(file))
    assert later.number in numbers()


def test_the_secrets_are_not_in_it_and_that_is_said(town: list[Matter], tmp_path: Path, settings: Any) -> None:
    file, said = backed_up(tmp_path)
    assert "secrets.json" in said
    assert "密钥不在备份中" in said
    content = file.read_bytes()
    for secret in (settings.SECRET_KEY.encode(), *(key for _, key in settings.ANLAN_SEALING_KEYS)):
        assert secret not in content
    assert file.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize(
    ("change", "what"),
    [
        (lambda name, content: content[:-1] + b"?" if name == "database.dump" else content, "database.dump is not"),
        (lambda name, content: content[:-1] + b"?" if name.startswith("files/") else content, "files/.* is not"),
        (lambda name, content: None if name.startswith("files/") else content, "files/.* is not"),
        (lambda name, content: None if name == "manifest.json" else content, "no manifest.json"),
        (lambda name, content: b"{}" if name == "manifest.json" else content, "manifest.json is damaged"),
    ],
)
def test_a_damaged_archive_is_refused_before_anything_changes(
    town: list[Matter], tmp_path: Path, change: Any, what: str
) -> None:
    file, _ = backed_up(tmp_path)
    rewritten(file, change)
    later = lived()
    with pytest.raises(CommandError, match=what):
        call_command("restore", str(file), "--yes")
    assert later.number in numbers()


def test_an_archive_that_was_cut_off_is_refused(town: list[Matter], tmp_path: Path) -> None:
    file, _ = backed_up(tmp_path)
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])
    with pytest.raises(CommandError, match=r"damaged|manifest"):
        call_command("restore", str(file), "--yes")


@pytest.mark.parametrize("name", ["../evil", "/etc/evil", "files/../../evil", "files/aa/bb/short"])
def test_a_name_that_leads_out_of_the_archive_is_refused(tmp_path: Path, name: str) -> None:
    with tarfile.open(tmp_path / "evil.tar", "w") as tar:
        tar.addfile(tarfile.TarInfo(name))
    with pytest.raises(archive.ArchiveError, match="no part of a backup"):
        archive.check(tmp_path / "evil.tar", lambda member, size: None)


def test_a_link_in_the_archive_is_refused(tmp_path: Path) -> None:
    with tarfile.open(tmp_path / "evil.tar", "w") as tar:
        link = tarfile.TarInfo("database.dump")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        tar.addfile(link)
    with pytest.raises(archive.ArchiveError, match="no plain file"):
        archive.check(tmp_path / "evil.tar", lambda member, size: None)


@pytest.mark.parametrize("content", [b"", b"not a tar", b"\0" * 10_240])
def test_a_file_that_is_no_archive_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "any.tar").write_bytes(content)
    with pytest.raises(archive.ArchiveError):
        archive.check(tmp_path / "any.tar", lambda member, size: None)


def test_an_archive_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match=r"none\.tar cannot be read"):
        call_command("restore", str(tmp_path / "none.tar"))


def test_an_archive_of_another_format_names_the_release_it_needs(town: list[Matter], tmp_path: Path) -> None:
    file, _ = backed_up(tmp_path)

    def from_the_future(name: str, content: bytes) -> bytes:
        if name != "manifest.json":
            return content
        return json.dumps(json.loads(content) | {"format": 2, "version": "9.9"}).encode()

    rewritten(file, from_the_future)
    with pytest.raises(CommandError, match=r"use release 9\.9"):
        call_command("restore", str(file), "--yes")


def test_an_earlier_backup_is_never_overwritten(town: list[Matter], tmp_path: Path) -> None:
    file, _ = backed_up(tmp_path)
    before = file.read_bytes()
    with pytest.raises(CommandError, match="there already"):
        call_command("backup", str(file))
    assert file.read_bytes() == before


def test_tables_the_backup_does_not_know_stop_a_restore(town: list[Matter], tmp_path: Path) -> None:
    file, _ = backed_up(tmp_path)
    with connections["owner"].cursor() as cursor:
        cursor.execute("CREATE TABLE from_a_later_release (id int)")
    with pytest.raises(CommandError, match="from_a_later_release"):
        call_command("restore", str(file), "--yes")
    assert numbers() == {matter.number for matter in town}


def test_a_client_program_older_than_the_server_is_refused(
    committed: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = tmp_path / "pg_dump"
    old.write_text("#!/bin/sh\necho 'pg_dump (PostgreSQL) 9.6.2'\n")
    old.chmod(0o755)
    monkeypatch.setattr("anlan.foundation.postgres.current", lambda: None)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(archive.ArchiveError, match=r"9\.6\.2, the server is PostgreSQL \d\d"):
        archive._program("pg_dump")
    with pytest.raises(archive.ArchiveError, match="pg_restore is not on the PATH"):
        archive._program("pg_restore")
