"""What comes after a step, said in sentences."""

from __future__ import annotations

from forms.i18n import gettext
from web.pages.outline import NextStep, Outline


def sentence(step: NextStep) -> str:
    """Where the way leads, without the condition: `由 单位人事 办理“审核材料”`."""
    name = gettext(step.name)
    if step.kind == "end":
        return gettext("这个流程结束：{name}", name=name)
    if step.kind == "wait":
        return gettext("等待：{name}", name=name)
    if step.kind in ("call", "group"):
        return gettext("进入“{name}”", name=name)
    if step.lane:
        return gettext("由{lane}办理“{name}”", lane=gettext(step.lane), name=name)
    return gettext("办理“{name}”", name=name)


def condition(step: NextStep) -> str:
    """The turns taken on the way, as drawn: `材料齐全？需补正`; empty where there is only one way."""
    return " → ".join(turn(gettext(gateway), gettext(branch)) for gateway, branch in step.via)


def turn(gateway: str, branch: str) -> str:
    """A gateway's question and its answer."""
    if not gateway:
        return branch
    mark = "" if gateway.endswith(("？", "?", "：", ":")) else "："
    return f"{gateway}{mark}{branch}"


def rows(found: list[NextStep]) -> list[dict[str, str]]:
    return [{"condition": condition(step), "text": sentence(step)} for step in found]


def in_words(found: list[NextStep]) -> list[str]:
    """One sentence for each way on."""
    return [
        gettext("{condition} → {text}", condition=condition(step), text=sentence(step)) if step.via else sentence(step)
        for step in found
    ]


def deadline_sentences(drawn: Outline, element_id: str) -> list[str]:
    """What happens when nobody acts in time, one sentence for each boundary timer."""
    told = []
    for timer, following in drawn.deadlines(element_id):
        then = gettext("{all}", all=[sentence(step) for step in following])
        name = gettext(timer.name)
        if name and then:
            told.append(gettext("到期没有办理（{name}）：{then}。", name=name, then=then))
        elif then:
            told.append(gettext("到期没有办理：{then}。", then=then))
    return told
