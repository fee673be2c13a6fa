"""People at their desks: what somebody does and sees in the browser, by the words on the page."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable
from datetime import date

from playwright.sync_api import Locator, Page, expect

PHOTO = {
    "name": "照片.png",
    "mimeType": "image/png",
    "buffer": base64.b64decode(
        "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
    ),
}
FILE = "〔照片〕"  # as a value: hand a picture in


class Person:
    """One person with a browser of their own, logged in until the end."""

    def __init__(self, page: Page, name: str) -> None:
        self.page = page
        self.name = name

    def goes_to(self, path: str) -> None:
        self.page.goto(path)

    def follows(self, link: str) -> None:
        self.page.get_by_role("link", name=link, exact=True).first.click()

    def opens(self, task: str, subject: str = "") -> None:
        """From the desk to one task, of the case whose line holds `subject`."""
        self.page.goto("/work")
        line = self.page.locator("tbody tr").filter(has_text=subject)
        line.get_by_role("link", name=task, exact=True).first.click()
        expect(self.page.locator("h1")).to_have_text(task)

    def has_nothing_to_do(self, subject: str = "") -> None:
        self.page.goto("/work")
        expect(self.page.locator("h1")).to_have_text("我的工作")
        expect(self.page.locator("tbody tr").filter(has_text=subject or re.compile("."))).to_have_count(0)

    def fills(self, answers: dict[str, str | tuple[str, ...]], row: str | None = None) -> None:
        """Each answer beside its label; `row`: only inside the row of that heading (`代表作 1`)."""
        scope = self.page.locator("#task-form")
        if row is not None:
            scope = scope.locator("[data-row]").filter(has=self.page.get_by_role("heading", name=row, exact=True)).last
        for label, answer in answers.items():
            self._answer(scope, label, answer)

    def _answer(self, scope: Locator, label: str, answer: str | tuple[str, ...]) -> None:
        named = re.compile(rf"^\s*{re.escape(label)}\s*(（必填）|（选填）)?\s*$")
        caption = scope.locator("label, legend").filter(has_text=named, visible=True).first
        control = caption.get_attribute("for")
        if control is None:  # the question above a group of choices
            for choice in (answer,) if isinstance(answer, str) else answer:
                caption.locator("xpath=..").get_by_label(choice, exact=True).check()
            return
        assert isinstance(answer, str)
        field = self.page.locator(f"[id='{control}']")
        kind = field.evaluate("one => one.tagName === 'SELECT' ? 'select' : one.type")
        if kind == "select":
            options = field.locator("option").all_inner_texts()
            chosen = [one for one in options if one == answer] or [one for one in options if answer in one]
            field.select_option(label=chosen[0])
        elif kind in ("checkbox", "radio"):
            field.set_checked(answer == "是")
        elif kind == "file":
            field.set_input_files(PHOTO)  # type: ignore[arg-type]
            expect(caption.locator("xpath=..").get_by_text(f"{PHOTO['name']} 已上传")).to_be_visible()
        else:
            field.fill(answer)

    def chooses(self, field: str, option: str) -> None:
        """In a table of choices, where one label stands above a whole column."""
        self.page.locator(f"[name='{field}']").select_option(label=option)

    def adds(self, what: str) -> None:
        """One more row: `adds("代表作")`."""
        self.page.get_by_role("button", name=f"添加一项：{what}", exact=True).click()

    def presses(self, button: str) -> None:
        self.page.get_by_role("button", name=button, exact=True).click()

    def submits(self) -> None:
        """Sends the form and reads the page that follows."""
        task = self.page.locator("h1").inner_text()
        self.presses("提交")
        expect(self.page.locator("h1")).to_have_text(f"已办结：{task}")

    def does(self, task: str, answers: dict[str, str | tuple[str, ...]], subject: str = "") -> None:
        """One whole task: open it, fill it in, send it."""
        self.opens(task, subject)
        self.fills(answers)
        self.submits()

    def sees(self, *texts: str) -> None:
        """Each text stands somewhere in the page's main part, whatever its line breaks."""
        for text in texts:
            expect(self.page.locator("main")).to_contain_text(text)

    def sees_not(self, *texts: str) -> None:
        for text in texts:
            expect(self.page.locator("main")).not_to_contain_text(text)

    def moves_the_clock(self, day: str, hours: int = 0) -> None:
        """With the bar at the top, to 9:00 of a later day, and on by hours. The background work follows before the page answers."""
        if self.page.locator(".zp-clock-form").count() == 0:
            self.page.goto("/")
        if self.page.locator(".zp-clock-more[open]").count() == 0:
            self.page.locator(".zp-clock-more summary").click()
        self.page.fill("#clock-day", day)
        self.presses("拨到这一天")
        then = date.fromisoformat(day)
        shown = f"{then.year}年{then.month}月{then.day}日"
        expect(self.page.locator(".zp-clock-now time")).to_contain_text(shown)
        for _ in range(hours):
            self.page.get_by_role("button", name="+1 小时").click()
        expect(self.page.locator(".zp-clock-now time")).to_contain_text(f"{9 + hours:02}:00")


class Office:
    """Everybody of the province, each logged in when first needed."""

    def __init__(self, visit: Callable[..., Page]) -> None:
        self._visit = visit
        self._people: dict[str, Person] = {}

    def __getitem__(self, username: str) -> Person:
        if username not in self._people:
            self._people[username] = Person(self._visit(username), username)
        return self._people[username]

    def anybody(self) -> Person:
        """Somebody without an account."""
        return Person(self._visit(None), "")
