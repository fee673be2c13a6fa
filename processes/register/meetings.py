"""A review meeting in the register: who is on the list, the counts entered twice, each result, the signatures, the seal."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, RowMapping, delete, func, insert, select, update

from engine.errors import Refused
from engine.store.metadata import new_id
from forms.i18n import T, Text
from processes.dates import day
from processes.register import applications
from processes.register.attendance import all_leave, is_kept, moments, present, quorum_state, require_day
from processes.register.ballot_tables import ballot_round
from processes.register.committee_tables import (
    count_entry,
    get_committee,
    get_meeting,
    meeting_candidate,
    review_meeting,
)
from processes.register.committees import check_filing
from processes.register.policies import parameter, parameters
from processes.register.recusals import recused
from processes.rules.votes import Share, case_quorum, counts_agree, quorum, vote_result
from processes.rules.workdays import local_day


@dataclass(frozen=True)
class Counts:
    """One candidate's count: how many were present, and how they voted."""

    present: int
    yes: int
    no: int
    abstain: int


# Of every round, void ones too; who stood back is a number there, never a name.
SEALED = (
    *("application_id", "round_no", "how", "size", "present", "recused", "eligible", "quorum_needed"),
    *("yes", "no", "abstain", "result", "void", "void_reason", "voided_by", "void_confirmed_by"),
)
MISMATCH = T("决策表的表决结果与现行的法定人数、通过比例不符，请核对决策表 D08_vote_result。")
COUNTED = {"present": T("出席"), "yes": T("同意"), "no": T("不同意"), "abstain": T("弃权")}


def plan_meeting(
    connection: Connection,
    *,
    committee_id: str,
    held_on: date,
    place: str,
    mode: str,
    instance_id: str,
    application_ids: Sequence[str],
    now: datetime,
) -> str:
    """Keep a meeting over the given cases, in that order.

    Raises `Refused`: `MEETING_IN_THE_PAST`, `FILING_EXPIRED`, `NOBODY_QUEUED`.
    """
    _not_in_the_past(held_on, now)
    filed = get_committee(connection, committee_id)
    check_filing(filed, held_on)
    if not application_ids:
        raise Refused(T("目前没有等待上会的申报，不必开会。"), code="NOBODY_QUEUED")
    meeting_id = new_id()
    connection.execute(
        insert(review_meeting).values(
            id=meeting_id,
            committee_id=committee_id,
            instance_id=instance_id,
            held_on=held_on,
            place=place,
            mode=mode,
            size=filed["size"],
            status="planned",
            attempt=1,
            recusal_counts_present=parameter(connection, "recusal.counts_present", now),
            seal_file=[],
        )
    )
    rows = [
        {"meeting_id": meeting_id, "application_id": application_id, "position": position}
        for position, application_id in enumerate(application_ids, 1)
    ]
    connection.execute(insert(meeting_candidate), rows)
    return meeting_id


def postpone_meeting(
    connection: Connection, meeting_id: str, held_on: date, now: datetime, *, by: str = "system"
) -> None:
    """Another day for a meeting without a quorum; whoever had come is ticked as gone.

    Raises `Refused` `FILING_EXPIRED`, `EARLIER`, `MEETING_IN_THE_PAST`.
    """
    meeting = get_meeting(connection, meeting_id, lock=True)
    if held_on < meeting["held_on"]:
        raise Refused(T("会议只能改到原定日期之后。"), code="EARLIER")
    _not_in_the_past(held_on, now)
    check_filing(get_committee(connection, meeting["committee_id"]), held_on)
    all_leave(connection, meeting_id, by=by, now=now)
    _set(connection, meeting_id, held_on=held_on, attended=None, status="planned", quorate_at=None)


def check_in(connection: Connection, meeting_id: str, attended: int | None, now: datetime) -> bool:
    """Keep how many members came; says whether the meeting may open (R-70).

    Where attendance was ticked expert by expert, the register knows: `attended` may be None, and must not say otherwise.
    Raises `Refused` `MEETING_NOT_YET`, `BAD_COUNTS`.
    """
    meeting = get_meeting(connection, meeting_id, lock=True)
    require_day(meeting, now)
    if is_kept(connection, meeting_id):
        here = quorum_state(connection, meeting_id, now).present
        if attended not in (None, here):
            raise Refused(T("签到表上现有 {here} 人到会，与所填人数不一致。", here=here), code="BAD_COUNTS")
        attended = here
    if attended is None or not 0 <= attended <= meeting["size"]:
        raise Refused(
            T("到会人数应在 0 至 {size} 之间，现填 {given} 人。", size=meeting["size"], given=attended or 0),
            code="BAD_COUNTS",
        )
    share = Share.parse(parameter(connection, "meeting.quorum", now))
    enough = share.reached(attended, meeting["size"])
    _set(
        connection,
        meeting_id,
        attended=attended,
        status="counting" if enough else "planned",
        quorate_at=now if enough else None,
    )
    return enough


def enter_counts(
    connection: Connection,
    meeting_id: str,
    entry: str,
    counts: Mapping[str, Counts],
    *,
    operator: str,
    now: datetime,
) -> None:
    """One operator's whole count (application id -> counts) of the current attempt; `entry` is first or second.

    Raises `Refused`: `BAD_COUNTS` naming the candidates whose numbers cannot be, `FOUR_EYES` for the same operator twice,
    `MEETING_NOT_YET`.
    """
    meeting = get_meeting(connection, meeting_id, lock=True)
    require_day(meeting, now)
    if meeting["status"] != "counting":
        raise Refused(T("这次会议现在不在计票。"), code="NOT_COUNTING")
    positions = to_decide(connection, meeting_id)
    if set(counts) != set(positions):
        raise Refused(T("计票须逐人录入，名单与会议名单不一致。"), code="BAD_COUNTS")
    share = Share.parse(parameter(connection, "meeting.quorum", now))
    wrong = [
        positions[application_id]
        for application_id, count in counts.items()
        if not _possible(connection, meeting, application_id, count, share)
    ]
    if wrong:
        raise Refused(
            T(
                "第 {numbers} 号的票数不对：同意、不同意、弃权之和应等于出席人数，出席不超过到会的 {attended} 人；"
                "出席未达法定人数的不投票，票数填 0。",
                numbers=sorted(wrong),
                attended=meeting["attended"],
            ),
            code="BAD_COUNTS",
        )
    others = select(count_entry.c.operator).where(
        count_entry.c.meeting_id == meeting_id,
        count_entry.c.attempt == meeting["attempt"],
        count_entry.c.entry != entry,
    )
    if operator in connection.execute(others).scalars().all():
        raise Refused(T("两次计票须由两人分别录入。"), code="FOUR_EYES")
    # Entering again after a returned step replaces what the same hand entered before, within the attempt.
    mine = (
        count_entry.c.meeting_id == meeting_id,
        count_entry.c.attempt == meeting["attempt"],
        count_entry.c.entry == entry,
    )
    connection.execute(delete(count_entry).where(*mine))
    rows = [
        {
            "meeting_id": meeting_id,
            "attempt": meeting["attempt"],
            "entry": entry,
            "application_id": application_id,
            "operator": operator,
            "entered_at": now,
            **asdict(count),
        }
        for application_id, count in counts.items()
    ]
    connection.execute(insert(count_entry), rows)


def compare_counts(connection: Connection, meeting_id: str) -> dict[int, list[Text]]:
    """Where the two entries differ: candidate's number -> which counts. Empty when they agree (S11f).

    The numbers themselves are not given: whoever recounts must not be told what to find.
    """
    meeting = get_meeting(connection, meeting_id)
    first, second = (_entries(connection, meeting, entry) for entry in ("first", "second"))
    positions = to_decide(connection, meeting_id)
    if not first or not positions.keys() <= first.keys() & second.keys():
        raise Refused(T("两人都录入之后才能核对。"), code="COUNTS_MISSING")
    return {
        positions[application_id]: differing
        for application_id in positions
        if (differing := [COUNTED[n] for n in COUNTED if first[application_id][n] != second[application_id][n]])
    }


def recount(connection: Connection, meeting_id: str) -> None:
    """Both enter again; what was entered before stays as a record of the earlier attempt."""
    meeting = get_meeting(connection, meeting_id, lock=True)
    _set(connection, meeting_id, attempt=meeting["attempt"] + 1)


def agreed_counts(connection: Connection, meeting_id: str, application_id: str) -> tuple[int, Counts]:
    """The committee's size and the count of one candidate on which both operators agree. Raises `Refused` `COUNTS_DIFFER`."""
    first, second = _agreed(connection, meeting_id, application_id)
    return first["size"], Counts(**{name: second[name] for name in COUNTED})


def _agreed(connection: Connection, meeting_id: str, application_id: str) -> tuple[RowMapping, RowMapping]:
    """Both entries of one candidate in the attempt that holds, with the meeting's size: one statement, asked per case."""
    query = (
        select(count_entry, review_meeting.c.size)
        .join(review_meeting, review_meeting.c.id == count_entry.c.meeting_id)
        .where(
            count_entry.c.meeting_id == meeting_id,
            count_entry.c.attempt == review_meeting.c.attempt,
            count_entry.c.application_id == application_id,
        )
    )
    rows = {row["entry"]: row for row in connection.execute(query).mappings()}
    first, second = rows.get("first"), rows.get("second")
    if first is None or second is None or any(first[name] != second[name] for name in COUNTED):
        raise Refused(T("两人录入的票数不一致，不能据此表决。"), code="COUNTS_DIFFER")
    return first, second


def record_result(connection: Connection, meeting_id: str, application_id: str, result: str, *, now: datetime) -> None:
    """Keep a decided case. The table's answer (D08) must be what the parameters in force give; else `RESULT_MISMATCH`."""
    first, second = _agreed(connection, meeting_id, application_id)
    shares = parameters(connection, ("meeting.quorum", "vote.pass"), now)
    quorum_share = Share.parse(shares["meeting.quorum"])
    expected = vote_result(
        first["size"],
        first["present"],
        first["yes"],
        quorum_share=quorum_share,
        pass_share=Share.parse(shares["vote.pass"]),
    )
    if result != expected:
        raise Refused(MISMATCH, code="RESULT_MISMATCH")
    held = select(func.count() + 1).where(
        ballot_round.c.meeting_id == meeting_id, ballot_round.c.application_id == application_id
    )
    connection.execute(
        insert(ballot_round).values(
            id=new_id(),
            meeting_id=meeting_id,
            application_id=application_id,
            round_no=held.scalar_subquery(),
            size=first["size"],
            quorum_needed=quorum(first["size"], quorum_share),
            how="paper",
            status="closed",
            closed_at=now,
            recused=_recused_there(connection, meeting_id, application_id),
            eligible=sum(first[name] for name in ("yes", "no", "abstain")),
            result=result,
            first_operator=first["operator"],
            second_operator=second["operator"],
            decided_at=now,
            void=False,
            **{name: first[name] for name in COUNTED},
        )
    )


def _recused_there(connection: Connection, meeting_id: str, application_id: str) -> int:
    """How many of those who were there when the session began stood back from this case."""
    if not is_kept(connection, meeting_id):
        return 0
    here = present(connection, meeting_id, get_meeting(connection, meeting_id)["quorate_at"])
    return len(here & recused(connection, meeting_id, application_id))


def announce(
    connection: Connection, meeting_id: str, *, chair: str, signature: str, seal_file: Sequence[str], now: datetime
) -> None:
    """The chair (or a vice-chair) announces and signs (R-74). Raises `Refused` while a case is undecided; one that was
    withdrawn or disqualified after the list was made needs no result."""
    meeting = get_meeting(connection, meeting_id, lock=True)
    decided = {row["application_id"] for row in results(connection, meeting_id)}
    if meeting["status"] != "counting" or not decided.issuperset(to_decide(connection, meeting_id)):
        raise Refused(T("还有申报人没有表决结果，不能宣布。"), code="UNDECIDED")
    _set(
        connection,
        meeting_id,
        status="decided",
        announced_by=chair,
        announced_at=now,
        announced_as=signature,
        seal_file=list(seal_file),
    )


def sign_minutes(
    connection: Connection,
    meeting_id: str,
    *,
    recorder: str,
    discussion: str,
    irregularities: str | None,
    now: datetime,
) -> None:
    """The recorder's minutes (R-75)."""
    meeting = get_meeting(connection, meeting_id, lock=True)
    if recorder == meeting["announced_by"]:
        raise Refused(T("记录人与宣布结果的人须是两人。"), code="FOUR_EYES")
    _set(
        connection,
        meeting_id,
        minutes=discussion,
        irregularities=irregularities,
        minutes_by=recorder,
        minutes_at=now,
    )


def supervise(connection: Connection, meeting_id: str, *, supervisor: str, now: datetime) -> None:
    """The supervisor's signature under the minutes."""
    meeting = get_meeting(connection, meeting_id, lock=True)
    if supervisor in (meeting["announced_by"], meeting["minutes_by"]):
        raise Refused(T("监督人须是主持人、记录人以外的人。"), code="FOUR_EYES")
    _set(connection, meeting_id, supervised_by=supervisor, supervised_at=now)


def seal(connection: Connection, meeting_id: str, now: datetime) -> str:
    """Seal the result sheet: its sha256 over meeting, every round (void ones too), minutes and signatures. Returns the hash."""
    meeting = get_meeting(connection, meeting_id, lock=True)
    if meeting["status"] != "decided" or meeting["supervised_by"] is None:
        raise Refused(T("结果未宣布或会议记录未签字，不能封存。"), code="UNSIGNED")
    sheet = {
        "meeting": {
            name: str(meeting[name])
            for name in ("id", "committee_id", "held_on", "size", "attended", "recusal_counts_present")
        },
        "signed": {name: meeting[name] for name in ("announced_by", "minutes_by", "supervised_by")},
        "minutes": meeting["minutes"],
        "rounds": [{name: row[name] for name in SEALED} for row in _all_rounds(connection, meeting_id)],
    }
    text = json.dumps(sheet, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    sheet_hash = hashlib.sha256(text.encode()).hexdigest()
    _set(connection, meeting_id, status="sealed", sheet_hash=sheet_hash, sealed_at=now)
    return sheet_hash


def candidates(connection: Connection, meeting_id: str) -> list[tuple[str, int]]:
    """(application id, number on the list), in order."""
    query = select(meeting_candidate.c.application_id, meeting_candidate.c.position)
    rows = connection.execute(
        query.where(meeting_candidate.c.meeting_id == meeting_id).order_by(meeting_candidate.c.position)
    )
    return [(row.application_id, row.position) for row in rows]


def to_decide(connection: Connection, meeting_id: str) -> dict[str, int]:
    """Application id -> number, in order, without those that were withdrawn or disqualified after the list was made."""
    return {
        application_id: number
        for application_id, number in candidates(connection, meeting_id)
        if applications.get_application(connection, application_id)["status"] not in applications.FINAL
    }


def results(connection: Connection, meeting_id: str) -> Sequence[RowMapping]:
    """The standing result of every decided case, in the order of the list."""
    query = (
        select(ballot_round, meeting_candidate.c.position)
        .join(
            meeting_candidate,
            (meeting_candidate.c.meeting_id == ballot_round.c.meeting_id)
            & (meeting_candidate.c.application_id == ballot_round.c.application_id),
        )
        .where(
            ballot_round.c.meeting_id == meeting_id, ballot_round.c.void.is_(False), ballot_round.c.result.is_not(None)
        )
        .order_by(meeting_candidate.c.position)
    )
    return connection.execute(query).mappings().all()


def _all_rounds(connection: Connection, meeting_id: str) -> Sequence[RowMapping]:
    """Every round of the meeting, case by case in the order of the list."""
    listed = (meeting_candidate.c.meeting_id == ballot_round.c.meeting_id) & (
        meeting_candidate.c.application_id == ballot_round.c.application_id
    )
    query = select(ballot_round).join(meeting_candidate, listed).where(ballot_round.c.meeting_id == meeting_id)
    return connection.execute(query.order_by(meeting_candidate.c.position, ballot_round.c.round_no)).mappings().all()


def failed(connection: Connection, meeting_id: str) -> list[str]:
    """The cases that a meeting did not pass, in the order of the list."""
    return [row["application_id"] for row in results(connection, meeting_id) if row["result"] == "failed"]


def passing_round(connection: Connection, application_id: str) -> RowMapping | None:
    """The sealed vote that a case passed, with its meeting's day as `held_on`; None when there is none."""
    query = (
        select(ballot_round, review_meeting.c.held_on)
        .join(review_meeting, review_meeting.c.id == ballot_round.c.meeting_id)
        .where(
            ballot_round.c.application_id == application_id,
            ballot_round.c.void.is_(False),
            ballot_round.c.result == "passed",
            review_meeting.c.status == "sealed",
        )
        .order_by(review_meeting.c.held_on.desc())
        .limit(1)
    )
    return connection.execute(query).mappings().first()


def _not_in_the_past(held_on: date, now: datetime) -> None:
    """A title counts from the meeting's day, which nobody may date back."""
    if held_on < local_day(now):
        raise Refused(
            T("会议日期 {day} 已经过去，请选今天或以后的日期。", day=day(held_on)), code="MEETING_IN_THE_PAST"
        )


def _possible(connection: Connection, meeting: RowMapping, application_id: str, count: Counts, share: Share) -> bool:
    """Nobody counted who did not come; without a quorum no vote at all; else every slip adds up.

    Where attendance was ticked expert by expert, the number present must be one that the register shows for this case at
    some moment since the quorum was found: whoever left was there for the cases before."""
    if not is_kept(connection, meeting["id"]) or meeting["quorate_at"] is None:
        if not 0 <= count.present <= meeting["attended"]:
            return False
        return _adds_up(count, count.present, share.reached(count.present, meeting["size"]))
    back = recused(connection, meeting["id"], application_id)
    for moment in moments(connection, meeting["id"], meeting["quorate_at"]):
        here = present(connection, meeting["id"], moment)
        found = case_quorum(
            meeting["size"],
            len(here),
            len(here & back),
            counts_present=meeting["recusal_counts_present"],
            quorum_share=share,
        )
        if count.present == found.denominator and _adds_up(count, found.eligible, found.reached):
            return True
    return False


def _adds_up(count: Counts, slips: int, quorate: bool) -> bool:
    if not quorate:
        return (count.yes, count.no, count.abstain) == (0, 0, 0)
    return counts_agree(slips, count.yes, count.no, count.abstain)


def _entries(connection: Connection, meeting: RowMapping, entry: str) -> dict[str, RowMapping]:
    rows = connection.execute(
        select(count_entry).where(
            count_entry.c.meeting_id == meeting["id"],
            count_entry.c.attempt == meeting["attempt"],
            count_entry.c.entry == entry,
        )
    ).mappings()
    return {row["application_id"]: row for row in rows}


def _set(connection: Connection, meeting_id: str, **values: Any) -> None:
    connection.execute(update(review_meeting).where(review_meeting.c.id == meeting_id).values(**values))
