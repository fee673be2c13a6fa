"""Reading certificates: by anybody who holds number and code, and by the person they belong to."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from engine.queries.reading import Reading
from engine.registry import Actor
from processes.register.certificates import certificates_of, find_certificate
from processes.register.people import person_of


@dataclass(frozen=True)
class CertificateShown:
    """What anybody with number and code may read: no identity number, no unit, no address (R-150).

    `title` is its code (`associate_research_archivist`); `status` valid, suspended or revoked; a revoked one stays readable.
    """

    no: str
    name: str
    title: str
    effective_on: date
    issued_on: date
    status: str
    revoked_on: date | None


@dataclass(frozen=True)
class CertificateOwned(CertificateShown):
    """The holder's own: with the code, to be shown to others."""

    code: str
    application_id: str


@dataclass(frozen=True)
class CertificateCheck:
    """The certificate with this number and code. None, and nothing else, for a number nobody has and for a wrong code."""

    no: str
    code: str

    def answer(self, reading: Reading) -> CertificateShown | None:
        row = find_certificate(reading.connection, self.no, self.code)
        if row is None:
            return None
        return CertificateShown(
            row["no"],
            row["holder_name"],
            row["title"],
            row["effective_on"],
            row["issued_on"],
            row["status"],
            row["revoked_on"],
        )


@dataclass(frozen=True)
class MyCertificates:
    """All certificates ever issued to the reader, newest first; empty for who is no candidate."""

    actor: Actor

    def answer(self, reading: Reading) -> list[CertificateOwned]:
        person = person_of(reading.connection, self.actor.username)
        if person is None:
            return []
        return [
            CertificateOwned(
                row["no"],
                row["holder_name"],
                row["title"],
                row["effective_on"],
                row["issued_on"],
                row["status"],
                row["revoked_on"],
                row["code"],
                row["application_id"],
            )
            for row in certificates_of(reading.connection, person["id"])
        ]
