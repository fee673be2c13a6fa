"""What comes after a step, said in sentences."""

from __future__ import annotations

from forms.i18n import gettext
from web.pages.outline import NextStep, Outline


def sentence(step: NextStep, called: bool = False) -> str:
    """Where the way leads, without the condition: `由 单位人事 办理“审核材料”`. `called`: the step stands in a process that
    another one called, which goes on after its end."""
    name = gettext(step.name)
    if step.kind in ("end", "stage"):
        stage = called or step.kind == "stage"
        return gettext("这一环节结束：{name}", name=name) if stage else gettext("这个流程结束：{name}", name=name)
    if step.kind == "wait":
        return waiting(step.name)
    if step.kind in ("call", "group"):
        return gettext("进入“{name}”", name=name)
    if step.lane:
        return gettext("由{lane}办理“{name}”", lane=gettext(step.lane), name=name)
    return gettext("办理“{name}”", name=name)


def waiting(name: str) -> str:
    """`等待：公示期满`; an event that is itself called “等待…” is told as it is called."""
    return gettext(name) if name.startswith("等待") else gettext("等待：{name}", name=gettext(name))


def condition(step: NextStep) -> str:
    """The turns taken on the way, as drawn: `材料齐全？需补正`; empty where there is only one way."""
    return " → ".join(turn(gettext(gateway), gettext(branch)) for gateway, branch in step.via)


def turn(gateway: str, branch: str) -> str:
    """A gateway's question and its answer."""
    if not gateway:
        return branch
    mark = "" if gateway.endswith(("？", "?", "：", ":")) else "："
    return f"{gateway}{mark}{branch}"


def rows(found: list[NextStep], called: bool = False) -> list[dict[str, str]]:
    return [{"condition": condition(step), "text": sentence(step, called)} for step in found]


def in_words(found: list[NextStep]) -> list[str]:
    """One sentence for each way on."""
    return [
        gettext("{condition} → {text}", condition=condition(step), text=sentence(step)) if step.via else sentence(step)
        for step in found
    ]


def deadline_sentences(drawn: Outline, element_id: str, called: bool = False) -> list[str]:
    """What happens when nobody acts in time, one sentence for each boundary timer."""
    told = []
    for timer, following in drawn.deadlines(element_id):
        then = gettext("{all}", all=[sentence(step, called) for step in following])
        name = gettext(timer.name)
        if name and then:
            told.append(gettext("到期没有办理（{name}）：{then}。", name=name, then=then))
        elif then:
            told.append(gettext("到期没有办理：{then}。", then=then))
    return told
