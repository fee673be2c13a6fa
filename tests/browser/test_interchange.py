"""What other programs drew stays as it was: small models in their styles are opened in the editor and written anew."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from processes.office import SHIPPED
from tests.interchange.checking import HERE, page_with_editor, tried

pytestmark = pytest.mark.browser

MODELS = sorted((HERE / "models").glob("*.bpmn"))
FOREIGN = {"zeebe.bpmn": ("modeler", "zeebe"), "colours-and-others.bpmn": ("flowable", "signavio")}


@pytest.fixture(scope="module")
def page(browser: Browser) -> Iterator[Page]:
    page = page_with_editor(browser)
    yield page
    page.close()


@pytest.mark.parametrize("file", MODELS, ids=lambda file: file.stem)
def test_a_model_of_another_program_loses_nothing(page: Page, file: Path) -> None:
    found = tried(page, file)
    assert found.same
    assert (found.differences, found.lost, found.warnings, found.drawn) == ((), (), (), True)
    assert found.foreign == FOREIGN.get(file.name, ())
    assert found.arranged == (file.stem == "without-layout")


def test_our_own_diagrams_lose_nothing(page: Page) -> None:
    files = [file for folder in SHIPPED for file in sorted(folder.glob("*.bpmn"))]
    assert len(files) >= 18
    assert [file.name for file in files if not tried(page, file).kept] == []


def test_what_is_lost_is_told(page: Page, tmp_path: Path) -> None:
    """The check can fail: an element that the standard does not know is one that bpmn-js does not keep."""
    text = (HERE / "models" / "zeebe.bpmn").read_text("utf-8")
    broken = tmp_path / "unknown.bpmn"
    broken.write_text(text.replace("<bpmn:extensionElements>", "<bpmn:gone /><bpmn:extensionElements>", 1), "utf-8")
    assert any(line.startswith("gone") for line in tried(page, broken).lost)


def test_a_second_place_for_extensions_is_joined_to_the_first(page: Page, tmp_path: Path) -> None:
    """bpmn-js reads the last one alone."""
    text = (HERE / "models" / "zeebe.bpmn").read_text("utf-8")
    twice = "<bpmn:extensionElements><zeebe:here /></bpmn:extensionElements>\n      <bpmn:extensionElements>"
    file = tmp_path / "twice.bpmn"
    file.write_text(text.replace("<bpmn:extensionElements>", twice, 1), "utf-8")
    found = tried(page, file)
    assert [line for line in found.lost if not line.startswith("extensionElements")] == []
    assert found.opened


def test_a_text_that_is_no_diagram_is_given_back(page: Page, tmp_path: Path) -> None:
    file = tmp_path / "none.bpmn"
    file.write_text("<?xml version='1.0'?><nothing/>", "utf-8")
    found = tried(page, file)
    assert not found.opened
    assert found.why
