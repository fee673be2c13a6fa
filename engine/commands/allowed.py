"""The policy as commands ask it."""

from __future__ import annotations

from typing import Any

from engine import policy
from engine.errors import Forbidden
from engine.registry import Actor
from forms.i18n import T


def require(actor: Actor, action: str, facts: Any = None) -> None:
    """Raises Forbidden."""
    if not policy.allows(actor, action, facts):
        raise Forbidden(T("您没有这项权限。"), action=action)
