"""Every sentence a script says has its English, once the words it brings along are learned."""

from __future__ import annotations

import re

from tests.live import ROOT

ASSETS = ROOT / "web" / "assets"
SAID = re.compile(r"\bsay\(\s*'((?:[^'\\]|\\.)*)'")
LEARNED = re.compile(r"^\s*(?:'((?:[^'\\]|\\.)*)'|([^\s':{}]+)):\s*[\"'`]", re.MULTILINE)
CHINESE = re.compile(r"[\u3000-\u303f\u4e00-\u9fff\uff00-\uffef]")


def test_every_sentence_of_a_script_has_english() -> None:
    known = set()
    for file in ASSETS.rglob("words*.js"):
        known.update(quoted or plain for quoted, plain in LEARNED.findall(file.read_text("utf-8")))
    missing = {
        sentence: file.name
        for file in sorted(ASSETS.rglob("*.js"))
        for sentence in SAID.findall(file.read_text("utf-8"))
        if CHINESE.search(sentence) and sentence not in known
    }
    assert missing == {}
