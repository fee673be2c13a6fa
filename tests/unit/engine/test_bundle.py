"""A whole deployment as one file: the same bytes again, and nothing taken from a zip that means harm."""

from __future__ import annotations

import io
import stat
import zipfile
from collections.abc import Callable

import orjson
import pytest

from engine.errors import DeploymentRefused, Invalid
from engine.studio import bundle

FILES = {"a.bpmn": b"<a/>" * 100, "表.dmn": b"<b/>", "f.form": b"{}", "a.test.yaml": b"x: 1"}


def zipped(*entries: tuple[str | zipfile.ZipInfo, bytes]) -> bytes:
    kept = io.BytesIO()
    with zipfile.ZipFile(kept, "w", zipfile.ZIP_DEFLATED) as made:
        for name, raw in entries:
            made.writestr(name, raw)
    return kept.getvalue()


def link() -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo("a.bpmn")
    entry.external_attr = (stat.S_IFLNK | 0o777) << 16
    return entry


def listed(**changes: object) -> bytes:
    with zipfile.ZipFile(io.BytesIO(bundle.pack(FILES, "0" * 64))) as opened:
        said = orjson.loads(opened.read(bundle.LIST))
        return zipped(*FILES.items(), (bundle.LIST, orjson.dumps(said | changes)))


def secret() -> bytes:
    """The bit that says "encrypted", in both places where a zip has it."""
    raw = bytearray(zipped(("a.bpmn", b"<a/>")))
    raw[6] |= 1
    raw[raw.index(b"PK\x01\x02") + 8] |= 1
    return bytes(raw)


def test_out_and_in_again() -> None:
    raw = bundle.pack(FILES, "0" * 64)
    assert bundle.pack(dict(reversed(FILES.items())), "0" * 64) == raw
    assert bundle.is_bundle(raw)
    assert bundle.unpack(raw) == FILES
    assert bundle.unpack(zipped(("repo/x/a.bpmn", b"<a/>"), ("repo/", b""))) == {"a.bpmn": b"<a/>"}


@pytest.mark.parametrize(
    ("made", "code"),
    [
        (lambda: zipped(("../a.bpmn", b"")), "BUNDLE_PATH"),
        (lambda: zipped(("/etc/a.bpmn", b"")), "BUNDLE_PATH"),
        (lambda: zipped(("x//a.bpmn", b"")), "BUNDLE_PATH"),
        (lambda: zipped(("C:a.bpmn", b"")), "BUNDLE_PATH"),
        (lambda: zipped(("a.bpmn", b""), ("x/a.bpmn", b"")), "BUNDLE_TWICE"),
        (lambda: zipped((link(), b"/etc/passwd")), "BUNDLE_LINK"),
        (secret, "BUNDLE_SECRET"),
        (lambda: zipped(("a.exe", b"MZ")), "FILE_UNKNOWN"),
        (lambda: zipped(("a.bpmn", b" " * (bundle.MOST_EACH + 1))), "BUNDLE_TOO_LARGE"),
    ],
)
def test_what_leads_elsewhere_or_is_none_of_ours_is_named(made: Callable[[], bytes], code: str) -> None:
    with pytest.raises(DeploymentRefused) as refused:
        bundle.unpack(made())
    assert {problem.code for problem in refused.value.problems} == {code}
    assert all(problem.file for problem in refused.value.problems)


@pytest.mark.parametrize(
    "made",
    [
        lambda: b"",
        lambda: b"PK\x03\x04 and nothing",
        lambda: bundle.pack(FILES, "0" * 64)[:-40],
        lambda: zipped(),
        lambda: zipped((bundle.LIST, b"{}")),
        lambda: listed(version=2),
        lambda: listed(files={"a.bpmn": "0" * 64}),
        lambda: zipped(("a.bpmn", b"<a/>"), (bundle.LIST, b"no list")),
        lambda: zipped(*((f"{n}.bpmn", b"") for n in range(bundle.MOST_FILES + 1))),
        lambda: zipped(*((f"{'x' * 150}{n}.bpmn", b"") for n in range(3_000))),  # a long directory alone
        lambda: zipped(*((f"{n}.bpmn", bytes(bundle.MOST_EACH)) for n in range(14))),  # a bomb: 70 MB of nothing
        lambda: b" " * (bundle.MOST_PACKED + 1),
    ],
)
def test_what_is_no_bundle_is_refused_in_words(made: Callable[[], bytes]) -> None:
    with pytest.raises(Invalid) as refused:
        bundle.unpack(made())
    assert set(refused.value.errors) == {"bundle"}


def test_a_size_that_lies_is_found_out() -> None:
    """The header says one byte; what comes out is counted."""
    raw = bytearray(zipped(("a.bpmn", b" " * 1_000)))
    at = raw.index(b"PK\x01\x02") + 24
    raw[at : at + 4] = (1).to_bytes(4, "little")
    with pytest.raises(Invalid):
        bundle.unpack(bytes(raw))
