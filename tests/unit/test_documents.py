"""Documents as PDF: what people wrote is set as text, every character is drawn or named, the same record gives the same bytes."""

from __future__ import annotations

import time
from dataclasses import asdict, replace
from pathlib import Path

import pytest

from engine.errors import Refused
from processes.documents import typeset
from processes.documents.certificate import CertificatePaper, certificate, certificate_data
from processes.documents.notice import NoticePaper, notice
from processes.documents.result_sheet import SheetPaper, SheetRow, VoidRow, result_sheet

CERTIFICATE = CertificatePaper(
    no="QHDA202600001",
    code="0123456789abcdef" * 2,
    name="演示",
    title="副研究馆员",
    effective_on="2026年9月22日",
    issued_on="2026年10月26日",
    committee="档案系列高级职称评审委员会",
    confirmation="青人社职〔2026〕9号（2026年10月19日）",
    verify_address="https://zhiping.example.cn/certificates/QHDA202600001?code=" + "0123456789abcdef" * 2,
)
ROW = SheetRow(1, "才让·卓玛", "演示档案馆", "副研究馆员", 25, 21, 1, 17, 3, 1, "通过")
SHEET = SheetPaper(
    committee="档案系列高级职称评审委员会",
    held_on="2026年9月22日",
    place="西宁",
    size=25,
    present=21,
    rows=[ROW],
    voids=[VoidRow(1, "才让·卓玛", 1, "表决后发现应回避的关系")],
    recusal_counts_present=False,
    signed_by_chair="演示主任",
    announced_at="2026年9月22日 17:30",
    recorded_by="记录",
    supervised_by="监督",
    sheet_hash="ab" * 32,
)
NOTICE = NoticePaper(
    title="评审结果公示",
    body="现予以公示。\n公示期内可以反映问题。",
    heads=["姓名", "单位"],
    rows=[["才让·卓玛", "演示档案馆"]],
    opens="2026年9月28日 16:00",
    closes="2026年10月10日 24:00",
    workdays=5,
    contact_phone="0971-6120000",
    contact_email="pingshen@example.cn",
    publisher="",
    published_on="2026年9月28日",
    content_hash="cd" * 32,
)
HOSTILE = [
    '#panic("stopped")',
    '#eval("1 + 1")',
    "@nowhere <label> $x^$ ` ``` `",
    "*粗* _斜_ = 标题 - 项 \\ ~ // 注释 /* ]]} #",
    '"; } ] ) #{',
    "{{ d.name }} \\u{41}",
    "阿旺·洛桑·丹增·嘉措",
    "𠅤𬭚㛃䶮昇喆堃彧珺",
    "名" * 64,
    "W" * 64,
    "才让\u200b卓玛\u0007",
]


@pytest.mark.parametrize("words", HOSTILE)
def test_whatever_people_wrote_is_text(words: str) -> None:
    """Markup would stop typst (a panic, an unknown reference, an open bracket) or vanish from the page."""
    paper = replace(CERTIFICATE, name=words)
    assert certificate(paper).startswith(b"%PDF-")
    pages = typeset.pictures("certificate", certificate_data(paper))
    assert len(pages) == 1
    assert pages != typeset.pictures("certificate", certificate_data(replace(paper, name="2")))
    assert result_sheet(replace(SHEET, place=words, rows=[replace(ROW, name=words)])).startswith(b"%PDF-")
    assert notice(replace(NOTICE, title=words, body=words, rows=[[words, words]])).startswith(b"%PDF-")


def test_signs_of_markup_are_drawn() -> None:
    """`*粗*` with its stars is another picture than 粗 set bold or plain."""
    shown = {
        words: typeset.pictures("certificate", certificate_data(replace(CERTIFICATE, name=words)))[0]
        for words in ("*粗*", "粗", "#粗")
    }
    assert len(set(shown.values())) == 3


def test_a_name_with_a_character_the_font_lacks_is_refused_on_a_certificate() -> None:
    with pytest.raises(Refused) as refused:
        certificate(replace(CERTIFICATE, name="演示𱁬"))
    assert (refused.value.code, refused.value.text.params["signs"]) == ("GLYPH_MISSING", "𱁬")


def test_elsewhere_it_is_marked_and_said() -> None:
    marked = typeset.pictures("notice", asdict(replace(NOTICE, body="演示𱁬")))
    plain = typeset.pictures("notice", asdict(replace(NOTICE, body="演示〓")))
    assert marked[0] != plain[0]  # the line that explains the mark
    assert notice(replace(NOTICE, body="演示𱁬")).startswith(b"%PDF-")


def test_the_same_record_gives_the_same_bytes() -> None:
    assert certificate(CERTIFICATE) == certificate(CERTIFICATE)
    assert result_sheet(SHEET) == result_sheet(SHEET)


def test_a_revoked_certificate_says_so() -> None:
    assert certificate(replace(CERTIFICATE, revoked_on="2026年12月15日")) != certificate(CERTIFICATE)


def test_long_lists_go_on_over_pages_and_are_made_at_once() -> None:
    began = time.perf_counter()
    rows = [replace(ROW, number=number) for number in range(1, 151)]
    assert len(typeset.pictures("result_sheet", asdict(replace(SHEET, rows=rows)), ppi=20)) > 3
    result_sheet(replace(SHEET, rows=rows))
    notice(replace(NOTICE, rows=[["才让·卓玛", "演示档案馆"]] * 150))
    assert time.perf_counter() - began < 5


def test_the_qr_code_carries_the_address_of_the_check() -> None:
    drawn = {certificate_data(replace(CERTIFICATE, verify_address=f"https://a.cn/{n}"))["qr"] for n in range(2)}
    assert len(drawn) == 2
    assert all(svg.startswith("<svg") for svg in drawn)


def test_without_fonts_it_says_which_step_of_the_set_up_is_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(typeset, "FONTS", tmp_path)
    typeset._fonts.cache_clear()
    with pytest.raises(Refused) as refused:
        certificate(CERTIFICATE)
    typeset._fonts.cache_clear()
    assert refused.value.code == "FONTS_MISSING"
    assert "make setup" in str(refused.value.text)


def test_nothing_but_the_fonts_of_the_build_is_used() -> None:
    fonts, _ = typeset._fonts(typeset.FONTS)
    assert fonts.families() == ["Noto Serif SC"]
