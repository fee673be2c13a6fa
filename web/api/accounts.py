"""Accounts and memberships, for the administrator."""

from __future__ import annotations

from typing import Any

from marshmallow import fields

from engine.identity import accounts
from engine.identity.memberships import GrantMembership, RevokeMembership
from engine.queries.reading import Page
from engine.registry import Membership
from web import security
from web.api.base import Blueprint, Empty, Instant, Paging, Schema, page_of, text
from web.api.tokens import MembershipSchema
from web.context import engine, wiring

blueprint = Blueprint("accounts", "Accounts and memberships")


class AccountSchema(Schema):
    id = fields.String()
    username = fields.String()
    name = fields.String()
    memberships = fields.List(fields.Nested(MembershipSchema))
    disabled = fields.Boolean()
    must_change = fields.Boolean()
    created_at = Instant()
    password_at = Instant()


class AccountQuery(Paging):
    q = text(load_default=None)
    group = text(load_default=None)


class NewAccount(Schema):
    username = text(64, required=True)
    name = text(100, required=True)
    memberships = fields.List(fields.Nested(MembershipSchema), load_default=list)


class HandedOut(Schema):
    """An account with a password to hand to its owner, who must change it. It is told once and kept nowhere."""

    id = fields.String()
    username = fields.String()
    name = fields.String()
    one_time_password = fields.String()


class Granted(Schema):
    username = fields.String()
    group = fields.String()
    scope = fields.String()


class Disabled(Schema):
    username = fields.String()
    disabled = fields.Boolean()


@blueprint.route("/accounts")
@blueprint.arguments(AccountQuery, location="query")
@blueprint.response(200, page_of(AccountSchema))
def listed(query: dict[str, Any]) -> Page[accounts.AccountItem]:
    """Accounts by username."""
    return engine().ask(accounts.AccountList(actor=security.require_actor(), **query))


@blueprint.route("/accounts/<username>")
@blueprint.response(200, AccountSchema)
def one(username: str) -> accounts.AccountItem:
    """One account."""
    return engine().ask(accounts.AccountView(username=username, actor=security.require_actor()))


@blueprint.route("/accounts", methods=["POST"])
@blueprint.arguments(NewAccount)
@blueprint.response(201, HandedOut)
def create(body: dict[str, Any]) -> Any:
    """A new account with a one-time password."""
    belongs = tuple(Membership(m["group"], m["scope"]) for m in body["memberships"])
    return engine().run(
        accounts.CreateAccount(
            username=body["username"], name=body["name"], memberships=belongs, actor=security.require_actor()
        )
    )


@blueprint.route("/accounts/<username>/password", methods=["POST"])
@blueprint.arguments(Empty, required=False)
@blueprint.response(200, HandedOut)
def reset(_body: dict[str, Any], username: str) -> Any:
    """A new one-time password; the old one and every login with it end."""
    return engine().run(accounts.SetPassword(username=username, actor=security.require_actor(), at=wiring().wall.now()))


@blueprint.route("/accounts/<username>/disable", methods=["POST"])
@blueprint.arguments(Empty, required=False)
@blueprint.response(200, Disabled)
def disable(_body: dict[str, Any], username: str) -> Any:
    """Nobody logs in with it any more."""
    return engine().run(
        accounts.DisableAccount(username=username, actor=security.require_actor(), at=wiring().wall.now())
    )


@blueprint.route("/accounts/<username>/enable", methods=["POST"])
@blueprint.arguments(Empty, required=False)
@blueprint.response(200, Disabled)
def enable(_body: dict[str, Any], username: str) -> Any:
    """Let it log in again."""
    return engine().run(
        accounts.DisableAccount(
            username=username, actor=security.require_actor(), at=wiring().wall.now(), disabled=False
        )
    )


@blueprint.route("/accounts/<username>/memberships", methods=["POST"])
@blueprint.arguments(MembershipSchema)
@blueprint.response(200, Granted)
def grant(body: dict[str, Any], username: str) -> Any:
    """Add to a group, everywhere or within a scope. Ends the account's logins."""
    return engine().run(
        GrantMembership(
            username=username,
            membership=Membership(body["group"], body["scope"]),
            actor=security.require_actor(),
            at=wiring().wall.now(),
        )
    )


@blueprint.route("/accounts/<username>/memberships", methods=["DELETE"])
@blueprint.arguments(MembershipSchema, location="query")
@blueprint.response(200, Granted)
def revoke(query: dict[str, Any], username: str) -> Any:
    """Take out of a group. Ends the account's logins."""
    return engine().run(
        RevokeMembership(
            username=username,
            membership=Membership(query["group"], query["scope"] or None),
            actor=security.require_actor(),
            at=wiring().wall.now(),
        )
    )
