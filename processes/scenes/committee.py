"""Acts around meetings, experts and ballots: what happens in the room of the scenario's meeting, outside its process."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import RowMapping, select

from engine.errors import Refused
from engine.registry import Actor, Membership
from engine.scenarios.kit import Act
from engine.scenarios.scene import Scene
from forms.i18n import T
from processes.committee.commands import (
    ArrangeGroups,
    CastBallot,
    CheckIn,
    CheckOut,
    DeclareRecusal,
    RecordInterview,
    WriteOpinion,
)
from processes.register import applications, groups, recusals, rolls, rounds
from processes.register.ballot_tables import ballot_token
from processes.register.committee_tables import committee, review_meeting
from processes.rules.groups import Group

STRENGTHS = "申报人长期从事档案整理、数字化和修复工作，代表作有行业影响，业绩真实可查，专业能力达到所申报职称的要求。"
WEAKNESSES = "理论总结还可以加强，成果的推广范围有待扩大，建议今后多参与标准制定和人员培训，把经验讲给更多的人听，也写成文章供同行参考。"


def filed_committee(scene: Scene, level: str = "senior") -> Mapping[str, str]:
    """The demo's committee of that level. Answers committee_id."""
    with scene.snapshot() as connection:
        return {
            "committee_id": connection.execute(select(committee.c.id).where(committee.c.level == level)).scalar_one()
        }


def opinions(scene: Scene) -> None:
    """One group of the first three members who may read every case, and all their opinions."""
    meeting_id, office = _meeting(scene), scene.actor("committee_office")
    cases = [row["application_id"] for row in _candidates(scene)]
    with scene.snapshot() as connection:
        barred = frozenset().union(*(recusals.recused(connection, meeting_id, case) for case in cases))
    free = [row["expert_id"] for row in _roll(scene) if row["expert_id"] not in barred and not row["excluded_at"]]
    scene.run(ArrangeGroups(meeting_id, office, [Group(tuple(free[:3]), free[0], tuple(cases))]))
    by_id = {row["expert_id"]: row for row in _roll(scene)}
    with scene.snapshot() as connection:
        due = groups.due_opinions(connection, meeting_id)
    for application_id, expert_id, written in due:
        if not written:
            who = _expert(by_id[expert_id])
            scene.engine.run(WriteOpinion(meeting_id, application_id, STRENGTHS, "approve", who, WEAKNESSES))


def interviews(scene: Scene) -> None:
    """Everything the meeting's list asks for, on record."""
    meeting_id, office = _meeting(scene), scene.actor("committee_office")
    for row in scene.variables(scene.instance())["interviews"]:
        for mode in row["modes"]:
            scene.run(
                RecordInterview(
                    meeting_id, row["application_id"], mode, "答辩二十分钟，问答清楚。", "符合要求。", office
                )
            )


def attend(scene: Scene, members: int = 21) -> None:
    """The office ticks the first so many members of the roll who are not there yet."""
    meeting_id, office = _meeting(scene), scene.actor("committee_office")
    for row in _roll(scene)[:members]:
        scene.engine.run(CheckIn(meeting_id, row["expert_id"], office))


def leave(scene: Scene, seats: Sequence[int]) -> None:
    """The office ticks that the members in these seats (from 1) have left."""
    meeting_id, office, roll = _meeting(scene), scene.actor("committee_office"), _roll(scene)
    for seat in seats:
        scene.engine.run(CheckOut(meeting_id, roll[seat - 1]["expert_id"], office))


def recuse(scene: Scene, application_id: str, seats: Sequence[int], ground: str = "other") -> None:
    """Members in these seats stand back from a case by their own word."""
    meeting_id, roll = _meeting(scene), _roll(scene)
    for seat in seats:
        scene.run(DeclareRecusal(meeting_id, application_id, ground, _expert(roll[seat - 1])))


def ballots(scene: Scene, agree: int = 0, oppose: int = 0, abstain: int = 0) -> None:
    """So many ballots of each kind in the round that runs, by members in the order of their seats."""
    meeting_id = _meeting(scene)
    with scene.snapshot() as connection:
        running = rounds.open_round_of(connection, meeting_id)
        if running is None:
            raise Refused(T("现在没有正在进行的投票。"), code="NO_ROUND")
        given = set(
            connection.scalars(select(ballot_token.c.expert_id).where(ballot_token.c.round_id == running["id"]))
        )
    voters = [row for row in _roll(scene) if row["expert_id"] in given]
    choices = ["yes"] * agree + ["no"] * oppose + ["abstain"] * abstain
    if len(choices) > len(voters):
        raise Refused(T("选票只发了 {n} 张。", n=len(voters)), code="TOO_MANY_BALLOTS")
    for row, choice in zip(voters, choices, strict=False):
        scene.engine.run(CastBallot(meeting_id, running["id"], choice, _expert(row)))
    scene.engine.work()


def withdraw(scene: Scene, application_id: str) -> None:
    """A case without an instance of its own is withdrawn."""
    with scene.transaction() as connection:
        applications.set_status(connection, application_id, "withdrawn", now=scene.now)


def _meeting(scene: Scene) -> str:
    query = select(review_meeting.c.id).where(review_meeting.c.instance_id == scene.instance())
    with scene.snapshot() as connection:
        found = connection.scalar(query)
    if found is None:
        raise Refused(T("这个场景还没有安排会议。"), code="NO_MEETING")
    return str(found)


def _roll(scene: Scene) -> Sequence[RowMapping]:
    with scene.snapshot() as connection:
        return rolls.roll(connection, _meeting(scene))


def _candidates(scene: Scene) -> list[dict[str, str]]:
    return list(scene.variables(scene.instance())["candidates"])


def _expert(row: RowMapping) -> Actor:
    return Actor(row["account"], row["account"], row["name"], frozenset({Membership("expert")}))


ACTS: Mapping[str, Act] = {
    "committee": filed_committee,
    "opinions": opinions,
    "interviews": interviews,
    "attend": attend,
    "leave": leave,
    "recuse": recuse,
    "ballots": ballots,
    "withdraw": withdraw,
}
