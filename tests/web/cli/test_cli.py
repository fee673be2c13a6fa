"""The command line as an operator types it, on both databases."""

from __future__ import annotations

import io
import stat
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from engine import attachments
from engine.commands.start_instance import StartInstance
from engine.config import KEY_FILE, Settings
from engine.identity import people
from engine.registry import Actor
from engine.store.unit_of_work import Store
from tests import postgres
from tests.web.api.test_api import PROCESS
from web.cli import commands, main
from web.cli.common import opened

PASSWORD = "correct horse battery"
KEY = "k" * 40

Run = Callable[..., Result]


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "data"


@pytest.fixture
def run(home: Path, database_url: str) -> Run:
    """`run("user", "add", …)` with the settings of this test; `input` goes to standard input."""
    settings = {"ZHIPING_DATA_DIR": str(home), "ZHIPING_DATABASE_URL": database_url, "ZHIPING_SECRET_KEY": KEY}

    def invoke(*arguments: str, input: str | None = None, fails: bool = False, **more: str) -> Result:
        environment = settings | {f"ZHIPING_{name.upper()}": value for name, value in more.items()}
        done = CliRunner().invoke(commands, arguments, env=environment, input=input)
        assert (done.exit_code != 0) == fails, done.output + repr(done.exception)
        return done

    return invoke


def settings(home: Path, url: str) -> Settings:
    given = {"data_dir": str(home), "database_url": url, "secret_key": KEY}
    return Settings.from_environment(environ={}, given=given)


@pytest.fixture
def process(tmp_path: Path) -> Path:
    folder = tmp_path / "files"
    folder.mkdir()
    (folder / "thing.bpmn").write_text(PROCESS.format(key="thing"), encoding="utf-8")
    (folder / "notes.txt").write_text("not for us")
    return folder


def test_accounts_are_made_and_changed(run: Run) -> None:
    assert (
        "admin ✓"
        in run(
            "user", "add", "admin", "--name", "管理员", "--group", "admin", "--password-stdin", input=f"{PASSWORD}\n"
        ).output
    )
    assert (
        "一次性密码" in run("user", "add", "Wang", "--name", "王", "--group", "hr@unit:u01", "--group", "staff").output
    )
    run("user", "grant", "wang", "expert")
    run("user", "revoke", "wang", "staff")
    run("user", "disable", "wang")
    listed = run("user", "list").output.splitlines()
    assert listed == ["admin\t管理员\tadmin", "wang\t王\texpert hr@unit:u01\t停用 须改密码"]
    run("user", "enable", "wang")
    run("user", "passwd", "wang", "--password-stdin", input=f"{PASSWORD}\n")
    assert run("user", "list", "--group", "hr").output == "wang\t王\texpert hr@unit:u01\n"


@pytest.mark.parametrize(
    "arguments",
    [
        ("user", "add", "wang", "--name", "王", "--password-stdin"),
        ("user", "passwd", "nobody"),
        ("deploy", "nowhere"),
        ("restore", "nothing.tar.gz"),
        ("audit", "verify", "nothing"),
        ("serve", "--port", "70000"),
        ("serve", "--clock", "sundial"),
        ("serve", "--job-seconds", "0"),
        ("nonsense",),
    ],
)
def test_what_cannot_be_done_ends_with_a_status(run: Run, arguments: tuple[str, ...]) -> None:
    run(*arguments, input="short\n", fails=True)


def test_a_refusal_is_a_sentence_and_no_traceback(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("ZHIPING_DATA_DIR", str(home))
    monkeypatch.setattr("sys.argv", ["zhiping", "user", "passwd", "nobody"])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 1
    assert capsys.readouterr().err == "没有用户名为“nobody”的账户。 (NOT_FOUND)\n"


def test_files_and_folders_are_deployed_and_active_at_once(run: Run, process: Path) -> None:
    done = run("deploy", str(process), "--comment", "第一版").output
    assert "thing v1" in done
    assert done.splitlines()[-1].startswith("active ")
    (process / "thing.bpmn").write_text("<broken")
    run("deploy", str(process), fails=True)
    run("deploy", str(process / "notes.txt"), fails=True)


def test_a_fresh_place_is_told_what_it_lacks(run: Run, process: Path) -> None:
    told = run("check", fails=True).output
    assert "还没有启用任何流程" in told
    assert "没有可用的管理员账户" in told
    run("user", "add", "admin", "--name", "x", "--group", "admin")
    run("deploy", str(process))
    assert "没有发现问题" in run("check", "--invariants").output


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"clock": "manual"}, "时钟是手动的"),
        ({"four_eyes": "off"}, "四眼原则已关闭"),
        ({"host": "0.0.0.0"}, "没有可信代理"),
    ],
)
def test_what_production_must_not_have_is_found(run: Run, process: Path, more: dict[str, str], words: str) -> None:
    run("user", "add", "admin", "--name", "x", "--group", "admin")
    run("deploy", str(process))
    assert words in run("check", fails=True, **more).output


def test_demo_passwords_are_found(run: Run, process: Path) -> None:
    run("deploy", str(process))
    run("user", "add", "admin", "--name", "x", "--group", "admin", "--password-stdin", input="demo-zhiping\n")
    assert "示范密码还能登录这些账户：admin" in run("check", fails=True).output


def test_a_key_others_can_read_is_found(home: Path) -> None:
    environment = {"ZHIPING_DATA_DIR": str(home)}
    CliRunner().invoke(commands, ["check"], env=environment)
    key = home / KEY_FILE
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    key.chmod(0o644)
    assert "别人也能读" in CliRunner().invoke(commands, ["check"], env=environment).output


def test_the_history_is_verified_and_a_change_is_found(run: Run, database_url: str) -> None:
    run("user", "add", "wang", "--name", "王")
    assert "全部相符" in run("audit", "verify").output
    assert "全部相符" in run("audit", "verify", "system").output
    store = Store(database_url)
    with store.transaction() as connection:
        connection.exec_driver_sql("UPDATE chain SET events = events + 1")
    store.close()
    assert "the chain ends at" in run("audit", "verify", fails=True).output
    store = Store(database_url)
    with store.transaction() as connection:
        connection.exec_driver_sql("UPDATE chain SET events = events - 1")
    store.close()


def test_one_process_for_sqlite(home: Path) -> None:
    for command in ("web", "worker"):
        done = CliRunner().invoke(commands, [command], env={"ZHIPING_DATA_DIR": str(home)})
        assert "SQLite" in str(done.exception)


def empty_database(url: str, tmp_path: Path) -> str:
    if url.startswith("sqlite"):
        return f"sqlite:///{tmp_path / 'restored' / 'zhiping.db'}"
    return postgres.server().url(postgres.server().create())


def filled(home: Path, url: str) -> tuple[str, str]:
    """An instance and an attachment; their ids."""
    with opened(settings(home, url)) as engine:
        with engine.store.snapshot() as connection:
            wang: Actor = people.actor(connection, "wang")
        item = attachments.upload(engine, io.BytesIO(b"%PDF-1.7\n"), "a.pdf", actor=wang)
        started = engine.run(StartInstance(actor=wang, key="thing", business_key="K"))
        return started["id"], item.id


def test_a_backup_restores_into_an_empty_place(
    run: Run, home: Path, database_url: str, process: Path, tmp_path: Path
) -> None:
    run("user", "add", "wang", "--name", "王", "--group", "hr")
    run("deploy", str(process))
    _instance, attachment = filled(home, database_url)
    target = tmp_path / "kept.tar.gz"
    run("backup", str(target))
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    with tarfile.open(target) as archive:
        assert KEY_FILE not in archive.getnames()
    run("backup", str(target), fails=True)  # never overwritten
    run("restore", str(target), fails=True)  # not empty here

    there, url = tmp_path / "restored", empty_database(database_url, tmp_path)
    elsewhere = {"data_dir": str(there), "database_url": url}
    assert "1 个附件" in run("restore", str(target), **elsewhere).output
    assert run("user", "list", **elsewhere).output == run("user", "list").output
    assert "全部相符" in run("audit", "verify", **elsewhere).output
    with opened(settings(there, url)) as engine:
        with engine.store.snapshot() as connection:
            wang = people.actor(connection, "wang")
        item = engine.ask(attachments.AttachmentView(attachment, actor=wang))
        with attachments.open_(engine, item) as file:
            assert file.read() == b"%PDF-1.7\n"
    told = run("check", "--invariants", fails=True, **elsewhere).output
    assert "数据不相符" not in told


def test_a_damaged_backup_restores_nothing(run: Run, home: Path, tmp_path: Path) -> None:
    run("user", "add", "wang", "--name", "王")
    target = tmp_path / "kept.tar.gz"
    run("backup", str(target))
    whole = target.read_bytes()
    there = tmp_path / "restored"
    for damaged in (whole[: len(whole) // 2], whole[:200] + b"\x00" * 50 + whole[250:], b"", b"not a backup"):
        target.write_bytes(damaged)
        url = f"sqlite:///{there / 'zhiping.db'}"
        run("restore", str(target), fails=True, data_dir=str(there), database_url=url)
        assert not (there / "zhiping.db").exists()


SCENARIO = """process: thing
scenarios:
  - name: 从头到尾
    at: 2026-06-01T09:00
    start: {{by: process_owner}}
    steps:
      - task: {{element: {element}, by: hr-u01}}
      - task: {{element: close, by: hr-u01}}
    expect: {{ended: finish}}
"""


def test_what_is_deployed_is_tested_first(run: Run, process: Path) -> None:
    (process / "thing.bpmn").write_text(PROCESS.format(key="thing").replace('"hr"', '"unit_hr"'), encoding="utf-8")
    (process / "thing.test.yaml").write_text(SCENARIO.format(element="check"), encoding="utf-8")
    done = run("deploy", str(process), "--durations")
    line = next(line for line in done.output.splitlines() if "thing.test.yaml:" in line)
    assert line.startswith("通过 ")
    assert line.endswith(" s thing.test.yaml:3 从头到尾")
    active = run("deploy", str(process)).output.split()[-1]
    (process / "thing.test.yaml").write_text(SCENARIO.format(element="nowhere"), encoding="utf-8")
    refused = run("deploy", str(process), fails=True)
    assert "未通过 thing.test.yaml:7 从头到尾" in refused.output
    (process / "thing.test.yaml").write_text(SCENARIO.format(element="check"), encoding="utf-8")
    assert run("deploy", str(process)).output.split()[-1] == active
