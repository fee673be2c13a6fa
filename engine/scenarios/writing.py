"""A scenario as the YAML that `script` reads, and put at the end of a test file whose other lines stay as they are."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

import yaml

from engine.errors import Refused
from engine.scenarios.kit import Scenes
from engine.scenarios.script import read_tests
from forms.i18n import T

WIDEST = 118  # characters of one line
_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\Z")  # what is made anew each time
_FIRST = re.compile(r"^( *)- ", re.MULTILINE)


def scenario_text(scenario: Mapping[str, Any], indent: int = 2) -> str:
    """One item of `scenarios`, its keys in the order given: lines that end in a line break."""
    return _item(scenario, indent)


def steps_text(steps: Sequence[Mapping[str, Any]], indent: int = 0) -> str:
    """Steps as they stand under `steps`."""
    return "".join(_item(each, indent) for each in steps)


def value_text(value: Any) -> str:
    """One value on one line."""
    return _flow(value)


def file_text(process: str, scenarios: Sequence[Mapping[str, Any]]) -> str:
    """A whole new file."""
    return f"process: {process}\n\nscenarios:\n" + "\n".join(scenario_text(each) for each in scenarios)


def appended(file: str, text: str, process: str, scenario: Mapping[str, Any], scenes: Scenes | None) -> str:
    """The file with one scenario more; an empty file begins with its process. Everything that stands there stays.

    Raises Refused (SCENARIO_NOT_ADDED) where the result would be no valid test file; its sentence says why."""
    if not text.strip():
        made = file_text(process, [scenario])
    else:
        _, _, after = text.partition("scenarios:")
        found = _FIRST.search(after)
        ended = text if text.endswith("\n") else f"{text}\n"
        made = f"{ended}\n{scenario_text(scenario, len(found[1]) if found else 2)}"
    test, problems = read_tests(file, made.encode(), scenes)
    if test is None or problems:
        why = problems[0].text if problems else ""
        raise Refused(T("没有加进测试文件 {file}：{why}", file=file, why=why), code="SCENARIO_NOT_ADDED")
    return made


def referred(value: Any, names: Mapping[str, Any], variables: Mapping[str, Any]) -> Any:
    """The value as it can be played again: an id that was made this time alone becomes the FEEL that finds it, in what acts
    have answered or in the variables; text that looks like FEEL is quoted."""
    if isinstance(value, Mapping):
        return {str(key): referred(each, names, variables) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [referred(each, names, variables) for each in value]
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, str):
        if _ID.match(value):
            path = _path(value, names) or _path(value, variables)
            return f"={path}" if path else value
        return f"={json.dumps(value, ensure_ascii=False)}" if value.startswith("=") else value
    return value


def _path(wanted: str, within: Any, at: str = "") -> str | None:
    """Where the text stands, as FEEL; lists are counted from 1."""
    if within == wanted:
        return at
    if isinstance(within, Mapping):
        for key, each in within.items():
            if re.fullmatch(r"[^\W\d]\w*", str(key)) and (found := _path(wanted, each, f"{at}.{key}" if at else key)):
                return found
    if isinstance(within, list):
        for number, each in enumerate(within, 1):
            if found := _path(wanted, each, f"{at}[{number}]"):
                return found
    return None


def _item(value: Any, indent: int) -> str:
    """`- …`: on one line where that can be read, else key by key."""
    lead = " " * indent + "- "
    if not isinstance(value, Mapping) or not value:
        return f"{lead}{_flow(value)}\n"
    return lead + _keys(value, indent + 2)[indent + 2 :]


def _keys(table: Mapping[str, Any], indent: int) -> str:
    lines = []
    for key, value in table.items():
        lead = " " * indent + _flow(key) + ":"
        line = f"{lead} {_flow(value)}"
        if isinstance(value, list) and value and any(isinstance(each, Mapping) for each in value):
            lines.append(f"{lead}\n" + "".join(_item(each, indent + 2) for each in value))
        elif isinstance(value, Mapping) and value and len(line) > WIDEST:
            lines.append(f"{lead}\n{_keys(value, indent + 2)}")
        else:
            lines.append(line + "\n")
    return "".join(lines)


class _Plain(yaml.SafeDumper):
    """Without the anchors that a test may not have."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


# The reader takes dates for text: they need no quotes.
_Plain.yaml_implicit_resolvers = {
    sign: [each for each in resolvers if each[0] != "tag:yaml.org,2002:timestamp"]
    for sign, resolvers in yaml.SafeDumper.yaml_implicit_resolvers.items()
}
_Plain.add_multi_representer(dict, yaml.SafeDumper.represent_dict)
_Plain.add_multi_representer(list, yaml.SafeDumper.represent_list)


def _flow(value: Any) -> str:
    if isinstance(value, str) and "\n" in value:
        return json.dumps(value, ensure_ascii=False)  # YAML's quoted text on one line
    text = yaml.dump(
        value, Dumper=_Plain, default_flow_style=True, allow_unicode=True, width=1_000_000, sort_keys=False
    )
    return text.removesuffix("\n").removesuffix("\n...").rstrip("\n")
