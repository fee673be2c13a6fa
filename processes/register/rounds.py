"""The rounds of a meeting's vote, case by case: opened under a quorum, closed by the clock or the last slip, decided,
deferred or void (R-70, R-71, R-72, R-78, R-79). No part of a tally can be asked for before a round is closed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import Connection, RowMapping, func, insert, select, update

from engine.errors import Conflict, NotFound, Refused
from engine.store.metadata import new_id
from forms.i18n import T
from processes.dates import instant
from processes.register import meetings
from processes.register.attendance import present
from processes.register.ballot_tables import ballot_round
from processes.register.ballots import BallotBox
from processes.register.committee_tables import get_meeting, meeting_candidate
from processes.register.policies import parameters
from processes.register.recusals import recused
from processes.rules import votes
from processes.rules.votes import CaseQuorum, Share, vote_result

LONGEST = 240  # minutes


def case_quorum(connection: Connection, meeting_id: str, application_id: str, now: datetime) -> CaseQuorum:
    """Who counts as present for this case now, who may vote, how many must agree, and whether the quorum holds."""
    meeting = get_meeting(connection, meeting_id)
    here = present(connection, meeting_id)
    return _case_quorum(connection, meeting, here, recused(connection, meeting_id, application_id), now)


def open_round(
    connection: Connection, box: BallotBox, meeting_id: str, application_id: str, *, minutes: int, now: datetime
) -> tuple[str, datetime]:
    """Open a case's round: tokens for everybody who is there and has not stood back. Answers (round id, closes_at, UTC).

    Raises NotFound (not on the list), Refused: `NO_QUORUM` (defer the case), `ROUND_OPEN` (another case is being voted on),
    `ALREADY_VOTED` (only a void round makes room for another), `NOT_COUNTING` (no session), `BAD_MINUTES`."""
    meeting = _in_session(connection, meeting_id, application_id)
    if not 1 <= minutes <= LONGEST:
        raise Refused(T("每轮投票的时长应在 1 至 {most} 分钟之间。", most=LONGEST), code="BAD_MINUTES")
    voters = present(connection, meeting_id)
    back = recused(connection, meeting_id, application_id)
    found = _case_quorum(connection, meeting, voters, back, now)
    if not found.reached:
        raise Refused(
            T(
                "这份申报的出席人数为 {present} 人，不足法定的 {needed} 人，不能投票，留待下次会议。",
                present=found.denominator,
                needed=found.quorum_needed,
            ),
            code="NO_QUORUM",
        )
    round_id, closes_at = new_id(), now + timedelta(minutes=minutes)
    connection.execute(
        insert(ballot_round).values(
            **_new_round(connection, meeting_id, application_id, found),
            id=round_id,
            status="open",
            opened_at=now,
            closes_at=closes_at,
            eligible=found.eligible,
        )
    )
    box.issue(connection, round_id, voters - back, now)
    return round_id, closes_at


def cast(
    connection: Connection,
    box: BallotBox,
    meeting_id: str,
    round_id: str,
    expert_id: str,
    choice: str,
    *,
    now: datetime,
) -> bool:
    """Put in one ballot; answers whether it was the last. A recused expert finds no such round. Raises NotFound, and as
    `BallotBox.cast`."""
    row = get_round(connection, round_id, lock=True)
    if row["meeting_id"] != meeting_id or expert_id in recused(connection, meeting_id, row["application_id"]):
        raise NotFound(T("没有这一轮投票。"))
    box.cast(connection, round_id, expert_id, choice, now)
    slips, issued = box.progress(connection, round_id)
    return slips == issued


def close_round(connection: Connection, box: BallotBox, round_id: str, *, now: datetime) -> tuple[int, int, int]:
    """Count a round whose time is over or whose slips are all in; answers (size, present, yes), what D08 asks for.

    Closed already, it answers the same again. Raises NotFound, Refused: `STILL_OPEN`, `ROUND_VOID`."""
    row = get_round(connection, round_id, lock=True)
    if row["void"]:
        raise Refused(T("这一轮投票已经作废。"), code="ROUND_VOID")
    if row["status"] == "closed":
        return row["size"], row["present"], row["yes"]
    slips, issued = box.progress(connection, round_id)
    if now < row["closes_at"] and slips < issued:
        raise Refused(T("投票要到 {at} 或者全部票数投齐时才能结束。", at=instant(row["closes_at"])), code="STILL_OPEN")
    tally = box.close(connection, round_id, now)
    counts = {"yes": tally.yes, "no": tally.no, "abstain": tally.abstain}
    closed = update(ballot_round).where(ballot_round.c.id == round_id)
    connection.execute(closed.values(status="closed", closed_at=now, **counts))
    return row["size"], row["present"], tally.yes


def record_result(connection: Connection, meeting_id: str, application_id: str, result: str, *, now: datetime) -> None:
    """Keep what D08 said of a closed round, or of an agreed paper count where there was no box.

    Raises Refused: `STILL_OPEN`, `RESULT_MISMATCH` (the table says what the counts do not bear), `ALREADY_VOTED`."""
    row = standing_round(connection, meeting_id, application_id)
    if row is None or row["how"] == "paper":
        meetings.record_result(connection, meeting_id, application_id, result, now=now)
        return
    if row["status"] != "closed":
        raise Refused(T("这一轮投票还没有结束。"), code="STILL_OPEN")
    if row["result"] is not None:
        raise Refused(T("这份申报已有表决结果，不得重新投票。"), code="ALREADY_VOTED")
    shares = parameters(connection, ("meeting.quorum", "vote.pass"), now)
    expected = vote_result(
        row["size"],
        row["present"],
        row["yes"],
        quorum_share=Share.parse(shares["meeting.quorum"]),
        pass_share=Share.parse(shares["vote.pass"]),
    )
    if result != expected:
        raise Refused(meetings.MISMATCH, code="RESULT_MISMATCH")
    connection.execute(update(ballot_round).where(ballot_round.c.id == row["id"]).values(result=result, decided_at=now))


def defer_case(connection: Connection, meeting_id: str, application_id: str, *, now: datetime) -> str:
    """Leave a case to the next meeting, without any token. Answers `no_quorum`, or `deferred` where there is a quorum and
    an earlier round of this case was void: no other case may be put off.

    Raises NotFound, Refused: `QUORUM_HOLDS`, `ALREADY_VOTED`, `NOT_COUNTING`."""
    meeting = _in_session(connection, meeting_id, application_id)
    back = recused(connection, meeting_id, application_id)
    found = _case_quorum(connection, meeting, present(connection, meeting_id), back, now)
    if found.reached and not any(row["void"] for row in rounds_of(connection, meeting_id, application_id)):
        raise Refused(T("这份申报的出席人数已达法定人数，应当投票，不能留待下次会议。"), code="QUORUM_HOLDS")
    result = "deferred" if found.reached else "no_quorum"
    connection.execute(
        insert(ballot_round).values(
            **_new_round(connection, meeting_id, application_id, found),
            id=new_id(),
            status="closed",
            closed_at=now,
            eligible=0,
            yes=0,
            no=0,
            abstain=0,
            result=result,
            decided_at=now,
        )
    )
    return result


def void_round(
    connection: Connection, round_id: str, *, reason: str, by: str, confirmed_by: str, now: datetime
) -> None:
    """Declare a closed round void before the result is announced: two persons, with a reason; it stays as a record.

    `by` is the chair's or a vice-chair's account, `confirmed_by` the supervisor's; the lanes of P12 see to that.
    Raises NotFound, Conflict (void already), Refused: `REASON_MISSING`, `FOUR_EYES`, `STILL_OPEN`, `MEETING_OVER`."""
    meeting = get_meeting(connection, get_round(connection, round_id)["meeting_id"], lock=True)
    row = get_round(connection, round_id, lock=True)
    if not reason.strip():
        raise Refused(T("请写明作废的理由。"), code="REASON_MISSING")
    if by == confirmed_by:
        raise Refused(T("作废投票须由主持人提出、监督员确认，两人不能是同一人。"), code="FOUR_EYES")
    if row["void"]:
        raise Conflict(T("这一轮投票已经作废。"))
    if row["status"] == "open":
        raise Refused(T("这一轮投票还没有结束，结束后才能作废。"), code="STILL_OPEN")
    if meeting["status"] != "counting":
        raise Refused(T("会议结果已经宣布，不能再作废投票。"), code="MEETING_OVER")
    voided = update(ballot_round).where(ballot_round.c.id == round_id)
    connection.execute(
        voided.values(
            void=True, void_reason=reason.strip(), voided_by=by, void_confirmed_by=confirmed_by, voided_at=now
        )
    )


def get_round(connection: Connection, round_id: str, *, lock: bool = False) -> RowMapping:
    """Raises `NotFound`."""
    query = select(ballot_round).where(ballot_round.c.id == round_id)
    row = connection.execute(query.with_for_update() if lock else query).mappings().first()
    if row is None:
        raise NotFound(T("没有这一轮投票。"))
    return row


def standing_round(connection: Connection, meeting_id: str, application_id: str) -> RowMapping | None:
    """The round of a case that is not void, open or closed."""
    return next((row for row in rounds_of(connection, meeting_id, application_id) if not row["void"]), None)


def rounds_of(connection: Connection, meeting_id: str, application_id: str) -> Sequence[RowMapping]:
    """Every round of a case, void ones included, in order."""
    query = select(ballot_round).where(
        ballot_round.c.meeting_id == meeting_id, ballot_round.c.application_id == application_id
    )
    return connection.execute(query.order_by(ballot_round.c.round_no)).mappings().all()


def rounds_by_case(connection: Connection, meeting_id: str) -> dict[str, list[RowMapping]]:
    """Application id -> all its rounds in this meeting, in order; a case without a round is left out."""
    found: dict[str, list[RowMapping]] = {}
    query = select(ballot_round).where(ballot_round.c.meeting_id == meeting_id).order_by(ballot_round.c.round_no)
    for row in connection.execute(query).mappings():
        found.setdefault(row["application_id"], []).append(row)
    return found


def open_round_of(connection: Connection, meeting_id: str) -> RowMapping | None:
    """The round that runs now."""
    query = select(ballot_round).where(ballot_round.c.meeting_id == meeting_id, ballot_round.c.status == "open")
    return connection.execute(query).mappings().first()


def open_rounds(connection: Connection) -> int:
    """In how many rounds votes are being cast, in all meetings."""
    query = select(func.count()).select_from(ballot_round).where(ballot_round.c.status == "open")
    return int(connection.execute(query).scalar_one())


def _in_session(connection: Connection, meeting_id: str, application_id: str) -> RowMapping:
    """The meeting's row, locked, when a round of this case may begin."""
    meeting = get_meeting(connection, meeting_id, lock=True)
    listed = select(meeting_candidate.c.position).where(
        meeting_candidate.c.meeting_id == meeting_id, meeting_candidate.c.application_id == application_id
    )
    if connection.execute(listed).first() is None:
        raise NotFound(T("这份申报不在这次会议的名单上。"))
    if meeting["status"] != "counting":
        raise Refused(T("会议还没有达到法定人数开会，或者结果已经宣布，现在不能投票。"), code="NOT_COUNTING")
    if standing_round(connection, meeting_id, application_id) is not None:
        raise Refused(T("这份申报已经投过票；不经作废，不得重新投票。"), code="ALREADY_VOTED")
    if open_round_of(connection, meeting_id) is not None:
        raise Refused(T("另一份申报正在投票，结束后才能继续。"), code="ROUND_OPEN")
    return meeting


def _case_quorum(
    connection: Connection, meeting: RowMapping, here: frozenset[str], back: frozenset[str], now: datetime
) -> CaseQuorum:
    shares = parameters(connection, ("meeting.quorum", "vote.pass"), now)
    return votes.case_quorum(
        meeting["size"],
        len(here),
        len(here & back),
        counts_present=meeting["recusal_counts_present"],
        quorum_share=Share.parse(shares["meeting.quorum"]),
        pass_share=Share.parse(shares["vote.pass"]),
    )


def _new_round(connection: Connection, meeting_id: str, application_id: str, found: CaseQuorum) -> dict[str, object]:
    held = select(func.count() + 1).where(
        ballot_round.c.meeting_id == meeting_id, ballot_round.c.application_id == application_id
    )
    return {
        "meeting_id": meeting_id,
        "application_id": application_id,
        "round_no": connection.execute(held).scalar_one(),
        "how": "box",
        "size": found.size,
        "present": found.denominator,
        "recused": found.recused,
        "quorum_needed": found.quorum_needed,
        "void": False,
    }
