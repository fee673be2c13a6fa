"""Which relations between an expert and a candidate touch a case, and what was decided on each kind (R-77, D09).

Values in, values out. Whether a kind of relation means recusal is for the decision table D09 to say.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

KINDS = (
    *("self", "spouse", "kin", "same_unit", "former_unit", "mentor_student", "co_author", "supervisor"),
    *("interest", "dispute", "other"),
)
PAST = frozenset({"former_unit"})  # over by its nature: its end does not make it void


class Ruling(NamedTuple):
    """What D09 says of one kind of relation: stand back from the case, or keep away from the whole meeting."""

    recuse: bool
    whole_meeting: bool = False


@dataclass(frozen=True)
class Relation:
    """Of an expert towards a person or a unit, one of the two; days inclusive, None without a bound."""

    kind: str
    person_id: str | None = None
    unit_code: str | None = None
    valid_from: date | None = None
    valid_to: date | None = None

    def touches(self, person_id: str, unit_code: str, day: date) -> bool:
        """Whether it concerns this candidate of this unit on `day`."""
        if self.person_id != person_id and (self.unit_code is None or self.unit_code != unit_code):
            return False
        begun = self.valid_from is None or self.valid_from <= day
        return begun and (self.kind in PAST or self.valid_to is None or day <= self.valid_to)


def kinds_between(relations: Iterable[Relation], person_id: str, unit_code: str, day: date) -> list[str]:
    """The kinds of relations that touch a case, in the order of `KINDS`, each once."""
    found = {relation.kind for relation in relations if relation.touches(person_id, unit_code, day)}
    return [kind for kind in KINDS if kind in found]
