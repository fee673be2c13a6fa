"""A diagram in words: what comes after a step."""

from __future__ import annotations

from pathlib import Path

import pytest

from web.pages import nextsteps, outline

REVIEW = (Path(__file__).parent / "review.bpmn").read_bytes()


@pytest.fixture
def drawn() -> outline.Outline:
    return outline.read(REVIEW, "review")


def test_every_way_on_is_told_with_its_turn(drawn: outline.Outline) -> None:
    assert nextsteps.rows(drawn.next_steps("check")) == [
        {"condition": "材料齐全？需补正", "text": "由申报人办理“填写申请表”"},
        {"condition": "材料齐全？受理", "text": "等待：公示期满"},
        {"condition": "材料齐全？不符合条件", "text": "这个流程结束：不予受理"},
    ]


def test_what_happens_when_nobody_acts(drawn: outline.Outline) -> None:
    assert nextsteps.deadline_sentences(drawn, "check") == [
        "到期没有办理（十个工作日未审核）：这个流程结束：逾期未审核。"
    ]


def test_the_end_of_a_called_process_ends_one_stage(drawn: outline.Outline) -> None:
    rows = nextsteps.rows(drawn.next_steps("check"), called=True)
    assert rows[-1]["text"] == "这一环节结束：不予受理"
    assert nextsteps.deadline_sentences(drawn, "check", called=True) == [
        "到期没有办理（十个工作日未审核）：这一环节结束：逾期未审核。"
    ]


def test_what_is_called_waiting_is_not_told_twice() -> None:
    assert nextsteps.waiting("等待表决结果") == "等待表决结果"
    assert nextsteps.waiting("公示期满") == "等待：公示期满"


def test_a_called_process_is_entered(drawn: outline.Outline) -> None:
    assert nextsteps.in_words(drawn.next_steps("window")) == ["进入“核发”"]


def test_steps_know_their_lane(drawn: outline.Outline) -> None:
    assert {step.id: step.lane for step in drawn.steps()}["apply"] == "申报人"


def test_an_unknown_element_leads_nowhere(drawn: outline.Outline) -> None:
    assert drawn.next_steps("nothing") == []
    assert drawn.name_of("nothing") == "nothing"


def test_the_end_of_a_sub_process_goes_on_behind_it() -> None:
    xml = b"""<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL" id="d" targetNamespace="t">
      <bpmn:process id="p" isExecutable="true">
        <bpmn:subProcess id="inner"><bpmn:userTask id="a" name="A"/><bpmn:endEvent id="e" name="E"/>
          <bpmn:sequenceFlow id="f1" sourceRef="a" targetRef="e"/></bpmn:subProcess>
        <bpmn:userTask id="b" name="B"/><bpmn:sequenceFlow id="f2" sourceRef="inner" targetRef="b"/>
      </bpmn:process></bpmn:definitions>"""
    assert [step.element_id for step in outline.read(xml).next_steps("a")] == ["b"]


def test_a_loop_ends() -> None:
    xml = b"""<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL" id="d" targetNamespace="t">
      <bpmn:process id="p" isExecutable="true"><bpmn:scriptTask id="a"/><bpmn:scriptTask id="b"/>
        <bpmn:sequenceFlow id="f1" sourceRef="a" targetRef="b"/><bpmn:sequenceFlow id="f2" sourceRef="b" targetRef="a"/>
      </bpmn:process></bpmn:definitions>"""
    assert outline.read(xml).next_steps("a") == []


@pytest.mark.parametrize("raw", [b"", b"<x", b"<x/>", b'<!DOCTYPE x [<!ENTITY a "b">]><x>&a;</x>'])
def test_what_is_no_diagram_is_refused(raw: bytes) -> None:
    with pytest.raises(ValueError, match=r".+"):
        outline.read(raw)


def test_turns_that_make_no_difference_are_not_told() -> None:
    xml = """<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL" id="d" targetNamespace="t">
      <bpmn:process id="p" isExecutable="true"><bpmn:userTask id="a"/>
        <bpmn:exclusiveGateway id="g" name="快慢？"/><bpmn:scriptTask id="s"/><bpmn:exclusiveGateway id="h" name="行？"/>
        <bpmn:userTask id="b" name="B"/><bpmn:userTask id="c" name="C"/>
        <bpmn:sequenceFlow id="f1" sourceRef="a" targetRef="g"/>
        <bpmn:sequenceFlow id="f2" name="快" sourceRef="g" targetRef="h"/>
        <bpmn:sequenceFlow id="f3" name="慢" sourceRef="g" targetRef="s"/>
        <bpmn:sequenceFlow id="f4" sourceRef="s" targetRef="h"/>
        <bpmn:sequenceFlow id="f5" name="行" sourceRef="h" targetRef="b"/>
        <bpmn:sequenceFlow id="f6" name="不行" sourceRef="h" targetRef="c"/>
      </bpmn:process></bpmn:definitions>""".encode()
    told = {step.element_id: step.via for step in outline.read(xml).next_steps("a")}
    assert told == {"b": (("行？", "行"),), "c": (("行？", "不行"),)}


ROOT = Path(__file__).resolve().parents[3]


def shipped(family: str, key: str) -> outline.Outline:
    return outline.read((ROOT / "processes" / family / f"{key}.bpmn").read_bytes(), key)


def test_what_a_part_ends_with_is_told_where_only_sometimes_something_follows() -> None:
    """Who failed the vote is not told of being hired, nor of sanctions: both only follow other ends of the same part."""
    case = shipped("candidate", "P04_candidate_title_review")
    assert nextsteps.deadline_sentences(case, "view_result") == [
        "到期没有办理（复查期届满）：这一环节结束：评审未通过。"
    ]
    assert nextsteps.rows(case.next_steps("local_endorse"))[-1] == {
        "condition": "审核意见？不同意",
        "text": "这一环节结束：主管部门不同意",
    }


@pytest.mark.parametrize(
    ("family", "key", "order"),
    [
        (
            "candidate",
            "P04_candidate_title_review",
            "填写申报表 签署诚信承诺 单位考核推荐 主管部门审核 确认与发证 择优聘用",
        ),
        (
            "committee",
            "P12_review_meeting_vote",
            "安排会议 确认评审分组 核对到会 宣布开会 投票 宣布结果并签字 监督签字",
        ),
    ],
)
def test_the_steps_are_told_in_the_order_in_which_they_come(family: str, key: str, order: str) -> None:
    told = [step.name for step in shipped(family, key).main_steps()]
    expected = order.split()
    assert [name for name in told if name in expected] == expected
