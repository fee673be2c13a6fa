"""What an applicant may ask about their own applications."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from engine.registry import Actor
from forms.i18n import Text

if TYPE_CHECKING:
    from engine.queries.reading import Reading


@dataclass(frozen=True)
class OwnApplication:
    """One application of the asking account. `status` as in the register; `reasons` are the applicant's own."""

    application_id: str
    instance_id: str | None
    target_title: str | None
    status: str
    reasons: tuple[Text, ...]
    certificate_no: str | None
    certificate_code: str | None


@dataclass(frozen=True)
class OwnApplications:
    """The applications of the account that asks, newest first; nobody else's."""

    actor: Actor

    def answer(self, reading: Reading) -> list[OwnApplication]:
        return []
