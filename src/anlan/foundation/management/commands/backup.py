import tomllib
from pathlib import Path
from typing import Any

from django.apps import apps
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from anlan.foundation.archive import ArchiveError, back_up
from anlan.foundation.archive_progress import shown
from anlan.foundation.environment import REPOSITORY


class Command(BaseCommand):
    help = "Writes the database and the files into one archive. The secrets are not in it: keep them elsewhere."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path, metavar="FILE", help="the archive to write, such as anlan.tar")

    def handle(self, *, file: Path, **options: Any) -> None:
        try:
            with shown("backup") as progress:
                manifest = back_up(
                    file, settings.ANLAN_FILES, version=release(), digest=latest_digest(), progress=progress
                )
        except ArchiveError as error:
            raise CommandError(str(error)) from error
        rows = manifest.tables
        self.stdout.write(
            f"{file}: {rows.get('loop_matter', 0)} matters, {rows.get('loop_event', 0)} events, "
            f"{len(manifest.members) - 1} files, {file.stat().st_size:,} bytes"
        )
        self.stdout.write(
            f"NOT in it: the secrets ({settings.ANLAN_HOME / 'secrets.json'}, or ANLAN_SECRET_KEY and "
            "ANLAN_SEALING_KEYS). Keep them apart from it: without them the sealed personal data stay shut.\n"
            "密钥不在备份中，请另行保管；没有密钥，加密的个人信息无法打开。"
        )


def latest_digest() -> dict[str, Any] | None:
    """The digest published last; found by name, since this floor knows nothing of the loop."""
    latest = apps.get_model("loop", "DailyDigest")._default_manager.order_by("-day").first()
    return {"day": latest.day.isoformat(), "root": bytes(latest.root).hex()} if latest else None


def release() -> str:
    """This program's version."""
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))
    return str(project["project"]["version"])
