"""Two forms: fields added, removed, changed and moved, known by their ids and else by their keys."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from engine.studio.differences import ADDED, CHANGED, MOVED, REMOVED, Difference, differing, steady
from forms.i18n import T, Text

TYPES: dict[str, Text] = {
    "textfield": T("单行文字"),
    "textarea": T("多行文字"),
    "number": T("数字"),
    "datetime": T("日期时间"),
    "select": T("下拉选择"),
    "radio": T("单选"),
    "checkbox": T("勾选"),
    "checklist": T("多选"),
    "taglist": T("标签"),
    "filepicker": T("附件"),
    "text": T("说明文字"),
    "html": T("说明文字"),
    "group": T("分组"),
    "dynamiclist": T("可增减的列表"),
    "separator": T("分隔线"),
    "spacer": T("空白"),
    "table": T("表格"),
    "button": T("按钮"),
    "expression": T("算式"),
    "image": T("图片"),
    "iframe": T("网页"),
    "documentPreview": T("文件预览"),
}
NAMES: dict[str, Text] = {
    "type": T("类型"),
    "label": T("名称"),
    "key": T("变量名"),
    "path": T("变量路径"),
    "text": T("文字"),
    "description": T("提示"),
    "in": T("所在分组"),
    "values": T("选项"),
    "defaultValue": T("默认值"),
    "disabled": T("禁用"),
    "readonly": T("只读"),
    "expression": T("算式"),
    "validate.required": T("必填"),
    "validate.minLength": T("最少字数"),
    "validate.maxLength": T("最多字数"),
    "validate.min": T("最小值"),
    "validate.max": T("最大值"),
    "validate.pattern": T("格式要求"),
    "conditional.hide": T("何时隐藏"),
    "title": T("标题"),
    "id": T("编号"),
}
FORM = T("表单")
_OWN = {"components", "id", "layout"}  # inner fields stand by themselves; where a field stands in its row is layout
_MOST = 2_000  # components of one form that are looked at


@dataclass(frozen=True)
class _Field:
    says: dict[str, str]
    order: int

    @property
    def name(self) -> str:
        return self.says.get("label") or self.says.get("text", "")[:60] or self.says.get("key", "")


def forms(left: bytes | None, right: bytes | None) -> list[Difference] | None:
    """None where one of them cannot be read."""
    before, after = (_fields(raw) if raw is not None else {} for raw in (left, right))
    if before is None or after is None:
        return None
    found = [_difference(ADDED, key, after[key]) for key in after if key not in before]
    found += [_difference(REMOVED, key, before[key]) for key in before if key not in after]
    shared = [key for key in after if key in before]
    kept = steady([before[key].order for key in shared])
    moved = []
    for key in shared:
        old, new = before[key], after[key]
        details = differing(old.says, new.says, NAMES)
        if details:
            kind = FORM if not key else TYPES.get(new.says.get("type", ""), new.says.get("type", ""))
            found.append(Difference(CHANGED, key or None, kind, new.name, details))
        elif old.order not in kept:
            moved.append(_difference(MOVED, key, new))
    return [*found, *moved]


def _difference(sort: str, key: str, field: _Field) -> Difference:
    kind = TYPES.get(field.says.get("type", ""), field.says.get("type", "")) if key else FORM
    return Difference(sort, key or None, kind, field.name or key)


def _fields(raw: bytes) -> dict[str, _Field] | None:
    """By id, else key; the form itself stands under the empty name."""
    try:
        form = orjson.loads(raw)
    except orjson.JSONDecodeError:
        return None
    if not isinstance(form, dict):
        return None
    own = {key: value for key, value in form.items() if key not in ("components", "exporter", "$schema")}
    found = {"": _Field(dict(_flat(own)), -1)}
    stack = [(one, "") for one in reversed(_list(form.get("components")))]
    while stack and len(found) < _MOST:
        component, inside = stack.pop()
        if not isinstance(component, dict):
            continue
        says = dict(_flat({key: value for key, value in component.items() if key not in _OWN}))
        if inside:
            says["in"] = inside
        name = str(component.get("id") or component.get("key") or f"{says.get('type', '')} {len(found)}")
        while name in found:
            name += "′"
        field = _Field(says, len(found))
        found[name] = field
        stack += [(one, field.name or name) for one in reversed(_list(component.get("components")))]
    return found


def _flat(value: Mapping[str, Any], path: str = "") -> Iterator[tuple[str, str]]:
    """(dotted name, value as text); a list is one value, as people see it: the options of a field."""
    for key, one in value.items():
        here = f"{path}.{key}" if path else str(key)
        if isinstance(one, dict) and path.count(".") < 4:
            yield from _flat(one, here)
        elif isinstance(one, list):
            yield here, "、".join(_told(each) for each in one)
        else:
            yield here, _told(one)


def _told(value: Any) -> str:
    if isinstance(value, dict) and isinstance(value.get("label"), str):
        return f"{value['label']}（{value.get('value', '')}）"
    return value if isinstance(value, str) else orjson.dumps(value).decode()


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
