"""Every sentence people read is Chinese in the source and has an English translation with the same parameters."""

from __future__ import annotations

import ast
import json
import re
from pathlib import Path
from string import Formatter
from xml.etree import ElementTree

import pytest
from babel.messages.pofile import read_po

from forms.i18n import STOREYS, catalogue
from tests.architecture.test_house import ROOT, sources, tracked

CHINESE = re.compile(r"[\u4e00-\u9fff]")
SPEAKING = {"T", "Text", "gettext", "_"}
JINJA_CALL = re.compile(r"""(?<![\w.])(?:_|gettext|T)\(\s*("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')""")


def spoken_in_python() -> dict[str, str]:
    """Sentence -> where it is said: the literal first argument of every T(...) and gettext(...)."""
    found: dict[str, str] = {}
    for path in sources():
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if not (isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant)):
                continue
            name = ast.unparse(node.func).rsplit(".", 1)[-1]
            if name in SPEAKING and isinstance(node.args[0].value, str):
                found[node.args[0].value] = f"{path.relative_to(ROOT)}:{node.lineno}"
    return found


def spoken_in_templates() -> dict[str, str]:
    found: dict[str, str] = {}
    for path in tracked("web/templates/**"):
        for match in JINJA_CALL.finditer(path.read_text("utf-8")):
            found[ast.literal_eval(match.group(1))] = path.relative_to(ROOT).as_posix()
    return found


def spoken_in_forms() -> dict[str, str]:
    """Labels, hints and options of the shipped forms."""
    found: dict[str, str] = {}

    def walk(value: object, path: Path) -> None:
        if isinstance(value, dict):
            for inner in value.values():
                walk(inner, path)
        elif isinstance(value, list):
            for inner in value:
                walk(inner, path)
        elif isinstance(value, str) and CHINESE.search(value) and not value.startswith("="):
            found[value] = path.relative_to(ROOT).as_posix()

    for path in tracked("forms/**/*.form"):
        walk(json.loads(path.read_text("utf-8")), path)
    return found


def spoken_in_diagrams() -> dict[str, str]:
    """Names and hints of the shipped diagrams."""
    found: dict[str, str] = {}
    for path in tracked("processes/**/*.bpmn"):
        for element in ElementTree.parse(path).iter():
            spoken = [element.get("name")]
            if element.tag.endswith("}property"):
                spoken = [element.get("value")] if element.get("name") == "hint" else []
            for sentence in spoken:
                if sentence and CHINESE.search(sentence):
                    found[sentence] = path.relative_to(ROOT).as_posix()
    return found


@pytest.mark.parametrize(
    "spoken", [spoken_in_python, spoken_in_templates, spoken_in_forms, spoken_in_diagrams], ids=lambda f: f.__name__
)
def test_every_sentence_has_english(spoken) -> None:
    english = catalogue("en")
    missing = {
        sentence: place
        for sentence, place in spoken().items()
        if CHINESE.search(sentence) and english.gettext(sentence) == sentence
    }
    assert missing == {}


@pytest.mark.parametrize("storey", STOREYS)
def test_translations_use_the_same_parameters(storey: str) -> None:
    for path in sorted((ROOT / storey / "locale").glob("en*.po")):
        with path.open("rb") as file:
            for message in read_po(file):
                if message.id and message.string:
                    assert parameters(message.id) == parameters(message.string), (path.name, message.id)


@pytest.mark.parametrize("storey", STOREYS)
def test_translations_are_english(storey: str) -> None:
    for path in sorted((ROOT / storey / "locale").glob("en*.po")):
        with path.open("rb") as file:
            chinese = [m.id for m in read_po(file) if m.id and not m.string]
        assert chinese == [], path.name


def parameters(sentence: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(sentence) if name}
