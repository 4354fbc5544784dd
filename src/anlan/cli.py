"""The command line: `anlan` alone lists the commands; every Django management command is one."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from types import FrameType
from typing import IO

from anlan.foundation.environment import REPOSITORY, BadEnvironment, Environment, load
from anlan.foundation.postgres import PostgresError, ensure

COMMANDS = {
    "日常 Everyday": {
        "demo": "a whole city to try, with made-up residents, at once",
        "serve": "the web server: pages, API and live streams, with the worker beside it",
        "worker": "deadlines, notices and nightly jobs",
        "live": "the live streams alone, where `serve --no-live` runs elsewhere",
    },
    "数据 Data": {
        "import": "read reports from a CSV, XLSX or JSON file; every refused row is named with its reason",
        "topics": "what the city talks about, counted anew; of a CSV file of messages: the same issue in one topic",
        "backup": "write database and files into one archive",
        "restore": "put such an archive back",
    },
    "信任 Trust": {
        "verify": "check that no history was changed",
        "digest": "print the day's digest of all histories, to be published elsewhere",
        "ledger": "`verify` proves that no booking was changed, `trial` sums up the accounts",
        "reseal": "bring sealed personal data to the current key",
    },
    "城市 City": {
        "addresses": "read, compare and keep addresses; `train` and `evaluate` with labelled ones",
        "rehearse": "run the city's month in minutes, with its own rules and people",
        "prepaid": "reckon a refund line by line; try the model that warns; read public registers; simulate a market",
        "procedures": "what every kind of matter goes through, with its deadlines",
        "rules": "the deadlines, limits and thresholds in force, each with its source",
        "triage": "train the model that suggests, try it on a file, list its versions, go back to one",
    },
    "开发 Developing": {
        "test": "all checks, or with arguments only pytest with these",
        "bench": "the benchmarks",
        "migrate": "bring the database's tables up to date",
        "makemigrations": "write migrations after a change of the models",
        "shell": "a Python prompt inside the application",
    },
}

# Django's commands that only look at files; the others get a database.
WITHOUT_DATABASE = frozenset(
    {
        "addresses compare",
        "addresses evaluate",
        "addresses train",
        "collectstatic",
        "compilemessages",
        "diffsettings",
        "help",
        "makemessages",
        "prepaid evaluate",
        "prepaid refund",
        "prepaid simulate",
        "rules",
        "startapp",
        "topics",
        "version",
        "--version",
    }
)

# Debian's name first; ANLAN_CHROMIUM names another.
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
NO_BROWSER = "no Chromium: install it (on Debian: apt install chromium fonts-noto-cjk) or name it in ANLAN_CHROMIUM"

BAD_ENVIRONMENT = 2
TESTS_FAILED = 1  # pytest's own code
INTERRUPTED = 130


def main(arguments: Sequence[str]) -> int:
    """Run one command; returns the exit code: 2 for a bad environment, 130 after Ctrl-C."""
    signal.signal(signal.SIGTERM, _leave_in_order)
    try:
        if not arguments or arguments[0] in ("-h", "--help"):
            print(overview())
            return 0
        environment = load()
        if arguments[0] == "test":
            return run_checks(environment, arguments[1:])
        if needs_database(arguments):
            provide_database(environment)
        return run_django(arguments)
    except BadEnvironment as error:
        print("anlan: the environment cannot be used:", *error.problems, sep="\n  ", file=sys.stderr)
        return BAD_ENVIRONMENT
    except PostgresError as error:
        print(f"anlan: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nanlan: interrupted", file=sys.stderr)
        return INTERRUPTED


def overview() -> str:
    """The commands in their groups, one line each."""
    lines = ["安澜 Anlan", "", "usage: anlan COMMAND [ARGUMENTS]    (anlan COMMAND --help for more)"]
    for group, commands in COMMANDS.items():
        lines += ["", group, *(f"  {name:<16}{what}" for name, what in commands.items())]
    return "\n".join([*lines, "", "Any Django command works too; anlan help lists them all."])


def needs_database(arguments: Sequence[str]) -> bool:
    named = {arguments[0], " ".join(arguments[:2])}
    if arguments[0] == "topics" and all(each.startswith("-") for each in arguments[1:]):
        named = set()  # Without a file they are the city's own.
    return not named & WITHOUT_DATABASE and not {"-h", "--help"} & set(arguments[1:])


def provide_database(environment: Environment) -> None:
    """Without a DATABASE_URL, use the embedded server; the settings find it through `postgres.current`."""
    if environment.database_url is None:
        ensure(environment.home)


def run_django(arguments: Sequence[str]) -> int:
    # Imported late: the list of commands is there at once, and needs none of it.
    from django.core.exceptions import ImproperlyConfigured
    from django.core.management import execute_from_command_line

    from anlan.foundation.translations import compile_catalogues

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "anlan.settings")
    compile_catalogues()
    try:
        execute_from_command_line(["anlan", *arguments])
    except ImproperlyConfigured as error:
        raise BadEnvironment([str(error)]) from error
    return 0


def run_checks(environment: Environment, pytest_arguments: Sequence[str]) -> int:
    """All checks, each to its end, with a summary; returns the first failure's exit code."""
    provide_database(environment)  # started once here, and shared by every step and pytest worker
    os.chdir(REPOSITORY)
    if pytest_arguments:
        return _run("-m", "pytest", *pytest_arguments)
    steps: dict[str, tuple[str, ...]] = {
        "ruff check": ("-m", "ruff", "check", "."),
        "ruff format": ("-m", "ruff", "format", "--check", "."),
        "lint-imports": ("-c", "from importlinter.cli import lint_imports_command; lint_imports_command()"),
        "migrations": ("-m", "anlan", "makemigrations", "--check", "--dry-run"),
        # Neighbours stay together, and with them the city, the browser and the towns that they share.
        "pytest": ("-m", "pytest", "-n", "auto", "--dist", "worksteal"),
    }
    if find_browser() is None:
        print(f"anlan: the tests in tests/browser are left out: {NO_BROWSER}", flush=True)
        steps["pytest"] += ("--ignore=tests/browser",)
    results = []
    # mypy alone would keep the other cores waiting: it runs beside the others, and is heard after them.
    with ThreadPoolExecutor(1) as beside, tempfile.TemporaryFile("w+", encoding="utf-8") as said:
        types = beside.submit(_timed, "-m", "mypy", said=said)
        for name, command in steps.items():
            print(f"── {name}", flush=True)
            code, seconds = _timed(*command)
            if name == "pytest" and code == TESTS_FAILED:
                # On a busy machine a browser may miss its moment: what failed is tried once more, alone, and shown.
                print("── pytest: what failed, a second time and one after the other", flush=True)
                code, again = _timed("-m", "pytest", "--last-failed", "--last-failed-no-failures=none")
                seconds += again
            results.append((name, code, seconds))
        print("── mypy", flush=True)
        results.append(("mypy", *types.result()))
        said.seek(0)
        print(said.read(), end="")
    print("── summary")
    for name, code, seconds in results:
        print(f"{'passed' if code == 0 else 'FAILED':<8}{name:<16}{seconds:6.1f} s")
    return next((code for _, code, _ in results if code != 0), 0)


def find_browser() -> str | None:
    """The browser that the tests drive; None where there is none."""
    named = os.environ.get("ANLAN_CHROMIUM")
    return next((found for name in ([named] if named else BROWSERS) if (found := shutil.which(name))), None)


def _timed(*python_arguments: str, said: IO[str] | None = None) -> tuple[int, float]:
    """The exit code and the seconds it took; see `_run`."""
    begun = time.monotonic()
    return _run(*python_arguments, said=said), time.monotonic() - begun


def _run(*python_arguments: str, said: IO[str] | None = None) -> int:
    """Run Python; returns the exit code. What it writes goes where ours goes, or into `said`."""
    surroundings = os.environ | {
        "PYTHONPATH": str(REPOSITORY / "src"),
        "DJANGO_SETTINGS_MODULE": "anlan.settings",
    }
    return subprocess.run([sys.executable, *python_arguments], env=surroundings, stdout=said, stderr=said).returncode


def _leave_in_order(signal_number: int, frame: FrameType | None) -> None:
    """Ended from outside: still leave the database server, as its last user stops it."""
    sys.exit(128 + signal_number)
