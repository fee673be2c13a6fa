"""The staged cases of the demo, walked on from where an older release has left them."""

from __future__ import annotations

from collections.abc import Mapping

from engine.clock import local
from engine.engine import Engine
from processes.committee.commands import WriteOpinion
from processes.demo.stages import STRENGTHS, UNIT, WEAKNESSES, Player
from processes.register import groups
from processes.register.application_tables import application
from processes.register.committee_tables import review_meeting
from processes.register.notice_tables import publicity_notice
from processes.register.rolls import roll

APPOINTED = (107, 108, 109, 112, 113)


def walk_on(engine: Engine, cases: Mapping[str, str]) -> dict[int, str]:
    """Every case at least one stage further, five of them to the appointment; answers each one's status in the register."""
    player = Player(engine, {int(account.removeprefix("c-")): case for account, case in cases.items()})
    at = player.until
    player.assessed(101)
    player.published(102)
    player.endorse(player.cases[104])
    player.accepted(105)
    player.audited(106)
    _confirmed(player, 112)
    for number in (112, 113):
        player.compete(number)
    at("2026-06-03T09:00:00")
    _meet(player)
    _windows_close(player)
    player.endorsed(103)
    for number in (112, 113):
        _hired(player, number)
    for number in (109, 107, 108):
        _confirmed(player, number)
        player.compete(number)
    _windows_close(player)
    for number in (109, 107, 108):
        _hired(player, number)
    return {number: _status(player, number) for number in sorted(player.cases)}


def _confirmed(player: Player, number: int) -> None:
    today = local(player.now).date().isoformat()
    player.confirm(player.cases[number], f"青人社职〔2026〕（演示）{number}号", today)
    player.issue(player.cases[number])


def _hired(player: Player, number: int) -> None:
    case, begins = player.cases[number], local(player.now).date()
    contract = {"contract_from": begins.isoformat(), "contract_to": begins.replace(year=begins.year + 4).isoformat()}
    player.do(case, "appoint", player.actor(f"hr-{UNIT}"), post_grade=7, **contract)
    player.do(case, "file_appointment", player.actor("region-xining"), filing_note="同意备案")


def _meet(player: Player) -> None:
    """The meeting of June, whose groups are arranged already: opinions, votes, notice."""
    june = player.rows(review_meeting, review_meeting.c.status != "sealed")[-1]
    office = player.actor("committee_office")
    with player.engine.store.snapshot() as connection:
        due = groups.due_opinions(connection, june["id"])
        account_of = {row["expert_id"]: row["account"] for row in roll(connection, june["id"])}
    for application_id, expert_id, _ in due:
        said = (STRENGTHS, "approve", player.actor(account_of[expert_id]), WEAKNESSES)
        player.engine.run(WriteOpinion(june["id"], application_id, *said))
    player.do(june["instance_id"], "write_group_opinion", office, opinions_checked=True)
    player.hold(june["instance_id"], {107: 15, 108: 16})
    player.publish_result(june["instance_id"])


def _windows_close(player: Player) -> None:
    """Until every notice that is public now has run out."""
    open_now = player.rows(publicity_notice, publicity_notice.c.closes_at > player.now)
    player.engine.work(max(row["closes_at"] for row in open_now))


def _status(player: Player, number: int) -> str:
    return str(player.rows(application, application.c.instance_id == player.cases[number])[0]["status"])
