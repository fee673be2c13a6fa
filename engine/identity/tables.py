"""Accounts, what they belong to, and how they are logged in. No table holds a password, a session key or a token in the clear."""

from __future__ import annotations

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    String,
    Table,
    false,
)

from engine.store.metadata import Id, UtcDateTime, metadata

account = Table(
    "account",
    metadata,
    Column("id", Id, primary_key=True),
    Column("username", String(64), nullable=False, unique=True),
    Column("name", String(100), nullable=False),
    Column("password_hash", String(255)),  # argon2id in PHC text; null: cannot log in by password
    Column("must_change", Boolean, nullable=False, server_default=false()),  # the password was handed out by somebody
    Column("disabled", Boolean, nullable=False, server_default=false()),
    Column("created_at", UtcDateTime, nullable=False),
    Column("password_at", UtcDateTime, nullable=False),
    CheckConstraint("username = lower(username)", name="username_lower"),
)

membership = Table(
    "membership",
    metadata,
    Column("account_id", Id, ForeignKey("account.id"), nullable=False),
    Column("group_key", String(255), nullable=False),
    Column("scope", String(100), nullable=False, server_default=""),  # empty: everywhere
    Column("granted_at", UtcDateTime, nullable=False),
    Column("granted_by", String(64)),  # username; null: the command line
    PrimaryKeyConstraint("account_id", "group_key", "scope"),
    Index(None, "group_key", "scope"),
)

session = Table(
    "login_session",
    metadata,
    Column("key_hash", String(64), primary_key=True),  # SHA-256 of the 256-bit key in the cookie
    Column("account_id", Id, ForeignKey("account.id"), nullable=False, index=True),
    Column("started_at", UtcDateTime, nullable=False),  # real time, as all times of this table
    Column("seen_at", UtcDateTime, nullable=False),
    Column("ended_at", UtcDateTime),
    Column("address", String(64)),
)

token = Table(
    "api_token",
    metadata,
    Column("id", Id, primary_key=True),
    Column("key_hash", String(64), nullable=False, unique=True),
    Column("account_id", Id, ForeignKey("account.id"), nullable=False, index=True),
    Column("created_at", UtcDateTime, nullable=False),  # real time
    Column("expires_at", UtcDateTime, nullable=False),
    Column("ended_at", UtcDateTime),
)

login_attempt = Table(
    "login_attempt",
    metadata,
    Column("subject", String(64), primary_key=True),  # hash of account and address, or of the address alone
    Column("failures", Integer, nullable=False),
    Column("last_at", UtcDateTime, nullable=False),  # real time
)

kept_form = Table(
    "kept_form",
    metadata,
    Column("id", Id, primary_key=True),
    Column("account_id", Id, ForeignKey("account.id"), nullable=False, index=True),
    Column("path", String(2000), nullable=False),
    Column("fields", LargeBinary, nullable=False),  # sealed; what was typed when the login was lost
    Column("kept_at", UtcDateTime, nullable=False),  # real time
)
