"""What anybody may ask about certificates."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING

from processes.register.certificates import find_certificate

if TYPE_CHECKING:
    from engine.queries.reading import Reading


@dataclass(frozen=True)
class CheckedCertificate:
    """What a stranger with number and code may know. `status`: valid, suspended, revoked."""

    no: str
    holder_name: str
    title: str
    effective_on: date
    issued_on: date
    status: str
    revoked_on: date | None


@dataclass(frozen=True)
class CertificateCheck:
    """The certificate with this number and this code; None alike for an unknown number and for a wrong code."""

    no: str
    code: str = field(repr=False)

    def answer(self, reading: Reading) -> CheckedCertificate | None:
        row = find_certificate(reading.connection, self.no, self.code)
        if row is None:
            return None
        return CheckedCertificate(
            row["no"],
            row["holder_name"],
            row["title"],
            row["effective_on"],
            row["issued_on"],
            row["status"],
            row["revoked_on"],
        )
