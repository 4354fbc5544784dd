"""Chinese first: every word the program says in English stands in the Chinese catalogue."""

import re
import shutil
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import PoFileError, read_po
from django.utils import translation
from django.utils.translation import gettext

from anlan.foundation.translations import LOCALE, compile_catalogues

SOURCE = LOCALE.parent
CHINESE = LOCALE / "zh_Hans" / "LC_MESSAGES" / "django.po"
KEYWORDS = {"_": None, "gettext": None, "gettext_lazy": None}
PLACEHOLDER = re.compile(r"%\(\w+\)[0-9]*[a-zA-Z]|\{\w+\}")


def catalogue() -> Catalog:
    with CHINESE.open("rb") as file:
        return read_po(file)


def said_in_code() -> set[str]:
    found = extract_from_dir(SOURCE, [("**.py", "python")], keywords=KEYWORDS)
    return {message if isinstance(message, str) else message[0] for _, _, message, _, _ in found}


def test_every_message_is_translated_and_none_is_left_over() -> None:
    translated = {message.id for message in catalogue() if message.id and message.string}
    assert said_in_code() - translated == set()
    assert translated - said_in_code() == set()


def test_a_translation_fills_the_same_blanks() -> None:
    for message in catalogue():
        if message.id:
            assert sorted(PLACEHOLDER.findall(message.id)) == sorted(PLACEHOLDER.findall(str(message.string)))


def test_the_catalogue_speaks_where_chinese_is_asked_for() -> None:
    compile_catalogues()
    with translation.override("zh-hans"):
        assert gettext("there is no such matter") == "没有这件事项"
    with translation.override("en"):
        assert gettext("there is no such matter") == "there is no such matter"


def test_only_what_has_changed_is_compiled(tmp_path: Path) -> None:
    folder = tmp_path / "zh_Hans" / "LC_MESSAGES"
    folder.mkdir(parents=True)
    shutil.copy(CHINESE, folder)
    assert compile_catalogues(tmp_path) == 1
    assert compile_catalogues(tmp_path) == 0


def test_a_broken_catalogue_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "zh_Hans" / "LC_MESSAGES"
    folder.mkdir(parents=True)
    (folder / "django.po").write_text('msgid "a"\nmsgstr "b"\nthis is no line of a catalogue\n', encoding="utf-8")
    with pytest.raises(PoFileError):
        compile_catalogues(tmp_path)
    assert not list(folder.glob("*.mo"))
