"""`POST /tokens`: a program logs in."""

from __future__ import annotations

from typing import Any

from marshmallow import fields

from engine.identity import tokens
from engine.registry import Actor
from web import security
from web.api.base import Blueprint, Instant, Schema, text
from web.context import wiring

blueprint = Blueprint("tokens", "Access tokens for programs", public=True)
me = Blueprint("me", "Who is asking")


class Credentials(Schema):
    username = text(200, required=True)
    password = text(1000, required=True)


class Token(Schema):
    token = fields.String()
    expires_at = Instant()


class MembershipSchema(Schema):
    group = text(255, shortest=1, required=True)
    scope = text(100, load_default=None, allow_none=True)


class Me(Schema):
    username = fields.String()
    name = fields.String()
    memberships = fields.List(fields.Nested(MembershipSchema))


@blueprint.route("/tokens", methods=["POST"])
@security.no_session
@blueprint.arguments(Credentials)
@blueprint.response(201, Token)
def issue(credentials: dict[str, Any]) -> tokens.Issued:
    """Trade username and password for a token. Wrong ones are 401, whoever they belong to; too many tries are 429."""
    return tokens.issue(
        wiring().engine,
        credentials["username"],
        credentials["password"],
        address=security.address(),
        at=wiring().wall.now(),
    )


@me.route("/me")
@me.response(200, Me)
def who() -> dict[str, Any]:
    """The account behind this request."""
    actor: Actor = security.require_actor()
    memberships = sorted(actor.memberships, key=lambda m: (m.group, m.scope or ""))
    return {"username": actor.username, "name": actor.name, "memberships": memberships}
