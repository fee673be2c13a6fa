"""What may never stand in a public notice, whatever somebody typed into it (R-150; PIPL arts 6, 28)."""

from __future__ import annotations

import re

# An identity number (17 digits and a check character) or a mobile number, also with spaces or hyphens between groups.
_NUMBERS = re.compile(r"(?<!\d)(?:\d{17}[\dXx]|1[3-9]\d{9})(?!\d)")
_BETWEEN = re.compile(r"(?<=\d)[ \u3000-](?=[\dXx])")
_SPACED = re.compile(r"(?<!\d)(?:\d(?:[ \u3000-]?\d){16}[ \u3000-]?[\dXx]|1[ \u3000-]?[3-9](?:[ \u3000-]?\d){9})(?!\d)")


def without_numbers(text: str) -> str:
    """The text with every identity and mobile number in it blotted out."""
    return _SPACED.sub("***", text)


def personal_number(text: str) -> str | None:
    """The first identity or mobile number in a text, None without one."""
    found = _NUMBERS.search(_BETWEEN.sub("", text))
    return found.group() if found else None
