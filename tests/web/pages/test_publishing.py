"""The pages of publishing without scripts: a rule set with its document and signatures, a date and taking it back, one step back."""

from __future__ import annotations

import io
import re
import zipfile

from engine.commands.deploy import Deploy
from engine.studio.changes import OpenChange
from engine.studio.versions import BringFiles
from tests.integration.engine.conftest import OWNER
from tests.integration.engine.test_deployments import TABLE
from tests.web.pages.test_owner import BETTER, upload


def test_a_rule_set_is_signed_and_put_in_force_at_a_date(browse, engine, monkeypatch) -> None:
    registry = engine.registry
    monkeypatch.setattr(registry, "rule_tables", frozenset({"size"}))
    monkeypatch.setattr(registry, "rule_signers", ("admin", "unit_hr"))
    monkeypatch.setattr(registry, "policy_document", lambda _connection, number: number == "12号")
    table = TABLE.replace(b"double(5)", b"5")
    owner, second, admin, clerk = (browse(name) for name in ("owner", "owner2", "admin", "clerk"))
    upload(owner, ("size.dmn", table), comment="新文件")
    release = owner.path
    deployment = release.rpartition("/")[2]
    assert "这次改了评审规则" in owner.open(release)
    assert "disabled" in second.open(release)
    owner.send(f"{release}/document", {"document": "13号"})
    assert owner.status == 422
    assert "不在已公布的文件里" in owner.page
    owner.send(f"{release}/document", {"document": "12号"})
    for person in (admin, clerk):
        assert "Size" in person.open("/signatures")
        person.open(f"/signatures/{deployment}")
        assert "与文件一致，签署" in person.page
        person.send(f"/signatures/{deployment}", {"action": "sign"})
    assert "没有等待签署的规则" in clerk.page
    stranger = browse("c-001")
    stranger.open("/signatures")
    assert stranger.status == 403

    second.open(release)
    second.send(f"{release}/activate", {"reason": "", "at": "soon"})
    assert second.status == 422
    assert "请写明同意启用的理由" in second.page
    assert "请写成日期和时间" in second.page
    second.send(f"{release}/activate", {"reason": "核对过", "at": "2020-01-01T08:00"})
    assert "生效时间要在现在以后" in second.page
    second.send(f"{release}/activate", {"reason": "核对过", "at": "2026-07-20T08:00"})
    assert re.search("到.*2026.*7.*20.*自动启用", second.page)
    assert "定于" in second.open("/deployments")
    second.open(release)
    second.send(f"{release}/date/drop", {"date_reason": ""})
    assert second.status == 422
    second.send(f"{release}/date/drop", {"date_reason": "再等等"})
    assert "已取消" in second.page
    second.send(f"{release}/withdraw", {"withdraw_reason": "不改了"})
    assert "已撤回" in second.page
    assert "不改了" in second.page


def test_one_step_back_says_what_it_means(browse) -> None:
    owner, second = browse("owner"), browse("owner2")
    upload(owner, ("review.bpmn", BETTER))
    release = owner.path
    second.open(release)
    second.send(f"{release}/activate", {"reason": "核对过"})
    assert "正在办理的事不移动" in owner.open(f"{release}/back")
    former = owner.hidden("former")
    owner.send(f"{release}/back", {"former": former, "reason": ""})
    assert owner.status == 422
    owner.send(f"{release}/back", {"former": "another", "reason": "有误"})
    assert owner.status == 422
    assert "刚刚变了" in owner.page
    owner.send(f"{release}/back", {"former": former, "reason": "有误"})
    assert "已回到以前的版本" in owner.page
    assert owner.path.endswith(former)


def test_who_changed_the_same_file_first_is_not_undone(browse, engine) -> None:
    change = engine.run(OpenChange(OWNER, "加一步"))["id"]
    engine.run(BringFiles(change, {"review.bpmn": BETTER}, OWNER))
    owner = browse("owner")
    page = f"/studio/changes/{change}/publish"
    assert "盖掉" not in owner.open(page)
    engine.run(Deploy({"review.bpmn": BETTER.replace(b"</bpmn:definitions>", b"<!-- -->\n</bpmn:definitions>")}, None))
    assert "直接启用会把那边的改动盖掉" in owner.open(page)
    owner.send(page, {"reason": "更好", "read": "yes"})
    assert "请先在改动里比较、合并" in owner.page
    assert "已核对，以这里的为准" in owner.open(f"/studio/changes/{change}")


def test_what_is_no_archive_is_refused_with_what_was_typed(browse) -> None:
    owner = browse("owner")
    owner.open("/studio/import")
    owner.send("/studio/import", {"title": "从别处来", "bundle": (io.BytesIO(b"PK no"), "x.zip")})
    assert owner.status == 422
    assert "从别处来" in owner.page
    assert "这不是完整的压缩包" in owner.page
    kept = io.BytesIO()
    with zipfile.ZipFile(kept, "w") as made:
        made.writestr("../review.bpmn", BETTER)
    owner.send("/studio/import", {"title": "从别处来", "bundle": (io.BytesIO(kept.getvalue()), "x.zip")})
    assert "不能指向别的位置" in owner.page
