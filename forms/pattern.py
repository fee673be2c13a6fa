"""Patterns that owners write, matched in linear time.

Python's `re` backtracks, so a pattern such as `(a+)+$` would stop the whole program. Owners need far less than
`re` offers; what they need is compiled here to a non-deterministic automaton and simulated, at a cost of
(length of the text) x (states), whatever the pattern is. Understood: literals, `.`, classes, `\\d \\D \\w \\W \\s \\S`,
`\\uXXXX`, groups (also `(?:…)`), `|`, `? * + {m} {m,} {m,n}` and `^`/`$` at the ends of an alternative of the whole
pattern. Look-around and back-references are refused.
As in a form-js viewer a pattern is searched for: write `^…$` for the whole value.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from forms.i18n import T, Text

MAX_PATTERN = 500
MAX_STATES = 200
MAX_TEXT = 1_000

Range = tuple[int, int]
ANY: tuple[Range, ...] = ((0, 9), (11, 12), (14, 0x10FFFF))
CLASSES: dict[str, tuple[Range, ...]] = {
    "d": ((48, 57),),
    "w": ((48, 57), (65, 90), (95, 95), (97, 122)),
    "s": ((9, 13), (32, 32), (0xA0, 0xA0), (0x2000, 0x200A), (0x2028, 0x2029), (0x3000, 0x3000), (0xFEFF, 0xFEFF)),
}
ESCAPES = {"n": "\n", "t": "\t", "r": "\r"}


class BadPattern(ValueError):
    """The pattern is not understood, or too large; `text` says why, for the lint."""

    def __init__(self, text: Text) -> None:
        super().__init__(str(text))
        self.text = text


@dataclass(frozen=True)
class _Node:
    kind: str  # "set", "cat", "alt", "rep", "start", "end"
    ranges: tuple[Range, ...] = ()
    parts: tuple[_Node, ...] = ()
    low: int = 0
    high: int | None = None


def _inverted(ranges: tuple[Range, ...]) -> tuple[Range, ...]:
    out, start = [], 0
    for low, high in sorted(ranges):
        if low > start:
            out.append((start, low - 1))
        start = max(start, high + 1)
    if start <= 0x10FFFF:
        out.append((start, 0x10FFFF))
    return tuple(out)


class _Parser:
    def __init__(self, pattern: str) -> None:
        self.text, self.at, self.depth = pattern, 0, 0

    def peek(self) -> str:
        return self.text[self.at : self.at + 1]

    def take(self) -> str:
        if self.at >= len(self.text):
            raise BadPattern(T("表达式没有写完"))
        self.at += 1
        return self.text[self.at - 1]

    def alternatives(self) -> _Node:
        self.depth += 1
        if self.depth > 20:
            raise BadPattern(T("嵌套太深"))
        parts = [self.sequence()]
        while self.peek() == "|":
            self.take()
            parts.append(self.sequence())
        self.depth -= 1
        return parts[0] if len(parts) == 1 else _Node("alt", parts=tuple(parts))

    def sequence(self) -> _Node:
        parts: list[_Node] = []
        while self.peek() not in ("", "|", ")"):
            parts.append(self.repeated(self.atom()))
        return _Node("cat", parts=tuple(parts))

    def repeated(self, node: _Node) -> _Node:
        mark = self.peek()
        if mark == "" or mark not in "?*+{":
            return node
        if node.kind in ("start", "end", "rep"):
            raise BadPattern(T("重复符号前没有内容"))
        self.take()
        low, high = {"?": (0, 1), "*": (0, None), "+": (1, None)}.get(mark, (0, 0)) if mark != "{" else self.bounds()
        if self.peek() == "?":  # lazy or greedy makes no difference to whether it matches
            self.take()
        elif self.peek() in ("+", "*", "{") and self.peek():
            raise BadPattern(T("两个重复符号相连"))
        return _Node("rep", parts=(node,), low=low, high=high)

    def bounds(self) -> tuple[int, int | None]:
        body = ""
        while (char := self.take()) != "}":
            body += char
        low, comma, high = body.partition(",")
        if not low.isascii() or not low.isdigit() or (high and not (high.isascii() and high.isdigit())):
            raise BadPattern(T("花括号里应为数字"))
        if len(low) > 4 or len(high) > 4:
            raise BadPattern(T("重复次数太多"))
        most = (int(high) if high else None) if comma else int(low)
        if most is not None and most < int(low):
            raise BadPattern(T("重复次数的上限小于下限"))
        return int(low), most

    def atom(self) -> _Node:
        char = self.take()
        if char == "(":
            if self.peek() == "?":
                self.take()
                if self.take() != ":":
                    raise BadPattern(T("不支持环视和命名分组"))
            node = self.alternatives()
            if self.take() != ")":
                raise BadPattern(T("括号没有闭合"))
            return node if node.kind != "rep" else _Node("cat", parts=(node,))
        if char == "[":
            return _Node("set", ranges=self.bracket())
        if char == ".":
            return _Node("set", ranges=ANY)
        if char in "^$":
            return _Node("start" if char == "^" else "end")
        if char == "\\":
            return _Node("set", ranges=self.escape())
        if char in "?*+{})":
            raise BadPattern(T("多余的 {char}", char=char))
        return _Node("set", ranges=((ord(char), ord(char)),))

    def escape(self) -> tuple[Range, ...]:
        char = self.take()
        if char.lower() in CLASSES:
            ranges = CLASSES[char.lower()]
            return ranges if char.islower() else _inverted(ranges)
        if char == "u":
            digits = self.text[self.at : self.at + 4]
            if len(digits) != 4 or any(d not in "0123456789abcdefABCDEF" for d in digits):
                raise BadPattern(T("\\u 后应为四位十六进制数字"))
            self.at += 4
            return ((int(digits, 16), int(digits, 16)),)
        char = ESCAPES.get(char, char)
        if char.isalnum():
            raise BadPattern(T("不支持转义 {char}", char=f"\\{char}"))
        return ((ord(char), ord(char)),)

    def bracket(self) -> tuple[Range, ...]:
        inverted = self.peek() == "^"
        if inverted:
            self.take()
        ranges: list[Range] = []
        while (char := self.take()) != "]":
            first = self.escape() if char == "\\" else ((ord(char), ord(char)),)
            if self.peek() == "-" and self.text[self.at + 1 : self.at + 2] not in ("]", "") and _single(first):
                self.take()
                char = self.take()
                last = self.escape() if char == "\\" else ((ord(char), ord(char)),)
                if not _single(last) or last[0][0] < first[0][0]:
                    raise BadPattern(T("字符范围前后颠倒"))
                first = ((first[0][0], last[0][0]),)
            ranges.extend(first)
        if not ranges:
            raise BadPattern(T("字符类是空的"))
        return _inverted(tuple(ranges)) if inverted else tuple(ranges)


def _single(ranges: tuple[Range, ...]) -> bool:
    return len(ranges) == 1 and ranges[0][0] == ranges[0][1]


class Pattern:
    """A compiled pattern; immutable after construction, so it may be shared between threads."""

    def __init__(self, pattern: str) -> None:
        """Raises `BadPattern`."""
        if len(pattern) > MAX_PATTERN:
            raise BadPattern(T("表达式太长"))
        parser = _Parser(pattern)
        tree = parser.alternatives()
        if parser.at != len(pattern):
            raise BadPattern(T("多余的 {char}", char=")"))
        self._work = 0
        self._marks: list[str] = []  # per state: "set", "split", "start", "end", "match"
        self._ranges: list[tuple[Range, ...]] = []
        self._next: list[tuple[int, ...]] = []
        self._accept = self._state("match")
        self._first = self._build(tree, self._accept)

    def _state(self, mark: str, *following: int, ranges: tuple[Range, ...] = ()) -> int:
        if len(self._marks) >= MAX_STATES:
            raise BadPattern(T("重复次数太多"))
        self._marks.append(mark)
        self._ranges.append(ranges)
        self._next.append(following)
        return len(self._marks) - 1

    def _build(self, node: _Node, after: int) -> int:
        # Repetitions of nothing make no states, yet would be built again and again.
        self._work += 1
        if self._work > 10 * MAX_STATES:
            raise BadPattern(T("重复次数太多"))
        if node.kind == "set":
            return self._state("set", after, ranges=node.ranges)
        if node.kind in ("start", "end"):
            return self._state(node.kind, after)
        if node.kind == "cat":
            for part in reversed(node.parts):
                after = self._build(part, after)
            return after
        if node.kind == "alt":
            return self._state("split", *[self._build(part, after) for part in node.parts])
        (part,) = node.parts
        if node.high is None:
            loop = self._state("split")
            self._next[loop] = (self._build(part, loop), after)
            after = loop
        else:
            done = after
            for _ in range(node.high - node.low):
                after = self._state("split", self._build(part, after), done)
        for _ in range(node.low):
            after = self._build(part, after)
        return after

    def found_in(self, text: str) -> bool:
        """Whether the pattern matches somewhere in `text` (never for texts beyond `MAX_TEXT` characters)."""
        if len(text) > MAX_TEXT:
            return False
        current: set[int] = set()
        for at in range(len(text) + 1):
            current |= set(self._reach([self._first], at, len(text)))
            if self._accept in current:
                return True
            if at == len(text):
                return False
            code = ord(text[at])
            step = [
                self._next[state][0]
                for state in current
                if self._marks[state] == "set" and any(low <= code <= high for low, high in self._ranges[state])
            ]
            current = set(self._reach(step, at + 1, len(text)))
        return False

    def _reach(self, states: list[int], at: int, end: int) -> Iterator[int]:
        seen: set[int] = set()
        stack = list(states)
        while stack:
            state = stack.pop()
            if state in seen:
                continue
            seen.add(state)
            mark = self._marks[state]
            if mark == "split" or (mark == "start" and at == 0) or (mark == "end" and at == end):
                stack.extend(self._next[state])
            yield state


@lru_cache(maxsize=500)
def compiled(pattern: str) -> Pattern:
    """Raises `BadPattern`."""
    return Pattern(pattern)
