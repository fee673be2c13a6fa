"""Who stands back from which case, why, and who said so (R-77). A recused expert neither sees the case nor votes on it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, RowMapping, insert, select, update

from engine.errors import Conflict, NotFound, Refused
from engine.store.metadata import new_id
from forms.i18n import T
from processes.register import relations
from processes.register.application_tables import recusal_request
from processes.register.ballot_tables import ballot_round
from processes.register.committee_tables import get_meeting, meeting_candidate
from processes.register.rolls import require_member, roll
from processes.register.room_tables import attendance, meeting_member, recusal, recusal_ruling
from processes.rules.recusal import KINDS, Ruling


@dataclass(frozen=True)
class Request:
    """A candidate's wish that a named person stand back; they do not know who sits on the committee.

    `matches`: expert ids on the roll with exactly this name. `granted` None: not decided in this meeting yet."""

    request_id: str
    application_id: str
    name: str
    unit: str | None
    reason: str
    matches: tuple[str, ...]
    granted: bool | None


def grounds(connection: Connection, meeting_id: str) -> list[str]:
    """The kinds of relations that touch this meeting's cases, sorted, without any name: what D09 is asked about."""
    return sorted({touch.kind for touch in relations.touching(connection, meeting_id)})


def apply_grounds(
    connection: Connection, meeting_id: str, decided: Mapping[str, Ruling], *, by: str, now: datetime
) -> int:
    """Recuse as D09 decided on each kind; where it says so, from the whole meeting. Answers how many recusals are new.

    Raises `Refused`: `GROUND_UNDECIDED` for a kind without a ruling, `ROUND_BEGUN`."""
    added = 0
    cases = _cases(connection, meeting_id)
    for touch in list(relations.touching(connection, meeting_id)):
        ruling = decided.get(touch.kind)
        if ruling is None:
            raise Refused(T("有一类关系还没有按 D09 作出判定，不能继续。"), code="GROUND_UNDECIDED", kind=touch.kind)
        if not ruling.recuse:
            continue
        if ruling.whole_meeting:
            _exclude(connection, meeting_id, touch.expert_id, now, by)
        for application_id in cases if ruling.whole_meeting else [touch.application_id]:
            if touch.expert_id not in recused(connection, meeting_id, application_id):
                source, note = "detected" if touch.source == "detected" else "office", None
                _add(connection, meeting_id, application_id, touch.expert_id, touch.kind, source, note, by, now)
                added += 1
    return added


def declare(
    connection: Connection,
    meeting_id: str,
    application_id: str,
    expert_id: str,
    *,
    ground: str,
    source: str = "declared",
    note: str | None = None,
    by: str,
    now: datetime,
) -> None:
    """Stand back from a case before its round opens; `source`: declared (by the expert), candidate, office.

    Raises NotFound (not on the roll, not on the list), Conflict (recused already), Refused: `BAD_GROUND`, `ROUND_BEGUN`
    (only voiding the round helps then), `MEETING_OVER`."""
    require_member(connection, meeting_id, expert_id)
    if ground not in KINDS:
        raise Refused(T("请从所列的关系中选一项。"), code="BAD_GROUND")
    if expert_id in recused(connection, meeting_id, application_id):
        raise Conflict(T("这位专家已经回避这份申报。"))
    _add(connection, meeting_id, application_id, expert_id, ground, source, (note or "").strip() or None, by, now)


def recused(connection: Connection, meeting_id: str, application_id: str) -> frozenset[str]:
    """The ids of the experts who stand back from a case."""
    return recused_by_case(connection, meeting_id).get(application_id, frozenset())


def recused_by_case(connection: Connection, meeting_id: str) -> dict[str, frozenset[str]]:
    """Every case of the meeting -> the ids of who stands back from it, in the order of the list."""
    found: dict[str, set[str]] = {application_id: set() for application_id in _cases(connection, meeting_id)}
    query = select(recusal.c.application_id, recusal.c.expert_id).where(
        recusal.c.meeting_id == meeting_id, recusal.c.lifted_at.is_(None)
    )
    for row in connection.execute(query):
        found[row.application_id].add(row.expert_id)
    return {application_id: frozenset(experts) for application_id, experts in found.items()}


def recusals(connection: Connection, meeting_id: str) -> Sequence[RowMapping]:
    """Every recusal in force: application_id, expert_id, ground, source, note, decided_at. Confidential."""
    query = (
        select(recusal)
        .join(
            meeting_candidate,
            (meeting_candidate.c.meeting_id == recusal.c.meeting_id)
            & (meeting_candidate.c.application_id == recusal.c.application_id),
        )
        .where(recusal.c.meeting_id == meeting_id, recusal.c.lifted_at.is_(None))
        .order_by(meeting_candidate.c.position, recusal.c.decided_at, recusal.c.id)
    )
    return connection.execute(query).mappings().all()


def dismiss_relation(
    connection: Connection, meeting_id: str, relation_id: str, *, note: str, by: str, now: datetime
) -> int:
    """The office found that a detected relation is none: it is noted, and recusals that came of it in this meeting are
    lifted. Answers how many. Raises as `relations.dismiss`, and `Refused` `ROUND_BEGUN`, `MEETING_OVER`."""
    touched = {
        one.application_id for one in relations.touching(connection, meeting_id) if one.relation_id == relation_id
    }
    if not touched:
        raise NotFound(T("这次会议没有这项关系。"))
    row = relations.dismiss(connection, relation_id, note=note, by=by, now=now)
    mine = (
        recusal.c.meeting_id == meeting_id,
        recusal.c.expert_id == row["expert_id"],
        recusal.c.ground == row["kind"],
        recusal.c.source == "detected",
        recusal.c.lifted_at.is_(None),
    )
    # Another relation of the same kind may still stand between them.
    standing = [
        one
        for one in relations.touching(connection, meeting_id)
        if one.expert_id == row["expert_id"] and one.kind == row["kind"]
    ]
    kept = {one.application_id for one in standing}
    lifted = [one for one in connection.scalars(select(recusal.c.application_id).where(*mine)) if one not in kept]
    whole = not standing and set(lifted) == set(_cases(connection, meeting_id))
    for application_id in lifted:
        _require_not_begun(connection, meeting_id, application_id)
        connection.execute(
            update(recusal)
            .where(*mine, recusal.c.application_id == application_id)
            .values(lifted_by=by, lifted_at=now, lifted_note=note.strip())
        )
    if whole:
        _exclude(connection, meeting_id, row["expert_id"], None)
    return len(lifted)


def requests(connection: Connection, meeting_id: str) -> list[Request]:
    """What the candidates of this meeting asked for, in the order of the list. Confidential: it tells who sits there."""
    by_name: dict[str, list[str]] = {}
    for member in roll(connection, meeting_id):
        by_name.setdefault(member["name"].strip(), []).append(member["expert_id"])
    query = (
        select(recusal_request, recusal_ruling.c.granted)
        .join(meeting_candidate, meeting_candidate.c.application_id == recusal_request.c.application_id)
        .outerjoin(
            recusal_ruling,
            (recusal_ruling.c.request_id == recusal_request.c.id)
            & (recusal_ruling.c.meeting_id == meeting_candidate.c.meeting_id),
        )
        .where(meeting_candidate.c.meeting_id == meeting_id)
        .order_by(meeting_candidate.c.position, recusal_request.c.id)
    )
    return [
        Request(
            row["id"],
            row["application_id"],
            row["name"],
            row["unit"],
            row["reason"],
            tuple(by_name.get(row["name"].strip(), ())),
            row["granted"],
        )
        for row in connection.execute(query).mappings()
    ]


def rule_on_request(
    connection: Connection,
    meeting_id: str,
    request_id: str,
    *,
    granted: bool,
    expert_id: str | None,
    ground: str | None,
    note: str,
    by: str,
    now: datetime,
) -> None:
    """The office's answer to a candidate's request; granted, `expert_id` stands back on `ground`.

    Raises NotFound, Conflict (decided already), Refused: `NOTE_MISSING`, and as `declare`."""
    asked = next((one for one in requests(connection, meeting_id) if one.request_id == request_id), None)
    if asked is None:
        raise NotFound(T("这次会议没有这项回避申请。"))
    if asked.granted is not None:
        raise Conflict(T("这项回避申请已经办理。"))
    if not note.strip():
        raise Refused(T("请写明同意或不同意的理由。"), code="NOTE_MISSING")
    # A name that nobody on the roll bears needs no recusal: it is granted by itself.
    if granted and (expert_id is not None or asked.matches):
        if expert_id is None:
            raise Refused(T("请选定由哪位专家回避。"), code="EXPERT_MISSING")
        declare(
            connection,
            meeting_id,
            asked.application_id,
            expert_id,
            ground=ground or "other",
            source="candidate",
            note=note,
            by=by,
            now=now,
        )
    connection.execute(
        insert(recusal_ruling).values(
            meeting_id=meeting_id,
            request_id=request_id,
            granted=granted,
            note=note.strip(),
            decided_by=by,
            decided_at=now,
        )
    )


def has_begun(connection: Connection, meeting_id: str, application_id: str) -> bool:
    """Whether a round of this case was opened and stands: nobody may stand back any more."""
    query = select(ballot_round.c.id).where(
        ballot_round.c.meeting_id == meeting_id,
        ballot_round.c.application_id == application_id,
        ballot_round.c.void.is_(False),
    )
    return connection.execute(query).first() is not None


def _add(
    connection: Connection,
    meeting_id: str,
    application_id: str,
    expert_id: str,
    ground: str,
    source: str,
    note: str | None,
    by: str,
    now: datetime,
) -> None:
    _require_not_begun(connection, meeting_id, application_id)
    connection.execute(
        insert(recusal).values(
            id=new_id(),
            meeting_id=meeting_id,
            application_id=application_id,
            expert_id=expert_id,
            ground=ground,
            source=source,
            note=note,
            decided_by=by,
            decided_at=now,
        )
    )


def _require_not_begun(connection: Connection, meeting_id: str, application_id: str) -> None:
    """Under the meeting's lock, so that no round opens meanwhile."""
    meeting = get_meeting(connection, meeting_id, lock=True)
    if application_id not in _cases(connection, meeting_id):
        raise NotFound(T("这份申报不在这次会议的名单上。"))
    if meeting["status"] not in ("planned", "counting"):
        raise Refused(T("会议结果已经宣布，不能再登记回避。"), code="MEETING_OVER")
    if has_begun(connection, meeting_id, application_id):
        raise Refused(
            T(
                "这份申报已经开始投票，不能再登记回避。请立即告知主任委员：由主任委员和监督员两人作废本轮投票，"
                "登记回避后重新投票或留待下次会议。"
            ),
            code="ROUND_BEGUN",
        )


def _cases(connection: Connection, meeting_id: str) -> list[str]:
    query = select(meeting_candidate.c.application_id).where(meeting_candidate.c.meeting_id == meeting_id)
    return list(connection.scalars(query.order_by(meeting_candidate.c.position)))


def _exclude(
    connection: Connection, meeting_id: str, expert_id: str, at: datetime | None, by: str | None = None
) -> None:
    """Keep somebody away from the whole meeting from `at` on; who was ticked already leaves. `at` None: let them come again."""
    mine = (meeting_member.c.meeting_id == meeting_id, meeting_member.c.expert_id == expert_id)
    connection.execute(update(meeting_member).where(*mine).values(excluded_at=at))
    if at is not None:
        here = (attendance.c.meeting_id == meeting_id, attendance.c.expert_id == expert_id)
        gone = update(attendance).where(*here, attendance.c.left_at.is_(None))
        connection.execute(gone.values(left_at=at, left_by=by))
