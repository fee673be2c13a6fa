"""The electronic certificate on paper (R-114): what the register holds, and a code that leads to the public check."""

from __future__ import annotations

import io
from dataclasses import asdict, dataclass
from typing import Any

import segno

from processes.documents.typeset import pdf


@dataclass(frozen=True)
class CertificatePaper:
    """All words as they are printed, in Chinese; dates written out (`2026年9月22日`).

    `verify_address` is the whole address of the public check with number and code; `revoked_on` is empty for a certificate
    that stands.
    """

    no: str
    code: str
    name: str
    title: str
    effective_on: str
    issued_on: str
    committee: str
    confirmation: str  # document number and day
    verify_address: str
    revoked_on: str = ""
    suspended: bool = False


def certificate(paper: CertificatePaper) -> bytes:
    """One A4 page, landscape. Raises `Refused` (`GLYPH_MISSING`) for a name that the font cannot draw in full."""
    return pdf("certificate", certificate_data(paper), exact=True)


def certificate_data(paper: CertificatePaper) -> dict[str, Any]:
    return {**asdict(paper), "qr": _qr(paper.verify_address), "groups": _in_groups(paper.code)}


def _qr(address: str) -> str:
    """The address as an SVG of a QR code that survives a fold or a stain (a quarter of it)."""
    out = io.BytesIO()
    segno.make(address, error="q", micro=False).save(out, kind="svg", border=2, xmldecl=False, svgns=True)
    return out.getvalue().decode()


def _in_groups(code: str) -> list[str]:
    """Lines of sixteen characters, four at a time, as people read a code aloud."""
    fours = [code[at : at + 4] for at in range(0, len(code), 4)]
    return [" ".join(fours[at : at + 4]) for at in range(0, len(fours), 4)]
