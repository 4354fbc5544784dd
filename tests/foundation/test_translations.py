"""Chinese first: every word the program says in English stands in the Chinese catalogue."""

import re
import shutil
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import PoFileError, read_po
from django.template import engines
from django.templatetags.i18n import BlockTranslateNode, TranslateNode
from django.utils import translation
from django.utils.translation import gettext

from anlan.foundation.translations import LOCALE, compile_catalogues

SOURCE = LOCALE.parent
CHINESE = LOCALE / "zh_Hans" / "LC_MESSAGES" / "django.po"
KEYWORDS = {"_": None, "gettext": None, "gettext_lazy": None}
TEMPLATES = sorted(SOURCE.glob("**/templates/**/*.html"))
# What every reader reads alike: each language's own name.
ALIKE = {"中文", "English", "CSV", "XLSX"}
# Django's own signs, what they translate, and the blocks of the frame that hold no words.
UNREAD = re.compile(
    r"{%\s*blocktranslate.*?{%\s*endblocktranslate\s*%}"
    r"|{%\s*block (?:body|page|live)\s*%}.*?{%\s*endblock[^%]*%}"
    r"|{%\s*comment.*?{%\s*endcomment\s*%}"
    r"|{[%#{].*?[%#}]}",
    re.DOTALL,
)
SPOKEN = re.compile(r'\s(?:label|title|hint|caption|error|alt|placeholder|aria-label)="([^"]*)"')
PLACEHOLDER = re.compile(r"%\(\w+\)[0-9]*[a-zA-Z]|\{\w+\}")


def catalogue() -> Catalog:
    with CHINESE.open("rb") as file:
        return read_po(file)


def said_in_code() -> set[str]:
    found = extract_from_dir(SOURCE, [("**.py", "python")], keywords=KEYWORDS)
    return {message if isinstance(message, str) else message[0] for _, _, message, _, _ in found}


def said_in_templates() -> set[str]:
    """The messages of every template, as Django itself reads them."""
    found = set()
    for source in (path.read_text(encoding="utf-8") for path in TEMPLATES):
        template = engines["django"].from_string(source).template  # type: ignore[attr-defined]
        for node in template.nodelist.get_nodes_by_type(TranslateNode):
            found.add(node.filter_expression.var.literal)
        for node in template.nodelist.get_nodes_by_type(BlockTranslateNode):
            parts = [node.singular, *([node.plural] if node.plural else [])]
            found |= {node.render_token_list(part)[0] for part in parts}
    return found


def untranslated(source: str) -> list[str]:
    """Words of a template that no reader's language changes."""
    bare = UNREAD.sub("", source)
    texts = [*SPOKEN.findall(bare), *re.sub(r"<[^>]*>", "\n", bare).splitlines()]
    words = [text.strip() for text in texts if re.search(r"[^\W\d_]{2,}", text)]
    return [each for each in words if each not in ALIKE]


def test_every_message_is_translated_and_none_is_left_over() -> None:
    translated = {message.id for message in catalogue() if message.id and message.string}
    said = said_in_code() | said_in_templates()
    assert said - translated == set()
    assert translated - said == set()


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_a_template_says_nothing_in_one_language_only(path: Path) -> None:
    assert untranslated(path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    "source",
    ["<p>Send it</p>", '<c-field label="姓名" />', "<h1>{% if a %}你好{% endif %}</h1>", "<td>{{ n }} matters</td>"],
)
def test_a_word_left_untranslated_in_a_template_is_found(source: str) -> None:
    assert untranslated(source)


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
