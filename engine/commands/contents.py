"""What uploaded files hold: the definitions in each, and everything that stands against them."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from engine.bpmn.dmn import read_dmn
from engine.bpmn.elements import read_processes
from engine.bpmn.feel import Feel
from engine.bpmn.parse import drawing_reason
from engine.bpmn.xmlsafe import read_xml
from engine.errors import Problem
from engine.scenarios.reading import Unreadable, read_yaml
from forms.definition import FormDefinition
from forms.errors import FormRefused
from forms.i18n import T, Text
from forms.lint import lint_form

SUFFIXES = {".bpmn": "process", ".dmn": "decision", ".form": "form", ".test.yaml": "test"}
LONGEST_KEY = 200  # characters
LONGEST_NAME = 200  # characters of a file's name
EXECUTABLE = ("process", "drawing")  # one name space: a drawing may replace a process and the other way round

Place = tuple[str, str]  # (kind, key)


@dataclass(frozen=True)
class Content:
    """One definition as it stands in a file. A file with several processes or decisions has several."""

    kind: str  # process | decision | form | test | drawing
    key: str
    name: str
    file: str
    raw: bytes
    starter_groups: tuple[str, ...] = ()
    id: str | None = None  # of its row, where it is already kept

    @property
    def place(self) -> Place:
        return ("process" if self.kind in EXECUTABLE else self.kind, self.key)

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.raw).hexdigest()


def read(files: Mapping[str, bytes]) -> tuple[list[Content], list[Problem]]:
    """The definitions in the files, and what each file says against itself alone."""
    contents: list[Content] = []
    problems: list[Problem] = []
    for file, raw in sorted(files.items()):
        refused = check_name(file)
        problems += refused
        if refused:
            continue
        found, against = _READERS[kind_of(file) or ""](file, raw)
        contents += found
        problems += against
    return contents, problems + _keys(contents)


def kind_of(file: str) -> str | None:
    """process, decision, form or test by the file's name; None for what we do not know."""
    return next((kind for suffix, kind in SUFFIXES.items() if file.lower().endswith(suffix)), None)


def check_name(file: str) -> list[Problem]:
    """What stands against a file's name alone: it must be a plain name, and of a kind we know."""
    if len(file) > LONGEST_NAME or not file.isprintable() or any(sign in file for sign in '/\\<>:"|?*'):
        text = T("文件名不能含有路径和特殊符号，也不能超过 {n} 个字。", n=LONGEST_NAME)
        return [_problem(file[:LONGEST_NAME], "FILE_NAME", text)]
    if kind_of(file) is None:
        known = "、".join(SUFFIXES)
        return [_problem(file, "FILE_UNKNOWN", T("不认识这种文件；可以上传 {known}。", known=known))]
    return []


def _processes(file: str, raw: bytes) -> tuple[list[Content], list[Problem]]:
    """What stands against a diagram depends on the rest of the release: `check_release` says it."""
    root, _ = read_xml(file, raw)
    if root is None:
        return [], []
    return [
        Content(
            "process" if drawing_reason(process) is None else "drawing",
            process.id,
            process.name,
            file,
            raw,
            tuple(process.start_groups),
        )
        for process in read_processes(root)
    ], []


def _decisions(file: str, raw: bytes) -> tuple[list[Content], list[Problem]]:
    decisions, problems = read_dmn(file, raw)
    return [Content("decision", key, decision.name or key, file, raw) for key, decision in decisions.items()], problems


def _form(file: str, raw: bytes) -> tuple[list[Content], list[Problem]]:
    problems = [
        Problem(p.file, p.line, p.element, p.code, p.text, p.severity) for p in lint_form(file, raw, Feel().check)
    ]
    try:
        definition = FormDefinition.parse(raw, file)
    except FormRefused:
        return [], problems
    return [Content("form", definition.id, definition.title, file, raw)], problems


def _tests(file: str, raw: bytes) -> tuple[list[Content], list[Problem]]:
    """What its scenarios say against themselves depends on the office: `check_release` says it."""
    key = file[: -len(".test.yaml")]
    try:
        read_yaml(file, raw)
    except Unreadable as error:
        return [], [error.problem]
    return [Content("test", key, key, file, raw)], []


_READERS = {"process": _processes, "decision": _decisions, "form": _form, "test": _tests}


def _keys(contents: Sequence[Content]) -> list[Problem]:
    """Keys must be there, fit their column, and name one thing each."""
    problems = []
    for content in contents:
        if not content.key or len(content.key) > LONGEST_KEY or not content.key.isprintable():
            text = T("编号不能为空，也不能超过 {n} 个字符。", n=LONGEST_KEY)
            problems.append(_problem(content.file, "KEY_LENGTH", text))
    return problems + keys_twice(contents)


def keys_twice(contents: Sequence[Content], others: Sequence[Content] = ()) -> list[Problem]:
    """Of `contents` those whose key another one of them, or one of `others`, has already."""
    problems = []
    seen: dict[Place, Content] = {content.place: content for content in others}
    for content in contents:
        if (other := seen.setdefault(content.place, content)) is not content:
            text = T("“{key}”在 {file} 里已经有了。", key=content.key, file=other.file)
            problems.append(Problem(content.file, None, content.key, "KEY_TWICE", text))
    return problems


def merged(brought: Collection[Content], carried: Collection[Content]) -> tuple[list[Content], list[Problem]]:
    """The whole release: what was brought, and of the rest what it does not replace."""
    replaced = {content.place for content in brought}
    kept = [content for content in carried if content.place not in replaced]
    gone = {(content.file, content.sha256): content for content in carried if content.place in replaced}
    problems = []
    for content in kept:
        # A diagram file is compiled whole: half of one cannot stay behind.
        other = gone.get((content.file, content.sha256))
        if other is not None and content.kind in EXECUTABLE:
            text = T(
                "“{key}”与“{other}”同在 {file} 中，请把它们一起上传。",
                key=content.key,
                other=other.key,
                file=content.file,
            )
            problems.append(Problem(content.file, None, content.key, "FILE_SPLIT", text))
    return [*brought, *kept], problems


def _problem(file: str, code: str, text: Text) -> Problem:
    return Problem(file, None, None, code, text)
