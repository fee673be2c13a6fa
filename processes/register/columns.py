"""The few column shapes the register's tables share."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, String

Key = String(255)  # codes and user names
Name = String(400)
Hash = String(64)  # sha256 as hex


def together(*columns: str, name: str) -> CheckConstraint:
    """Either all of these columns are set or none of them: a result has its signer and its time, or is no result."""
    none = " AND ".join(f"{column} IS NULL" for column in columns)
    every = " AND ".join(f"{column} IS NOT NULL" for column in columns)
    return CheckConstraint(f"({none}) OR ({every})", name=name)
