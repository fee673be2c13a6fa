"""A proposal for review groups: who reads which cases together (R-73). Values in, values out; the office decides.

The same members and cases always give the same groups: there is no chance in it, and none is wanted.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

LEAST = 3  # members of a group
ENOUGH = 5  # members whom the proposal gives a group: every one of them writes an opinion of every case
CASES_EACH = 8  # cases that one group can read well


@dataclass(frozen=True)
class Reader:
    """A member of the committee, by id, with what they know: tracks and kinds of works."""

    id: str
    knows: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Reading:
    """A case, by id, with what it is about: its track and the kinds of its works."""

    id: str
    about: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Group:
    """Members and cases by id, in the order in which they were given; `lead` is one of the members."""

    members: tuple[str, ...]
    lead: str
    cases: tuple[str, ...]


class NoGroups(Exception):
    """No arrangement was found; `cases` are those which too many have to stand back from, where it is for them."""

    def __init__(self, cases: Sequence[str] = ()) -> None:
        super().__init__(cases)
        self.cases = tuple(cases)


def propose(
    readers: Sequence[Reader],
    cases: Sequence[Reading],
    recused: Mapping[str, Collection[str]],
    *,
    least: int = LEAST,
) -> list[Group]:
    """Groups of at least `least` members, every case in exactly one of them, nobody in the group of a case they stand back
    from (`recused`: case id -> reader ids). Cases go to who knows their field, and groups carry about the same load.

    A group has at most `ENOUGH` members, those who know its cases best; the others, and those for whom recusals leave no
    room, stay without a group and vote all the same. Raises `NoGroups`.
    """
    if not cases or len(readers) < least:
        raise NoGroups
    wanted = min(len(readers) // least, max(1, -(-len(cases) // CASES_EACH)))
    stuck: list[str] = []
    for number in range(wanted, 0, -1):
        dealt = [list(readers[start::number]) for start in range(number)]
        placed, stuck = _place(dealt, cases, recused, least)
        if not stuck:
            order = {reader.id: position for position, reader in enumerate(readers)}
            about = {case.id: case.about for case in cases}
            return [
                _group(_fittest(members, [about[case] for case in mine], max(ENOUGH, least)), mine, order)
                for members, mine in zip(dealt, placed, strict=True)
                if mine
            ]
    raise NoGroups(stuck)


def faults(
    groups: Sequence[Group], cases: Collection[str], recused: Mapping[str, Collection[str]], *, least: int = LEAST
) -> dict[str, int]:
    """What is wrong with an arrangement, in counts: small (groups), leaderless (groups), twice (members in two groups),
    unread (cases), doubled (cases in two groups), recused (members in the group of a case they stand back from)."""
    members = [member for group in groups for member in set(group.members)]
    read = [case for group in groups for case in set(group.cases)]
    found = {
        "small": sum(len(set(group.members)) < least for group in groups),
        "leaderless": sum(group.lead not in group.members for group in groups),
        "twice": len(members) - len(set(members)),
        "unread": len(set(cases) - set(read)),
        "doubled": len(read) - len(set(read)),
        "recused": sum(
            len(set(recused.get(case, ())) & set(group.members)) for group in groups for case in set(group.cases)
        ),
    }
    return {name: count for name, count in found.items() if count}


def _place(
    dealt: list[list[Reader]], cases: Sequence[Reading], recused: Mapping[str, Collection[str]], least: int
) -> tuple[list[list[str]], list[str]]:
    """The cases of each group, and the cases that fit nowhere; `dealt` loses whoever had to make room."""
    placed: list[list[str]] = [[] for _ in dealt]
    most = -(-len(cases) // len(dealt))
    # Whom many must stand back from is placed first, while all groups have room.
    for case in sorted(cases, key=lambda one: -len(recused.get(one.id, ()))):
        barred = set(recused.get(case.id, ()))

        def cost(number: int, case: Reading = case, barred: set[str] = barred) -> tuple[int, bool, int, int, int]:
            members = dealt[number]
            lost = sum(member.id in barred for member in members)
            known = sum(len(member.knows & case.about) for member in members if member.id not in barred)
            return lost, len(placed[number]) >= most, -known, len(placed[number]), number

        fitting = [
            number
            for number, members in enumerate(dealt)
            if sum(member.id not in barred for member in members) >= least
        ]
        if not fitting:
            return placed, [case.id]
        best = min(fitting, key=cost)
        dealt[best][:] = [member for member in dealt[best] if member.id not in barred]
        placed[best].append(case.id)
    listed = {case.id: position for position, case in enumerate(cases)}
    for mine in placed:
        mine.sort(key=listed.__getitem__)
    return placed, []


def _fittest(members: Sequence[Reader], about: Sequence[frozenset[str]], most: int) -> list[Reader]:
    """At most `most` members, who know most of these cases; of equals the earlier."""
    return sorted(members, key=lambda one: -sum(len(one.knows & case) for case in about))[:most]


def _group(members: Sequence[Reader], cases: Sequence[str], order: Mapping[str, int]) -> Group:
    ids = sorted((member.id for member in members), key=order.__getitem__)
    return Group(tuple(ids), ids[0], tuple(cases))
