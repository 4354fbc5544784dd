"""Settings from the environment: the one place where Anlan reads it.

Every variable has a default that suits a laptop. In production (`ANLAN_PRODUCTION=true`) the secrets have
none: they must be given.
"""

import base64
import binascii
import json
import os
import re
import secrets
import tempfile
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit

from pydantic import AliasChoices, Field, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

REPOSITORY = Path(__file__).parents[3]
SECRETS = ("secret_key", "sealing_keys")
SEALING_KEY_BYTES = 32


class BadEnvironment(Exception):
    """The environment cannot be used. Each of `problems` names a variable, the fault, and what is allowed."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


class Environment(BaseSettings):
    """Each field is the variable ANLAN_<FIELD>, unless it names another. Descriptions say what is allowed."""

    model_config = SettingsConfigDict(
        env_prefix="ANLAN_", env_ignore_empty=True, frozen=True, extra="ignore", hide_input_in_errors=True
    )

    production: bool = Field(default=False, description="true or false; true demands explicit secrets")
    debug: bool = Field(default=False, description="true or false; never true in production")
    home: Path = Field(default=REPOSITORY / "var", description="a directory for everything Anlan keeps")

    database_url: str | None = Field(
        default=None,
        validation_alias=AliasChoices("DATABASE_URL"),
        repr=False,
        description="postgresql://user:password@host:port/name; without it the embedded server is used",
    )
    database_app_url: str | None = Field(
        default=None,
        validation_alias=AliasChoices("DATABASE_APP_URL"),
        repr=False,
        description="as DATABASE_URL, for a separate login with which the application works",
    )

    secret_key: str = Field(default="", repr=False, description="at least 50 random characters")
    sealing_keys: str = Field(
        default="",
        repr=False,
        description="id:base64,id:base64,…: each id once, each key of 32 bytes; the first one seals, the others open",
    )
    index_key: str | None = Field(
        default=None,
        description="the id of the sealing key that makes the blind indexes; without it the last, which is the oldest",
    )
    cipher_suite: Literal["aes", "sm"] = Field(default="aes", description="aes or sm (SM3/SM4)")

    city: str = Field(default="3301", pattern=r"^\d{4}$", description="the four digits of the city's area code")
    language: Literal["zh-hans", "en"] = Field(default="zh-hans", description="zh-hans or en")
    log_format: Literal["text", "json"] = Field(default="text", description="text or json")
    open311_keys: Annotated[list[str], NoDecode] = Field(
        default=[], repr=False, description="keys parted by commas; without any, everybody may report through Open311"
    )
    notice_sink: str = Field(
        default="log",
        pattern=r"^(log|https?://\S+|file:///\S+)$",
        description="log, the http(s) address of a gateway, or file:///folder",
    )
    code_sink: str | None = Field(
        default=None,
        pattern=r"^(console|https?://\S+|file:///\S+)$",
        description="console, the http(s) address of a gateway, or file:///folder; without it the console, and in "
        "production no sign-in by telephone",
    )
    oidc_issuer: str | None = Field(
        default=None,
        pattern=r"^https?://\S+$",
        description="the http(s) address of an OpenID Connect provider, exactly as it names itself",
    )
    oidc_client_id: str = Field(default="", description="the name under which the provider knows this city")
    oidc_client_secret: str = Field(default="", repr=False, description="the secret the provider gave with it")
    oidc_label: str = Field(default="统一身份认证", description="what residents call the provider")
    public_url: str | None = Field(
        default=None,
        pattern=r"^https?://\S+[^/\s]$",
        description="the http(s) address residents reach the pages under, without a slash at its end",
    )

    proxies: int = Field(
        default=0,
        ge=0,
        le=5,
        description="0 to 5, reverse proxies of yours in front, each of which adds to X-Forwarded-For and sets "
        "X-Forwarded-Proto",
    )
    live_url: str | None = Field(
        default=None,
        pattern=r"^(https?://[^/\s]+)?(/[^\s?#]*[^/\s?#])?$",
        description="where pages find their live streams behind a reverse proxy, an http(s) address or a path: /live; "
        "without it the same host, one port further",
    )
    live_port: int | None = Field(
        default=None, ge=1, le=65535, description="1 to 65535, for the live streams; without it one after ANLAN_PORT"
    )
    live_streams: int = Field(
        default=10_000, ge=1, le=100_000, description="1 to 100000, pages that are live at once in all"
    )
    live_streams_per_address: int = Field(
        default=500,
        ge=1,
        le=100_000,
        description="1 to 100000, pages that are live from one network address",
    )

    map_tiles: str | None = Field(
        default=None,
        pattern=r"^https?://(\{s\}\.)?[A-Za-z0-9.-]+(:\d+)?/\S*$",
        description="https://host/…/{z}/{x}/{y}…, map tiles in WGS-84 (those in GCJ-02 would lie some 500 m off); "
        "without it maps show the borders of areas alone",
    )
    map_attribution: str = Field(default="", description="whom a map with tiles names as their source")

    llm_url: str | None = Field(
        default=None,
        pattern=r"^https?://[^\s?#]*[^\s?#/]$",
        description="the http(s) address of a language model's API in OpenAI's form, such as https://host/v1; https in "
        "production unless it is on this machine; without it no report's words leave the house",
    )
    llm_key: str = Field(default="", repr=False, description="the key of that API, if it asks for one")
    llm_model: str = Field(default="", max_length=100, description="which of its models to ask")

    bank: Literal["simulator"] | None = Field(
        default=None,
        description="simulator, a bank that only notes what it would pay, and never in production; without it no money "
        "leaves",
    )

    allowed_hosts: Annotated[list[str], NoDecode] = Field(
        default=["localhost", "127.0.0.1", "[::1]"], description="host names parted by commas"
    )
    host: str = Field(default="127.0.0.1", description="the address to listen on")
    port: int = Field(default=8000, ge=1, le=65535, description="1 to 65535")
    workers: int = Field(default=1, ge=1, le=64, description="1 to 64 web processes")
    threads: int = Field(default=4, ge=1, le=256, description="1 to 256 threads in each web process")

    @field_validator("home")
    @classmethod
    def _absolute(cls, home: Path) -> Path:
        return home.expanduser().resolve()

    @field_validator("database_url", "database_app_url")
    @classmethod
    def _is_postgresql(cls, url: str | None) -> str | None:
        if url is not None:
            parts = urlsplit(url)
            if parts.scheme not in ("postgres", "postgresql"):
                raise ValueError("is not an address of PostgreSQL")
            if not parts.path.strip("/"):
                raise ValueError("names no database")
            _ = parts.port  # raises ValueError where it is no number
        return url

    @field_validator("secret_key")
    @classmethod
    def _is_long(cls, key: str) -> str:
        if key and len(key) < 50:
            raise ValueError("is too short")
        return key

    @field_validator("sealing_keys")
    @classmethod
    def _are_keys(cls, keys: str) -> str:
        seen = set[str]()
        for number, entry in enumerate(keys.split(",") if keys else [], start=1):
            name, _, key = entry.strip().partition(":")
            try:
                size = len(base64.b64decode(key, validate=True))
            except binascii.Error as error:
                raise ValueError(f"entry {number} is not base64 after the colon") from error
            if not re.fullmatch(r"[!-~]{1,64}", name) or name in seen:
                raise ValueError(f"entry {number} has no id (1 to 64 plain characters), or one given before")
            if size != SEALING_KEY_BYTES:
                raise ValueError(f"entry {number} has a key of {size} bytes; {SEALING_KEY_BYTES} are needed")
            seen.add(name)
        return keys

    @field_validator("map_tiles")
    @classmethod
    def _names_a_tile(cls, tiles: str | None) -> str | None:
        if tiles is not None and not all(part in tiles for part in ("{z}", "{x}", "{y}")):
            raise ValueError("lacks {z}, {x} or {y}")
        return tiles

    @field_validator("allowed_hosts", "open311_keys", mode="before")
    @classmethod
    def _parted_by_commas(cls, hosts: object) -> object:
        if not isinstance(hosts, str):
            return hosts
        return [host.strip() for host in hosts.split(",") if host.strip()]

    @field_validator("allowed_hosts")
    @classmethod
    def _names_a_host(cls, hosts: list[str]) -> list[str]:
        if not hosts:
            raise ValueError("names no host")
        return hosts

    @model_validator(mode="after")
    def _suits_production(self) -> Self:
        if self.production and self.debug:
            raise ValueError("ANLAN_DEBUG: cannot be true while ANLAN_PRODUCTION is; allowed: false")
        if self.production and self.bank == "simulator":
            raise ValueError("ANLAN_BANK: the simulator pays nobody, and ANLAN_PRODUCTION is true; allowed: none")
        return self

    @model_validator(mode="after")
    def _has_its_index_key(self) -> Self:
        if self.index_key and self.sealing_keys and self.index_key not in dict(self.sealing_ring):
            known = ", ".join(name for name, _ in self.sealing_ring)
            raise ValueError(f"ANLAN_INDEX_KEY: no sealing key has the id {self.index_key!r}; allowed: {known}")
        return self

    @model_validator(mode="after")
    def _has_its_provider_whole(self) -> Self:
        if self.oidc_issuer and not self.oidc_client_id:
            raise ValueError(
                "ANLAN_OIDC_CLIENT_ID: missing, and ANLAN_OIDC_ISSUER is set; allowed: "
                f"{Environment.model_fields['oidc_client_id'].description}"
            )
        if self.production and self.oidc_issuer and not self.oidc_issuer.startswith("https://"):
            raise ValueError("ANLAN_OIDC_ISSUER: must be encrypted in production; allowed: an https address")
        return self

    @model_validator(mode="after")
    def _has_its_language_model_whole(self) -> Self:
        if self.llm_url and not self.llm_model:
            raise ValueError(
                "ANLAN_LLM_MODEL: missing, and ANLAN_LLM_URL is set; allowed: "
                f"{Environment.model_fields['llm_model'].description}"
            )
        parts = urlsplit(self.llm_url or "")
        here = parts.hostname in ("localhost", "127.0.0.1", "::1")
        if self.production and self.llm_url and parts.scheme != "https" and not here:
            raise ValueError("ANLAN_LLM_URL: must be encrypted in production; allowed: an https address")
        return self

    @property
    def sealing_ring(self) -> list[tuple[str, bytes]]:
        """The sealing keys by id, the current one first."""
        entries = (entry.strip().partition(":") for entry in self.sealing_keys.split(","))
        return [(name, base64.b64decode(key)) for name, _, key in entries]

    @property
    def index_key_id(self) -> str:
        """Which of them makes the blind indexes: a new key is put first, so the indexes stay as they are."""
        return self.index_key or self.sealing_ring[-1][0]

    @property
    def code_destination(self) -> str:
        """Where codes for residents' telephones go; empty where nobody can sign in by telephone."""
        return self.code_sink or ("" if self.production else "console")

    @property
    def map_tiles_origin(self) -> str:
        """Where a browser has to be allowed to fetch tiles from, as a Content-Security-Policy names it; or nothing."""
        parts = urlsplit(self.map_tiles or "")
        return f"{parts.scheme}://{parts.netloc.replace('{s}', '*')}" if parts.netloc else ""

    @property
    def public_origin(self) -> str:
        """Scheme and host of the address residents reach the pages under; empty where none was given."""
        parts = urlsplit(self.public_url or "")
        return f"{parts.scheme}://{parts.netloc}" if parts.netloc else ""

    @property
    def public_address(self) -> str:
        """Under which address residents reach the pages: what was given, or where this program listens."""
        return self.public_url or address(self.host, self.port)


def address(host: str, port: int) -> str:
    """`http://HOST:PORT`, as it can be called from this machine."""
    name = reachable(host)
    return f"http://[{name}]:{port}" if ":" in name else f"http://{name}:{port}"


def reachable(host: str) -> str:
    """An address to call oneself by, where one listens on all."""
    return {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)


def load() -> Environment:
    """Read the environment; on a laptop, missing secrets are made once and kept. Raises BadEnvironment."""
    environment = _checked()
    missing = [name for name in SECRETS if not getattr(environment, name)]
    if not missing:
        return environment
    if environment.production:
        raise BadEnvironment(
            [
                f"ANLAN_{name.upper()}: missing, and ANLAN_PRODUCTION is true; "
                f"allowed: {Environment.model_fields[name].description}"
                for name in missing
            ]
        )
    kept = kept_secrets(environment.home)
    return _checked(**{name: kept[name] for name in missing})


def _checked(**kept: Any) -> Environment:
    """The environment, with these secrets for those that it does not give. Raises BadEnvironment."""
    try:
        return Environment(**kept)
    except ValidationError as error:
        raise BadEnvironment(_problems(error)) from None


def kept_secrets(home: Path) -> dict[str, str]:
    """The secrets of this home, made on first use. Of two processes at once, both get the first one's."""
    file = home / "secrets.json"
    try:
        if not file.exists():
            home.mkdir(parents=True, exist_ok=True)
            _write_once(file, json.dumps(_new_secrets(), indent=2) + "\n")
        kept = json.loads(file.read_text(encoding="utf-8"))
        return {name: str(kept[name]) for name in SECRETS}
    except OSError as error:
        raise BadEnvironment([f"ANLAN_HOME: {file} cannot be used ({error.strerror})"]) from error
    except (ValueError, KeyError, TypeError) as error:
        # Never made anew: what was sealed with the old keys would be lost.
        raise BadEnvironment(
            [f"ANLAN_HOME: {file} is damaged; put it back from a backup, or set {' and '.join(_variables())}"]
        ) from error


def _new_secrets() -> dict[str, str]:
    sealing_key = base64.b64encode(secrets.token_bytes(32)).decode()
    return {"secret_key": secrets.token_urlsafe(64), "sealing_keys": f"first:{sealing_key}"}


def _write_once(file: Path, text: str) -> None:
    """Write `file` whole or not at all, readable by its owner only, leaving one that is already there."""
    with tempfile.NamedTemporaryFile("w", dir=file.parent, prefix=".secrets-", encoding="utf-8") as draft:
        draft.write(text)
        draft.flush()
        os.fsync(draft.fileno())
        try:
            os.link(draft.name, file)
        except FileExistsError:
            return


def _variables() -> list[str]:
    return [f"ANLAN_{name.upper()}" for name in SECRETS]


def _problems(error: ValidationError) -> list[str]:
    problems = []
    for fault in error.errors(include_url=False, include_input=False):
        what = fault["msg"].removeprefix("Value error, ")
        if not fault["loc"]:
            problems.append(what)
            continue
        variable = str(fault["loc"][0])  # the field's name, or the variable where the field names its own
        field = Environment.model_fields[variable.lower()]
        if field.validation_alias is None:
            variable = f"ANLAN_{variable.upper()}"
        problems.append(f"{variable}: {what[:1].lower() + what[1:]}; allowed: {field.description}")
    return problems
