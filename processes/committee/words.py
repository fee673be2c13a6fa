"""The words of this family: codes of the register as people read them."""

from __future__ import annotations

from collections.abc import Mapping

from forms.i18n import T, Text

MODES: Mapping[str, Text] = {
    "summary": T("个人总结"),
    "discussion": T("小组评议"),
    "interview": T("面试答辩"),
    "report": T("述职"),
    "exhibition": T("成果展示"),
}
