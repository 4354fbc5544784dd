from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser

from anlan.foundation.archive import ArchiveError, Manifest, check, put_back, rows_by_table
from anlan.foundation.archive_progress import shown

BY_MIGRATIONS = ("django_", "auth_")


class Command(BaseCommand):
    help = "Puts an archive of `backup` back, and verifies it. Stop serve and worker first."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path, metavar="FILE", help="an archive that `backup` wrote")
        parser.add_argument("--yes", action="store_true", help="replace what the database holds now")

    def handle(self, *, file: Path, yes: bool, **options: Any) -> None:
        try:
            size = file.stat().st_size if file.exists() else None
            with shown("check", size) as progress:
                manifest = check(file, progress)
            refuse_to_overwrite(yes)
            with shown("restore", size) as progress:
                put_back(file, manifest, settings.ANLAN_FILES, progress)
        except ArchiveError as error:
            raise CommandError(str(error)) from error
        self.tell(file, manifest)
        call_command("verify", stdout=self.stdout, stderr=self.stderr)

    def tell(self, file: Path, manifest: Manifest) -> None:
        rows = manifest.tables
        self.stdout.write(
            f"{file} of {manifest.made_at:%Y-%m-%d %H:%M} UTC (release {manifest.version}) has been restored: "
            f"{rows.get('loop_matter', 0)} matters, {rows.get('loop_event', 0)} events, "
            f"{len(manifest.members) - 1} files"
        )
        if manifest.digest:
            self.stdout.write(f"latest digest: {manifest.digest['day']} {manifest.digest['root']}")
        self.stdout.write(
            "The secrets are not part of it: sealed personal data open only with the sealing keys of that time.\n"
            "If this release is newer than the backup, run `anlan migrate` now."
        )


def refuse_to_overwrite(yes: bool) -> None:
    """Raises CommandError if there is something to lose and nobody said that it may be lost."""
    # What migrations fill by themselves is nothing to lose.
    held = {table: rows for table, rows in rows_by_table().items() if rows and not table.startswith(BY_MIGRATIONS)}
    if held and not yes:
        most = ", ".join(f"{table} {rows}" for table, rows in sorted(held.items(), key=lambda one: -one[1])[:4])
        raise CommandError(f"the database is not empty ({most} rows …): make a backup of it, then add --yes")
