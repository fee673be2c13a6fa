"""The marshmallow field of one component: converts a value, and refuses it with sentences that name the label."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from marshmallow import ValidationError
from marshmallow.fields import Field

from forms.component import CHOICES, MULTIPLE, TEXTS, Component
from forms.convert import TEMPORAL, Bad, from_decimal, to_decimal, to_text
from forms.i18n import T, Text
from forms.pattern import MAX_TEXT as MAX_PATTERNED
from forms.pattern import compiled
from forms.sheet import Option, choice

MAX_FILES = 50
_EMAIL = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){1,8}")
_PHONE = re.compile(r"(?:\+86[- ]?)?1[3-9][0-9]{9}|0[0-9]{2,3}[- ]?[0-9]{7,8}(?:[-转][0-9]{1,6})?")


class ValueField(Field[Any]):
    """A field of one component: converts, and refuses with sentences that name the label."""

    def __init__(self, component: Component, label: Text, **arguments: Any) -> None:
        self.component, self.words = component, label
        self.limits: dict[str, Any] = {}
        self.options: list[Any] = []
        super().__init__(error_messages={"required": [please(component, label)]}, **arguments)

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> Any:
        try:
            return self.convert(value)
        except Bad as bad:
            raise ValidationError([bad.text]) from bad

    def convert(self, value: Any) -> Any:
        """The value as it is kept; a list's rows are converted one by one before. Raises `Bad` saying what is wrong."""
        return value

    def number_of(self, name: str) -> int | None:
        limit = self.limits.get(name)
        try:
            return None if limit in (None, "") else int(to_decimal(limit, T("")))
        except Bad:
            return None


class TextField(ValueField):
    def convert(self, value: Any) -> str:
        text = to_text(value, self.words, lines=self.component.type == "textarea")
        least, most = self.number_of("minLength"), self.number_of("maxLength")
        if least is not None and len(text) < least:
            raise Bad(T("“{label}”至少 {min} 字，现有 {n} 字。", label=self.words, min=least, n=len(text)))
        if most is not None and len(text) > most:
            raise Bad(T("“{label}”最多 {max} 字，现有 {n} 字。", label=self.words, max=most, n=len(text)))
        kind = self.component.rule("validationType")
        if kind == "email" and not _EMAIL.fullmatch(text):
            raise Bad(T("“{label}”应填写电子邮箱，例如 name@example.cn。", label=self.words))
        if kind == "phone" and not _PHONE.fullmatch(text):
            raise Bad(T("“{label}”应填写手机号码或带区号的座机号码，例如 13900000000。", label=self.words))
        if pattern := self.component.rule("pattern"):
            self._match(str(pattern), text)
        return text

    def _match(self, pattern: str, text: str) -> None:
        if len(text) > MAX_PATTERNED:
            raise Bad(T("“{label}”最多 {max} 字，现有 {n} 字。", label=self.words, max=MAX_PATTERNED, n=len(text)))
        if not compiled(pattern).found_in(text):
            own = self.component.extension("patternMessage") or self.component.rule("patternErrorMessage")
            raise Bad(T(str(own)) if own else T("“{label}”的格式不对，请按说明填写。", label=self.words))


class NumberField(ValueField):
    def convert(self, value: Any) -> int | float | str:
        number = to_decimal(value, self.words)
        places = self.component.raw.get("decimalDigits")
        if isinstance(places, int) and number != round(number, places):
            if places == 0:
                raise Bad(T("“{label}”应填写整数。", label=self.words))
            raise Bad(T("“{label}”最多 {n} 位小数。", label=self.words, n=places))
        least, most = self._limit("min"), self._limit("max")
        if (least is not None and number < least) or (most is not None and number > most):
            if least is not None and most is not None:
                raise Bad(
                    T("“{label}”应在 {min} 至 {max} 之间。", label=self.words, min=_plain(least), max=_plain(most))
                )
            if least is not None:
                raise Bad(T("“{label}”不能小于 {min}。", label=self.words, min=_plain(least)))
            raise Bad(T("“{label}”不能大于 {max}。", label=self.words, max=_plain(most or Decimal(0))))
        if self.component.raw.get("serializeToString"):
            return format(number.normalize(), "f")
        return from_decimal(number)

    def _limit(self, name: str) -> Decimal | None:
        limit = self.limits.get(name)
        try:
            return None if limit in (None, "") else to_decimal(limit, T(""))
        except Bad:
            return None


class TemporalField(ValueField):
    def convert(self, value: Any) -> str:
        read = TEMPORAL.get(self.component.subtype, TEMPORAL["date"])
        kept = read(value, self.words)
        least, most = self._limit("min", read), self._limit("max", read)
        if least is not None and kept < least:
            raise Bad(T("“{label}”不能早于 {min}。", label=self.words, min=spoken(least)))
        if most is not None and kept > most:
            raise Bad(T("“{label}”不能晚于 {max}。", label=self.words, max=spoken(most)))
        return kept

    def _limit(self, name: str, read: Callable[[Any, Text], str]) -> str | None:
        try:
            return read(self.limits[name], T("")) if self.limits.get(name) else None
        except Bad:
            return None


class CheckboxField(ValueField):
    def convert(self, value: Any) -> bool:
        if not isinstance(value, bool):
            raise Bad(T("“{label}”应为是或否。", label=self.words))
        return value


class ChoiceField(ValueField):
    def convert(self, value: Any) -> Any:
        return self.one(value)

    def one(self, value: Any) -> Any:
        kept = choice(value, self.options)
        if not any(type(option.value) is type(kept) and option.value == kept for option in self.options):
            raise Bad(T("请从“{label}”列出的选项中选择。", label=self.words))
        return kept


class ChoicesField(ChoiceField):
    def convert(self, value: Any) -> list[Any]:
        if not isinstance(value, list):
            raise Bad(T("请从“{label}”列出的选项中选择。", label=self.words))
        chosen = [self.one(item) for item in value]
        kept = [option.value for option in self.options if option.text in {Option("", one).text for one in chosen}]
        check_count(self.words, len(kept), self.number_of("minItems"), self.number_of("maxItems"))
        return kept


class FilesField(ValueField):
    def convert(self, value: Any) -> list[str]:
        if not isinstance(value, list) or not all(isinstance(item, str) and 0 < len(item) <= 100 for item in value):
            raise Bad(T("“{label}”应为已上传文件的编号列表。", label=self.words))
        kept = list(dict.fromkeys(value))
        most = self.number_of("maxItems")
        if most is None:
            most = MAX_FILES if self.component.raw.get("multiple") else 1
        if len(kept) > most:
            raise Bad(
                T("“{label}”最多 {max} 个文件，现有 {n} 个，请移除多余的。", label=self.words, max=most, n=len(kept))
            )
        least = self.number_of("minItems")
        if least is not None and len(kept) < least:
            raise Bad(T("“{label}”至少 {min} 个文件，现有 {n} 个。", label=self.words, min=least, n=len(kept)))
        return kept


FIELD: dict[str, type[ValueField]] = {
    **dict.fromkeys(TEXTS, TextField),
    **dict.fromkeys(CHOICES, ChoiceField),
    **dict.fromkeys(MULTIPLE, ChoicesField),
    "number": NumberField,
    "datetime": TemporalField,
    "checkbox": CheckboxField,
    "filepicker": FilesField,
}


def check_count(label: Text, count: int, least: int | None, most: int | None) -> None:
    if least is not None and count < least:
        raise Bad(T("“{label}”至少 {min} 项，现有 {n} 项。", label=label, min=least, n=count))
    if most is not None and count > most:
        raise Bad(T("“{label}”最多 {max} 项，现有 {n} 项，请移除多余的。", label=label, max=most, n=count))


def please(component: Component, label: Text) -> Text:
    """What to do about a required field that is blank."""
    if component.type in CHOICES:
        return T("请选择“{label}”。", label=label)
    if component.type in MULTIPLE:
        return T("请在“{label}”中至少选一项。", label=label)
    if component.type == "filepicker":
        return T("请上传“{label}”。", label=label)
    if component.type == "checkbox":
        return T("请勾选“{label}”。", label=label)
    if component.type == "dynamiclist":
        return T("请至少填写一项“{label}”。", label=label)
    return T("请填写“{label}”。", label=label)


def spoken(moment: str) -> str:
    """ISO text as people read it: `2026-06-01 09:00`."""
    day, separator, clock = moment.partition("T")
    return f"{day} {clock[:5]}" if separator else (day[:5] if day[2:3] == ":" else day)


def _plain(number: Decimal) -> str:
    return format(number.normalize(), "f")
