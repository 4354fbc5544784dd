import json
import multiprocessing
import stat
from pathlib import Path

import pytest

from anlan.foundation.environment import BadEnvironment, Environment, kept_secrets, load

KEY = "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="
SHORT = "a:MDEyMzQ1Njc4OWFiY2RlZg=="


@pytest.fixture(autouse=True)
def _laptop(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name, field in Environment.model_fields.items():
        monkeypatch.delenv(name.upper() if field.validation_alias else f"ANLAN_{name.upper()}", raising=False)
    monkeypatch.setenv("ANLAN_HOME", str(tmp_path / "home"))


def test_without_any_variable_it_is_a_laptop_with_the_embedded_server() -> None:
    environment = load()
    assert not environment.production
    assert not environment.debug
    assert environment.database_url is None
    assert environment.host == "127.0.0.1"


def test_missing_secrets_are_made_once_and_kept_for_the_owner_only(tmp_path: Path) -> None:
    first, second = load(), load()
    assert len(first.secret_key) >= 50
    assert (first.secret_key, first.sealing_keys) == (second.secret_key, second.sealing_keys)
    assert stat.S_IMODE((tmp_path / "home" / "secrets.json").stat().st_mode) == 0o600


def test_processes_that_start_at_once_share_the_same_secrets(tmp_path: Path) -> None:
    with multiprocessing.get_context("spawn").Pool(4) as pool:
        found = pool.map(kept_secrets, [tmp_path / "fresh"] * 8, chunksize=1)
    assert all(one == found[0] for one in found)
    assert [file.name for file in (tmp_path / "fresh").iterdir()] == ["secrets.json"]


def test_damaged_secrets_are_named_and_never_made_anew(tmp_path: Path) -> None:
    file = tmp_path / "home" / "secrets.json"
    file.parent.mkdir()
    file.write_text('{"secret_key": ')
    with pytest.raises(BadEnvironment, match=r"secrets\.json is damaged"):
        load()
    assert file.read_text() == '{"secret_key": '


def test_a_given_secret_wins_over_the_kept_one(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    kept = load()
    monkeypatch.setenv("ANLAN_SECRET_KEY", "s" * 50)
    given = load()
    assert given.secret_key == "s" * 50
    assert given.sealing_keys == kept.sealing_keys
    assert json.loads((tmp_path / "home" / "secrets.json").read_text())["secret_key"] == kept.secret_key


def test_production_refuses_to_make_secrets(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("ANLAN_PRODUCTION", "true")
    with pytest.raises(BadEnvironment) as refused:
        load()
    assert [problem.split(":")[0] for problem in refused.value.problems] == [
        "ANLAN_SECRET_KEY",
        "ANLAN_SEALING_KEYS",
    ]
    assert not (tmp_path / "home").exists()


def test_production_with_its_secrets_starts_and_writes_none(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("ANLAN_PRODUCTION", "true")
    monkeypatch.setenv("ANLAN_SECRET_KEY", "s" * 50)
    monkeypatch.setenv("ANLAN_SEALING_KEYS", f"b:{KEY},a:{KEY}")
    assert load().sealing_keys == f"b:{KEY},a:{KEY}"
    assert not (tmp_path / "home").exists()


def test_the_first_sealing_key_seals_and_the_oldest_indexes_unless_told_otherwise(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("ANLAN_SEALING_KEYS", f"new:{KEY}, old:{KEY}")
    assert [name for name, _ in load().sealing_ring] == ["new", "old"]
    assert load().index_key_id == "old"
    monkeypatch.setenv("ANLAN_INDEX_KEY", "new")
    assert load().index_key_id == "new"


def test_an_index_key_that_is_no_sealing_key_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANLAN_INDEX_KEY", "gone")
    for keys in ("", f"new:{KEY},old:{KEY}"):
        monkeypatch.setenv("ANLAN_SEALING_KEYS", keys)
        with pytest.raises(BadEnvironment, match=r"ANLAN_INDEX_KEY: no sealing key has the id 'gone'; allowed: "):
            load()


def test_kept_secrets_are_checked_like_given_ones(tmp_path: Path) -> None:
    load()
    file = tmp_path / "home" / "secrets.json"
    file.write_text(json.dumps({**json.loads(file.read_text()), "sealing_keys": "a:c2hvcnQ="}))
    with pytest.raises(BadEnvironment, match="ANLAN_SEALING_KEYS: entry 1 has a key of 5 bytes; 32 are needed"):
        load()


@pytest.mark.parametrize(
    ("given", "address"),
    [
        ({}, "http://127.0.0.1:8000"),
        ({"ANLAN_PORT": "8080"}, "http://127.0.0.1:8080"),
        ({"ANLAN_HOST": "0.0.0.0"}, "http://127.0.0.1:8000"),
        ({"ANLAN_HOST": "::"}, "http://[::1]:8000"),
        ({"ANLAN_HOST": "10.0.0.5", "ANLAN_PORT": "80"}, "http://10.0.0.5:80"),
        ({"ANLAN_PORT": "8080", "ANLAN_PUBLIC_URL": "https://anlan.example"}, "https://anlan.example"),
    ],
)
def test_residents_reach_it_where_it_listens_unless_told_otherwise(
    monkeypatch: pytest.MonkeyPatch, given: dict[str, str], address: str
) -> None:
    for variable, value in given.items():
        monkeypatch.setenv(variable, value)
    assert load().public_address == address


def test_production_refuses_debug(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANLAN_PRODUCTION", "true")
    monkeypatch.setenv("ANLAN_DEBUG", "true")
    with pytest.raises(BadEnvironment, match="ANLAN_DEBUG"):
        load()


def test_production_refuses_a_bank_that_pays_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANLAN_PRODUCTION", "true")
    monkeypatch.setenv("ANLAN_BANK", "simulator")
    with pytest.raises(BadEnvironment, match="ANLAN_BANK"):
        load()


@pytest.mark.parametrize(
    ("variable", "value", "says"),
    [
        ("ANLAN_PORT", "eighty", "integer"),
        ("ANLAN_PORT", "70000", "65535"),
        ("ANLAN_THREADS", "0", "1 to 256"),
        ("ANLAN_DEBUG", "perhaps", "true or false"),
        ("ANLAN_CITY", "hangzhou", "four digits"),
        ("ANLAN_LANGUAGE", "fr", "zh-hans or en"),
        ("ANLAN_BANK", "piggy", "simulator"),
        ("ANLAN_CIPHER_SUITE", "rot13", "aes or sm"),
        ("ANLAN_ALLOWED_HOSTS", " , ", "names no host"),
        ("ANLAN_NOTICE_SINK", "ftp://x", "allowed: log, "),
        ("ANLAN_PUBLIC_URL", "https://anlan.example/", "without a slash"),
        ("DATABASE_URL", "mysql://localhost/anlan", "not an address of PostgreSQL"),
        ("DATABASE_URL", "postgresql://localhost", "names no database"),
        ("DATABASE_URL", "postgresql://localhost:many/anlan", "port"),
        ("DATABASE_APP_URL", "anlan", "not an address of PostgreSQL"),
    ],
)
def test_a_bad_value_is_named_with_what_is_wrong_and_what_is_allowed(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str, says: str
) -> None:
    monkeypatch.setenv(variable, value)
    with pytest.raises(BadEnvironment) as refused:
        load()
    [problem] = refused.value.problems
    assert problem.startswith(f"{variable}: ")
    assert says in problem
    assert "allowed: " in problem


@pytest.mark.parametrize(
    "keys",
    ["nonsense", "a:%%%", f"a:{KEY},a:{KEY}", "a:c2hvcnQ=", SHORT, f":{KEY}", f"a:{KEY},", f"a b:{KEY}", f"键:{KEY}"],
)
def test_bad_sealing_keys_are_refused_without_being_shown(monkeypatch: pytest.MonkeyPatch, keys: str) -> None:
    monkeypatch.setenv("ANLAN_SEALING_KEYS", keys)
    with pytest.raises(BadEnvironment) as refused:
        load()
    [problem] = refused.value.problems
    assert problem.startswith("ANLAN_SEALING_KEYS: entry ")
    assert keys not in problem


def test_all_problems_are_told_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANLAN_PORT", "x")
    monkeypatch.setenv("ANLAN_LANGUAGE", "x")
    with pytest.raises(BadEnvironment) as refused:
        load()
    assert len(refused.value.problems) == 2


def test_hosts_are_parted_by_commas(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANLAN_ALLOWED_HOSTS", "anlan.example, city.example")
    assert load().allowed_hosts == ["anlan.example", "city.example"]


def test_an_empty_variable_counts_as_absent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANLAN_PORT", "")
    assert load().port == 8000


def test_secrets_and_passwords_do_not_show_when_printed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://anlan:hush@localhost/anlan")
    environment = load()
    shown = repr(environment)
    assert "hush" not in shown
    assert environment.secret_key not in shown
    assert environment.sealing_keys not in shown


@pytest.mark.parametrize(
    ("tiles", "origin"),
    [
        ("https://tiles.example/{z}/{x}/{y}.png", "https://tiles.example"),
        ("http://10.0.0.1:8080/{z}/{x}/{y}", "http://10.0.0.1:8080"),
        ("https://{s}.tiles.example/{z}/{x}/{y}.png?key=a", "https://*.tiles.example"),
    ],
)
def test_a_browser_may_fetch_tiles_from_where_they_are(
    monkeypatch: pytest.MonkeyPatch, tiles: str, origin: str
) -> None:
    monkeypatch.setenv("ANLAN_MAP_TILES", tiles)
    assert load().map_tiles_origin == origin


def test_without_tiles_a_browser_may_fetch_nothing_more() -> None:
    assert load().map_tiles_origin == ""


@pytest.mark.parametrize(
    "tiles",
    [
        "tiles.example/{z}/{x}/{y}",
        "https://tiles.example/",
        "https://a; script-src *;/{z}/{x}/{y}",
        "ftp://a/{z}/{x}/{y}",
    ],
)
def test_an_address_that_names_no_tiles_is_refused(monkeypatch: pytest.MonkeyPatch, tiles: str) -> None:
    monkeypatch.setenv("ANLAN_MAP_TILES", tiles)
    with pytest.raises(BadEnvironment, match="ANLAN_MAP_TILES"):
        load()
