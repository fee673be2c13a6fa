"""Reading certificates: by anybody who holds number and code, and by the person they belong to."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import RowMapping

from engine.errors import NotFound
from engine.queries.reading import Reading
from engine.registry import Actor
from forms.i18n import T
from processes.register.certificates import certificates_of, find_certificate, printed
from processes.register.people import person_of

OFFICE = "committee_office"


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
        return CertificateShown(**_shown(row))


@dataclass(frozen=True)
class MyCertificates:
    """All certificates ever issued to the reader, newest first; empty for who is no candidate."""

    actor: Actor

    def answer(self, reading: Reading) -> list[CertificateOwned]:
        person = person_of(reading.connection, self.actor.username)
        if person is None:
            return []
        return [
            CertificateOwned(**_shown(row), code=row["code"], application_id=row["application_id"])
            for row in certificates_of(reading.connection, person["id"])
        ]


@dataclass(frozen=True)
class CertificatePrinted(CertificateShown):
    """What stands on the certificate's document: with the code, the committee and the confirmation it rests on."""

    code: str
    committee: str
    doc_no: str
    confirmed_on: date


@dataclass(frozen=True)
class CertificateDocument:
    """A certificate to be printed, for its holder and for the committee office. Raises NotFound for everybody else."""

    no: str
    actor: Actor

    def answer(self, reading: Reading) -> CertificatePrinted:
        row = printed(reading.connection, self.no)
        person = person_of(reading.connection, self.actor.username)
        holds = person is not None and row is not None and row["person_id"] == person["id"]
        if row is None or not (holds or OFFICE in self.actor.groups):
            raise NotFound(T("没有这张证书。"))
        return CertificatePrinted(
            **_shown(row),
            code=row["code"],
            committee=row["committee_name"],
            doc_no=row["doc_no"],
            confirmed_on=row["confirmed_on"],
        )


def _shown(row: RowMapping) -> dict[str, Any]:
    """The fields of `CertificateShown`."""
    same = ("no", "title", "effective_on", "issued_on", "status", "revoked_on")
    return {"name": row["holder_name"], **{field: row[field] for field in same}}
