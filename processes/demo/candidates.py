"""A fictional applicant in the register."""

from __future__ import annotations

from datetime import date

from engine.commands.step import Step
from engine.identity.crypto import Keyring
from processes.demo.small import YEAR, Candidate
from processes.register import people
from processes.rules.conduct import Period, penalty_until
from processes.rules.terms import add_years

FIRST_ASSESSED = 2015


def add_candidate(step: Step, keyring: Keyring, one: Candidate) -> None:
    """Keep a fictional applicant in the register with titles, grades and what stands against them."""
    person_id = people.add_person(
        step.connection,
        keyring,
        people.NewPerson(
            account=one.account,
            name=one.name,
            id_no=identity_number(one.born, one.number),
            born_on=one.born,
            unit_code=one.unit,
            phone=f"1300000{one.number:04d}",
            employed_from=one.archives_from,
            employed_until=one.employed_until,
            retired_on=one.retired_on,
            archives_work_from=one.archives_from,
            aid_from=one.aid[0] if one.aid else None,
            aid_to=one.aid[1] if one.aid else None,
        ),
        step.now,
    )
    people.add_education(step.connection, person_id, one.education, "演示大学", date(one.born.year + 22, 7, 1))
    if one.title is not None:
        people.add_title(step.connection, person_id, *one.title, "review")
    first = max(one.archives_from.year, FIRST_ASSESSED)
    grades = [(year, one.grades.get(year, "qualified")) for year in range(first, YEAR)]
    people.add_assessments(step.connection, person_id, grades)
    if one.penalty is not None:
        kind, decided = one.penalty
        period = Period(kind, decided, penalty_until(kind, decided))
        people.add_sanction(step.connection, person_id, period, now=step.now, doc_no="演示处分文号")
    if one.barred_until is not None:
        bar = Period(people.BAR, add_years(one.barred_until, -3), one.barred_until)
        people.add_sanction(step.connection, person_id, bar, now=step.now, doc_no="演示惩戒文号")


def identity_number(born: date, number: int) -> str:
    """A number of the right shape that no person can have: 990000 is nobody's place of registration."""
    digits = f"990000{born:%Y%m%d}{number:03d}"
    weights = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
    return digits + "10X98765432"[sum(int(d) * w for d, w in zip(digits, weights, strict=True)) % 11]
