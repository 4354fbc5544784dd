"""Makes `.venv` from the locked requirements; run by the launcher with a bare Python.

Only the standard library is imported, since nothing is installed yet. An environment is complete when it
holds a copy of each lock it was made from; the copy is written last, so that an interrupted set-up is
recognised and done again.
"""

import fcntl
import importlib.util
import shutil
import subprocess
import sys
import venv
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

ROOT = Path(__file__).parents[2]
ENVIRONMENT = ROOT / ".venv"
LOG = ROOT / "var" / "setup.log"


class SetupError(Exception):
    """The environment could not be made; the message says why and what to do."""


def main(locks: list[str]) -> int:
    """Install each of `locks` (file names in the repository) that is not installed yet."""
    try:
        with one_at_a_time() as held:
            if not (ENVIRONMENT / locks[0]).exists() or not python().exists():
                make_environment()
            for lock in locks:
                if not is_installed(lock):
                    install(lock, held)
    except (SetupError, OSError) as error:
        print(f"anlan: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nanlan: set-up interrupted; the next start does it again.", file=sys.stderr)
        return 130
    return 0


def python() -> Path:
    return ENVIRONMENT / "bin" / "python"


def is_installed(lock: str) -> bool:
    stamp = ENVIRONMENT / lock
    return stamp.exists() and stamp.read_bytes() == (ROOT / lock).read_bytes()


@contextmanager
def one_at_a_time() -> Iterator[IO[str]]:
    """Two first uses at once: the second waits. The kernel frees the lock of a process that dies."""
    LOG.parent.mkdir(exist_ok=True)
    with (LOG.parent / "setup.lock").open("w") as held:
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print("anlan: another set-up is under way; waiting for it.", file=sys.stderr)
            fcntl.flock(held, fcntl.LOCK_EX)
        yield held


def make_environment() -> None:
    if importlib.util.find_spec("venv") is None or importlib.util.find_spec("ensurepip") is None:
        raise SetupError(
            f"{sys.executable} cannot make virtual environments: its modules venv and ensurepip are not "
            "installed. On Debian or Ubuntu: apt install python3-venv."
        )
    print("anlan: first use, making .venv", file=sys.stderr)
    try:
        venv.create(ENVIRONMENT, clear=True, with_pip=True, symlinks=True)
    except subprocess.CalledProcessError as error:
        said = (error.output or b"").decode(errors="replace").strip()
        raise SetupError(f"making .venv with {sys.executable} failed: {said or error}") from error


def install(lock: str, held: IO[str]) -> None:
    """Bring `.venv` to what `lock` says; pip keeps the set-up lock `held` while it lives."""
    (ENVIRONMENT / lock).unlink(missing_ok=True)
    total = sum("==" in line for line in (ROOT / lock).read_text().splitlines())
    progress = Progress(total, f"anlan: installing {total} packages of {lock}")
    command = [str(python()), "-m", "pip", "install", "--disable-pip-version-check", "--no-input"]
    command += ["--progress-bar=off", "--prefer-binary", "--no-deps", "--require-hashes"]
    command += ["-r", str(ROOT / lock)]
    with (
        LOG.open("w", encoding="utf-8") as log,
        subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            pass_fds=[held.fileno()],
        ) as pip,
    ):
        assert pip.stdout is not None
        for line in pip.stdout:
            log.write(line)
            progress.read(line)
    progress.end()
    if pip.returncode != 0:
        raise SetupError(
            f"installing the packages failed. pip said:\n\n{LOG.read_text(encoding='utf-8')}\n"
            f"This is kept in {LOG}. Once the cause is mended, start anlan again."
        )
    shutil.copyfile(ROOT / lock, ENVIRONMENT / lock)


class Progress:
    """One line on a terminal, redrawn from what pip says; one plain line where there is no terminal."""

    width = 24

    def __init__(self, total: int, title: str) -> None:
        self.total, self.title, self.done = total, title, 0
        self.terminal = sys.stderr.isatty()
        if self.terminal:
            self.draw("")
        else:
            print(title, file=sys.stderr)

    def read(self, line: str) -> None:
        if line.startswith(("Collecting ", "Requirement already satisfied: ")):
            self.done = min(self.done + 1, self.total)
            self.draw(line.split(": ")[-1].removeprefix("Collecting ").split("==")[0].split(" ")[0].strip())
        elif line.startswith("Installing collected packages"):
            self.draw("unpacking")

    def draw(self, now: str) -> None:
        if self.terminal:
            filled = self.width * self.done // max(self.total, 1)
            bar = "█" * filled + "░" * (self.width - filled)
            print(
                f"\r\033[K{self.title} {bar} {self.done}/{self.total} {now}",
                end="",
                file=sys.stderr,
                flush=True,
            )

    def end(self) -> None:
        if self.terminal:
            print(file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
