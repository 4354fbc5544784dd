"""The launcher and the set-up, with a stand-in for the program and an empty lock: nothing is downloaded."""

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import IO

import pytest

from anlan import bootstrap, cli
from anlan.foundation.environment import load

REPOSITORY = Path(cli.__file__).parents[2]
PROGRAM = "import sys; print('ran', *sys.argv[1:])\n"


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    root = tmp_path / "a copy of Anlan"
    package = root / "src" / "anlan"
    package.mkdir(parents=True)
    shutil.copy(REPOSITORY / "anlan", root)
    shutil.copy(REPOSITORY / "src" / "anlan" / "bootstrap.py", package)
    (package / "__init__.py").touch()
    (package / "__main__.py").write_text(PROGRAM)
    (root / "requirements.lock").write_text("# nothing\n")
    (root / "requirements-dev.lock").write_text("# nothing either\n")
    return root


def begin(program: Path, *arguments: str, cwd: Path | None = None, **surroundings: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [program, *arguments],
        cwd=cwd,
        env=os.environ | {"ANLAN_PYTHON": sys.executable} | surroundings,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def start(program: Path, *arguments: str, cwd: Path | None = None, **surroundings: str) -> tuple[int, str, str]:
    process = begin(program, *arguments, cwd=cwd, **surroundings)
    out, err = process.communicate()
    return process.returncode, out, err


def test_it_sets_up_once_and_passes_arguments_on(copy: Path) -> None:
    code, out, err = start(copy / "anlan", "serve", "two words")
    assert (code, out) == (0, "ran serve two words\n")
    assert "making .venv" in err
    assert start(copy / "anlan", "serve") == (0, "ran serve\n", "")


def test_it_works_through_links_from_anywhere_and_is_not_misled_by_files_there(copy: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "anlan.py").write_text("print('misled')")
    (elsewhere / "link").symlink_to(copy / "anlan")
    (elsewhere / "link to the link").symlink_to("link")
    code, out, _ = start(elsewhere / "link to the link", "serve", cwd=elsewhere)
    assert (code, out) == (0, "ran serve\n")


def test_a_changed_lock_is_installed_before_the_program_runs(copy: Path) -> None:
    start(copy / "anlan")
    (copy / "requirements.lock").write_text("# nothing new\n")
    code, out, err = start(copy / "anlan")
    assert (code, out) == (0, "ran\n")
    assert "installing 0 packages of requirements.lock" in err
    assert start(copy / "anlan")[2] == ""


def test_only_the_tests_install_what_the_tests_need(copy: Path) -> None:
    assert "requirements-dev.lock" not in start(copy / "anlan", "serve")[2]
    assert "requirements-dev.lock" in start(copy / "anlan", "test")[2]
    assert start(copy / "anlan", "test") == (0, "ran test\n", "")


def test_an_interrupted_set_up_is_done_again_from_the_beginning(copy: Path) -> None:
    start(copy / "anlan")
    (copy / ".venv" / "requirements.lock").unlink()
    left_over = copy / ".venv" / "left over"
    left_over.touch()
    assert start(copy / "anlan")[:2] == (0, "ran\n")
    assert not left_over.exists()


def test_a_set_up_killed_half_way_keeps_nobody_waiting(copy: Path) -> None:
    killed = begin(copy / "anlan", cwd=copy)
    while not (copy / "var" / "setup.lock").exists():
        time.sleep(0.01)
    os.killpg(killed.pid, signal.SIGKILL)
    killed.communicate()
    assert not (copy / ".venv" / "requirements.lock").exists()
    assert start(copy / "anlan")[:2] == (0, "ran\n")


def test_two_first_uses_at_once_make_one_environment(copy: Path) -> None:
    both = [begin(copy / "anlan", "serve") for _ in range(2)]
    said = [process.communicate() for process in both]
    assert [out for out, _ in said] == ["ran serve\n"] * 2
    assert sum("making .venv" in err for _, err in said) == 1


def test_a_failed_installation_shows_and_keeps_the_log_and_is_not_taken_for_done(copy: Path) -> None:
    (copy / "requirements.lock").write_text(f"anlan-is-not-there==1 --hash=sha256:{'0' * 64}\n")
    for _ in range(2):
        code, out, err = start(copy / "anlan", PIP_NO_INDEX="1", PIP_FIND_LINKS="")
        assert (code, out) == (1, "")
        assert "anlan-is-not-there" in err
        assert "Traceback" not in err
    assert "anlan-is-not-there" in (copy / "var" / "setup.log").read_text()


def test_an_unsuitable_python_is_named(copy: Path) -> None:
    code, out, err = start(copy / "anlan", ANLAN_PYTHON="/bin/false")
    assert (code, out) == (1, "")
    assert "'/bin/false', which is not a Python of version 3.11" in err


def test_without_any_python_it_says_what_to_install(copy: Path, tmp_path: Path) -> None:
    tools = tmp_path / "tools"
    tools.mkdir()
    for tool in ("sh", "dirname", "readlink", "cmp"):
        found = shutil.which(tool)
        assert found is not None
        (tools / tool).symlink_to(found)
    code, _, err = start(copy / "anlan", ANLAN_PYTHON="", PATH=str(tools))
    assert code == 1
    assert "no Python of version 3.11 or later was found" in err
    assert "apt install" in err


def test_a_python_that_cannot_make_environments_is_explained(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(bootstrap.SetupError, match="apt install python3-venv"):
        bootstrap.make_environment()


def test_without_arguments_the_commands_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main([]) == 0
    listed = capsys.readouterr().out
    for group in cli.COMMANDS.values():
        assert all(f"\n  {name} " in listed for name in group)


def test_a_bad_environment_is_told_without_a_traceback(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("ANLAN_PORT", "eighty")
    assert cli.main(["migrate"]) == cli.BAD_ENVIRONMENT
    assert "ANLAN_PORT: " in capsys.readouterr().err


def test_an_interrupt_ends_quietly(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(arguments: object) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr(cli, "run_django", interrupt)
    assert cli.main(["version"]) == cli.INTERRUPTED


@pytest.mark.parametrize(
    ("arguments", "needed"),
    [(["migrate"], True), (["makemessages"], False), (["serve", "--help"], False), (["--version"], False)],
)
def test_only_commands_that_use_a_database_start_one(arguments: list[str], needed: bool) -> None:
    assert cli.needs_database(arguments) is needed


def test_every_check_runs_and_the_first_failure_is_the_answer(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    ran = []

    def run(*arguments: str, said: IO[str] | None = None) -> int:
        ran.append(arguments[1])
        if arguments[1] == "mypy" and said:
            said.write("an error in the types")
            return 9
        return 7 if "format" in arguments else 0

    monkeypatch.setattr(cli, "provide_database", lambda environment: None)
    monkeypatch.setattr(cli, "_run", run)
    assert cli.run_checks(load(), []) == 7
    assert len(ran) == 6
    out = capsys.readouterr().out
    assert out.count("FAILED") == 2
    assert "an error in the types" in out
