"""From a change to an active release: reason, preview, document and signatures, a date, and every way back."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from engine.commands.activate_deployment import ActivateDeployment
from engine.commands.deploy import Deploy
from engine.commands.step import Step
from engine.engine import Engine
from engine.errors import Conflict, Forbidden, Invalid, ZhipingError
from engine.identity.tables import account
from engine.queries.deployments import DeploymentList
from engine.store import tables as t
from engine.studio.bundle import ExportDeployment, ImportBundle, pack, unpack
from engine.studio.changes import OpenChange
from engine.studio.publishing import (
    DropDate,
    NameDocument,
    ProposeChange,
    ReadPreview,
    SignRelease,
    TryChange,
    WithdrawProposal,
)
from engine.studio.publishing_views import Checklist, ReleaseReview, WaitingSignatures
from engine.studio.queries import ChangeList, ChangeView
from engine.studio.versions import BringFiles
from forms.i18n import T
from tests.conftest import NOON
from tests.integration.engine.conftest import (
    ADMIN,
    ANN,
    FINISH,
    OWNER,
    OWNER2,
    START,
    bpmn,
    flow,
    person,
    simple,
    start,
    user,
)
from tests.integration.engine.test_deployments import TABLE, two_steps

BUREAU = person("bureau", "archives")
LABOUR = person("labour", "labour")
BOTH = person("both", "archives", "labour")


@pytest.fixture
def ruled(engine: Engine) -> Engine:
    """The office with a rule set, `size`, that two authorities sign; document 12号 is published."""
    registry = engine.registry
    registry.rule_tables = frozenset({"size"})
    registry.rule_signers = ("archives", "labour")
    registry.policy_document = lambda _connection, number: number == "12号"
    registry.groups.update(archives=T("省档案局"), labour=T("省人力资源社会保障厅"))
    engine.run(Deploy({"a.bpmn": simple(), "size.dmn": TABLE}, None))
    return engine


def changed(engine: Engine, **files: bytes) -> str:
    change = engine.run(OpenChange(OWNER, "改一改"))["id"]
    named = {name.replace("_", ".", 1): raw for name, raw in files.items()}
    engine.run(BringFiles(change, named, OWNER))
    return str(change)


def proposed(engine: Engine, change: str, document: str = "") -> str:
    return str(engine.run(ProposeChange(change, OWNER, "省里的新要求", document))["id"])


def refused(engine: Engine, command: object) -> str:
    """The code of its refusal."""
    with pytest.raises(ZhipingError) as error:
        engine.run(command)  # type: ignore[call-overload]
    return str(error.value.code)


def active(engine: Engine) -> str:
    with engine.store.snapshot() as connection:
        return str(connection.scalar(select(t.deployment.c.id).where(t.deployment.c.state == "active")))


def test_a_change_becomes_the_release(ruled: Engine) -> None:
    before = active(ruled)
    change = changed(ruled, a_bpmn=two_steps())
    with pytest.raises(Invalid):
        proposed(ruled, change, document="99号")
    with pytest.raises(Invalid):
        ruled.run(ProposeChange(change, OWNER, "  "))
    with pytest.raises(Forbidden):
        ruled.run(ProposeChange(change, ANN, "我也要改"))
    made = proposed(ruled, change)
    assert ruled.ask(ChangeView(OWNER, change)).change.state == "proposed"
    assert refused(ruled, ProposeChange(change, OWNER, "再来一次")) == "CHANGE_CLOSED"

    assert refused(ruled, ActivateDeployment(made, OWNER2, "看过了")) == "PREVIEW_UNREAD"
    ruled.run(ReadPreview(made, OWNER2))
    assert refused(ruled, ActivateDeployment(made, OWNER, "自己来")) == "FOUR_EYES"
    assert refused(ruled, ActivateDeployment(made, OWNER2)) == "INVALID"  # without a reason
    assert active(ruled) == before
    ruled.run(ActivateDeployment(made, OWNER2, "看过了"))
    assert active(ruled) == made
    found = ruled.ask(ReleaseReview(ADMIN, made))
    assert (found.reason, found.agreed_reason, found.agreed_name) == ("省里的新要求", "看过了", "Owner2")
    assert ruled.ask(ChangeView(OWNER, change)).change.state == "published"
    start(ruled, "simple")

    # One step back: what was active before, with a reason, and nothing to be signed again.
    assert ruled.ask(ReleaseReview(OWNER, made)).former == before
    ruled.run(ActivateDeployment(before, OWNER, "新版本有问题"))
    assert active(ruled) == before
    assert ruled.ask(ReleaseReview(OWNER, before)).former == made


def test_nothing_changed_nothing_to_propose(ruled: Engine) -> None:
    change = changed(ruled, a_bpmn=two_steps())
    ruled.run(BringFiles(change, {"a.bpmn": simple()}, OWNER))
    assert refused(ruled, ProposeChange(change, OWNER, "没有改")) == "NOTHING_CHANGED"


def test_a_preview_is_read_again_over_another_release(ruled: Engine) -> None:
    made = proposed(ruled, changed(ruled, a_bpmn=two_steps()))
    ruled.run(ReadPreview(made, OWNER))
    other = ruled.run(Deploy({"b.bpmn": simple("other")}, OWNER))["id"]
    ruled.run(ActivateDeployment(other, OWNER2))
    assert refused(ruled, ActivateDeployment(made, OWNER2, "好")) == "PREVIEW_OLD"
    ruled.run(ReadPreview(made, OWNER))
    ruled.run(ActivateDeployment(made, OWNER2, "好"))
    start(ruled, "other")


def test_a_rule_set_needs_its_document_and_both_authorities(ruled: Engine) -> None:
    change = changed(ruled, size_dmn=TABLE.replace(b">= 10", b">= 12").replace(b"&gt;= 10", b"&gt;= 12"))
    assert [content.key for content in ruled.ask(Checklist(OWNER, change)).rules] == ["size"]
    with pytest.raises(Invalid) as missing:
        proposed(ruled, change)
    assert set(missing.value.errors) == {"document"}
    made = proposed(ruled, change, "12号")
    ruled.run(ReadPreview(made, OWNER2))
    assert refused(ruled, ActivateDeployment(made, OWNER2, "好")) == "SIGNATURE_MISSING"
    assert refused(ruled, SignRelease(made, OWNER2)) == "FORBIDDEN"
    assert [item.deployment_id for item in ruled.ask(WaitingSignatures(BUREAU))] == [made]
    ruled.run(SignRelease(made, BOTH))
    assert refused(ruled, SignRelease(made, BOTH)) == "SIGNED_ALREADY"  # one person is not two authorities
    assert refused(ruled, SignRelease(made, BUREAU)) == "SIGNED_ALREADY"
    assert refused(ruled, NameDocument(made, OWNER, "12号")) == "SIGNED_ALREADY"
    assert refused(ruled, ActivateDeployment(made, OWNER2, "好")) == "SIGNATURE_MISSING"
    ruled.run(SignRelease(made, LABOUR))
    assert ruled.ask(WaitingSignatures(BUREAU)) == []
    ruled.run(ActivateDeployment(made, OWNER2, "好"))
    assert active(ruled) == made


def test_an_upload_of_a_rule_set_needs_them_too(ruled: Engine) -> None:
    raw = TABLE.replace(b"&gt;= 10", b"&gt;= 12")
    signer = replace(BUREAU, username=OWNER.username, account_id=OWNER.account_id)
    made = ruled.run(Deploy({"size.dmn": raw}, OWNER))["id"]
    assert refused(ruled, ActivateDeployment(made, OWNER2)) == "DOCUMENT_MISSING"
    assert refused(ruled, SignRelease(made, BUREAU)) == "DOCUMENT_MISSING"
    assert refused(ruled, NameDocument(made, OWNER, "13号")) == "INVALID"
    ruled.run(NameDocument(made, OWNER, "12号"))
    assert refused(ruled, SignRelease(made, signer)) == "SAME_PERSON"
    for authority in (BUREAU, LABOUR):
        ruled.run(SignRelease(made, authority))
    ruled.run(ActivateDeployment(made, OWNER2))
    assert active(ruled) == made


def test_an_older_release_does_not_bring_old_rules_back_unsigned(ruled: Engine) -> None:
    first = active(ruled)
    new_rules = TABLE.replace(b"&gt;= 10", b"&gt;= 12")
    second = ruled.run(Deploy({"size.dmn": new_rules}, None))["id"]
    ruled.clock.set(NOON + timedelta(minutes=1))  # type: ignore[attr-defined]
    ruled.run(ActivateDeployment(first, OWNER, "新规则有误"))  # the former one, in one step
    ruled.clock.set(NOON + timedelta(minutes=2))  # type: ignore[attr-defined]
    ruled.run(ActivateDeployment(second, OWNER, "原来没有错"))
    ruled.clock.set(NOON + timedelta(minutes=3))  # type: ignore[attr-defined]
    third = ruled.run(Deploy({"a.bpmn": two_steps()}, None))["id"]
    assert refused(ruled, ActivateDeployment(first, OWNER, "还是旧的好")) == "OLD_RULES"
    assert active(ruled) == third
    ruled.run(ActivateDeployment(second, OWNER, "退一步"))


def test_a_diagram_that_no_longer_asks_a_rule_table_is_a_change_of_the_rules(ruled: Engine) -> None:
    """A table under another name would decide in its place."""

    def asking(table: str) -> bytes:
        rule = f'<bpmn:businessRuleTask id="rule" camunda:decisionRef="{table}" camunda:resultVariable="size"/>'
        return bpmn("sized", START + rule + FINISH + flow("begin", "rule", "finish"))

    ruled.run(Deploy({"s.bpmn": asking("size")}, None))
    twin = TABLE.replace(b'"size"', b'"size_2"')
    assert twin != TABLE
    change = changed(ruled, twin_dmn=twin, s_bpmn=asking("size_2"))
    assert [content.key for content in ruled.ask(Checklist(OWNER, change)).rules] == ["sized"]
    made = proposed(ruled, change, "12号")
    ruled.run(ReadPreview(made, OWNER2))
    assert refused(ruled, ActivateDeployment(made, OWNER2, "好")) == "SIGNATURE_MISSING"
    more = bpmn("sized", START + user("look") + FINISH + flow("begin", "look", "finish"))
    assert ruled.ask(Checklist(OWNER, changed(ruled, s_bpmn=more))).rules
    kept = asking("size").replace(b'id="rule"', b'id="rule" name="how large"')
    assert not ruled.ask(Checklist(OWNER, changed(ruled, s_bpmn=kept))).rules


def test_an_authority_turns_a_rule_set_down(ruled: Engine) -> None:
    change = changed(ruled, size_dmn=TABLE.replace(b"&gt;= 10", b"&gt;= 12"))
    made = proposed(ruled, change, "12号")
    with pytest.raises(Forbidden):
        ruled.run(WithdrawProposal(made, ANN, "不行"))
    with pytest.raises(Invalid):
        ruled.run(WithdrawProposal(made, LABOUR, " "))
    assert ruled.run(WithdrawProposal(made, LABOUR, "和文件不一致"))["change_id"] == change
    assert ruled.ask(ChangeView(OWNER, change)).change.state == "open"
    for command in (SignRelease(made, BUREAU), ActivateDeployment(made, OWNER2, "好"), ReadPreview(made, OWNER)):
        assert refused(ruled, command) == "WITHDRAWN"
    assert ruled.ask(ReleaseReview(OWNER, made)).withdrawn_reason == "和文件不一致"
    assert ruled.ask(WaitingSignatures(BUREAU)) == []
    assert proposed(ruled, change, "12号") != made


def agreed(engine: Engine, days: int = 3) -> str:
    """A candidate that becomes active by itself in three days."""
    made = proposed(engine, changed(engine, a_bpmn=two_steps()))
    engine.run(ReadPreview(made, OWNER2))
    answer = engine.run(ActivateDeployment(made, OWNER2, "好", at=NOON + timedelta(days=days)))
    assert answer["state"] == "candidate"
    return made


def test_a_release_takes_effect_at_its_date(ruled: Engine) -> None:
    before = active(ruled)
    made = agreed(ruled)
    for at in (NOON, NOON + timedelta(days=400)):
        assert refused(ruled, ActivateDeployment(made, OWNER2, "好", at=at)) == "INVALID"
    ruled.work(NOON + timedelta(days=3, seconds=-1))
    assert active(ruled) == before
    ruled.work(NOON + timedelta(days=3))
    assert active(ruled) == made
    assert ruled.ask(ReleaseReview(OWNER, made)).activate_at is None


def test_a_date_can_be_taken_back_or_changed(ruled: Engine) -> None:
    before = active(ruled)
    made = agreed(ruled)
    assert refused(ruled, WithdrawProposal(made, LABOUR, "不行")) == "FORBIDDEN"  # no rule set is in it
    ruled.run(DropDate(made, OWNER, "再等等"))
    assert refused(ruled, DropDate(made, OWNER, "再等等")) == "NO_DATE"
    ruled.run(ActivateDeployment(made, OWNER2, "好", at=NOON + timedelta(days=5)))
    ruled.work(NOON + timedelta(days=4))
    assert active(ruled) == before
    ruled.work(NOON + timedelta(days=5))
    assert active(ruled) == made


def test_at_its_date_everything_is_checked_again(ruled: Engine) -> None:
    made = agreed(ruled)
    other = ruled.run(Deploy({"b.bpmn": simple("other")}, OWNER))["id"]
    ruled.run(ActivateDeployment(other, OWNER2))
    ruled.work(NOON + timedelta(days=3))
    assert active(ruled) == other
    found = ruled.ask(ReleaseReview(OWNER, made))
    assert (found.state, found.activate_at, len(found.halted)) == ("candidate", None, 1)

    ruled.run(ReadPreview(made, OWNER2))
    ruled.run(ActivateDeployment(made, OWNER2, "好", at=NOON + timedelta(days=6)))
    with ruled.store.transaction() as connection:
        connection.execute(update(account).where(account.c.username == OWNER2.username).values(disabled=True))
    ruled.work(NOON + timedelta(days=6))
    assert active(ruled) == other
    assert len(ruled.ask(ReleaseReview(OWNER, made)).halted) == 1


@dataclass(frozen=True)
class Begun:
    """A proposal whose tests have been played already."""

    command: ProposeChange

    def execute(self, step: Step) -> object:
        return self.command.execute(step)


def test_what_is_saved_while_the_tests_run_is_not_published_unseen(ruled: Engine) -> None:
    change = changed(ruled, a_bpmn=two_steps())
    begun = ProposeChange(change, OWNER, "好").prepared(ruled)
    ruled.run(BringFiles(change, {"b.bpmn": simple("other")}, OWNER2))
    with pytest.raises(Conflict) as moved:
        ruled.run(Begun(begun))
    assert moved.value.code == "CHANGE_MOVED"
    assert ruled.ask(DeploymentList(OWNER, state="candidate")).total == 0


def test_what_the_tests_showed_is_kept_with_what_was_tested(ruled: Engine) -> None:
    change = changed(ruled, a_bpmn=two_steps())
    assert ruled.ask(Checklist(OWNER, change)).trial is None
    ruled.run(TryChange(change, OWNER))
    trial = ruled.ask(Checklist(OWNER, change)).trial
    assert trial is not None
    assert (trial.fresh, trial.failed) == (True, ())
    ruled.run(BringFiles(change, {"b.bpmn": simple("other")}, OWNER2))
    trial = ruled.ask(Checklist(OWNER, change)).trial
    assert trial is not None
    assert not trial.fresh


def test_a_whole_release_goes_out_and_comes_in_as_a_change(ruled: Engine) -> None:
    made = ruled.ask(ExportDeployment(ADMIN, active(ruled)))
    assert unpack(made.content) == {"a.bpmn": simple(), "size.dmn": TABLE}
    assert ruled.ask(ExportDeployment(OWNER, active(ruled))) == made
    with pytest.raises(Forbidden):
        ruled.ask(ExportDeployment(ANN, active(ruled)))
    assert refused(ruled, ImportBundle(OWNER, "同样的", made.content)) == "NOTHING_CHANGED"
    assert refused(ruled, ImportBundle(OWNER, " ", pack({"a.bpmn": two_steps()}, ""))) == "INVALID"
    assert refused(ruled, ImportBundle(ADMIN, "改", made.content)) == "FORBIDDEN"
    hostile = pack({"b.bpmn": b"<!DOCTYPE x [<!ENTITY a 'b'>]><x>&a;</x>"}, "")
    assert refused(ruled, ImportBundle(OWNER, "改", hostile)) == "DEPLOYMENT_REFUSED"
    assert ruled.ask(ChangeList(OWNER)).total == 0  # nothing is left behind
    brought = ruled.run(ImportBundle(OWNER, "从别处来", pack({"a.bpmn": two_steps(), "size.dmn": TABLE}, "")))
    assert brought["files"] == 1
    assert [file.name for file in ruled.ask(ChangeView(OWNER, brought["id"])).files] == ["a.bpmn"]
