"""Special channels (R-30 to R-35): the facts that `D04_channel` decides on."""

from __future__ import annotations

from datetime import date

CHANNELS = (
    "normal",
    "exceptional",
    "introduced_high_level",
    "urgently_needed",
    "aid_qinghai",
    "hardship_grassroots",
    "high_education_recognition",
)


def aid_active(on: date, aid_from: date | None, aid_to: date | None) -> bool:
    """Whether a stay as aid-Qinghai staff holds on that day, its last day included (R-35)."""
    return aid_from is not None and aid_from <= on and (aid_to is None or on <= aid_to)


def hardship_met(hardship_place: bool, service_years: int, min_service_years: int) -> bool:
    """R-34: long service in a hardship or grass-roots place."""
    return hardship_place and service_years >= min_service_years
