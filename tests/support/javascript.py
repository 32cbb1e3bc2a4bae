"""The elements' JavaScript, called function by function in a real browser."""

import importlib
import re
from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from playwright.sync_api import Page

from mnist_app.ui import element

COMPONENTS = element.COMPONENTS
# An element's script exports its main function alone: here all of them are.
LOAD = """async ({ name, text, functions }) => {
  const exported = `${text}\\nexport { ${functions.join(", ")} };`;
  const url = URL.createObjectURL(new Blob([exported], { type: "text/javascript" }));
  (globalThis.scripts ??= {})[name] = await import(url);
  return typeof globalThis.scripts[name].default;
}"""
CALL = """({ name, called, calls }) => calls.map((given) => {
  const result = globalThis.scripts[name][called](...given);
  if (result instanceof ImageData) {
    return { data: [...result.data], width: result.width, height: result.height };
  }
  return ArrayBuffer.isView(result) ? [...result] : result;
})"""


class Script:
    """An element's script, whose functions are called in the browser."""

    def __init__(self, page: Page, name: str) -> None:
        self.page, self.name = page, name
        package = importlib.import_module(f"mnist_app.ui.components.{name}")
        constants, uses = getattr(package, "CONSTANTS", None), getattr(package, "USES", ())
        text = element.script(COMPONENTS / name, constants, uses)
        functions = re.findall(r"^function (\w+)", text, re.MULTILINE)
        loaded = {"name": name, "text": text, "functions": functions}
        assert page.evaluate(LOAD, loaded) == "function"

    def each(self, called: str, calls: Sequence[Sequence[object]]) -> list[Any]:
        """Call a function once for each list of arguments; return all results."""
        given = {"name": self.name, "called": called, "calls": [list(call) for call in calls]}
        return list(self.page.evaluate(CALL, given))

    def call(self, called: str, *given: object) -> Any:  # noqa: ANN401
        return self.each(called, [given])[0]


def as_shown(value: float, more: int = 0) -> str:
    """Return what a number is shown as, computed with decimals of any length."""
    size = abs(value)
    decimals = more + (0 if size >= 999.5 else 1 if size >= 99.95 else 2)
    if float(value).is_integer():
        return f"{value:.0f}".replace("-0", "0").replace("-", "−")
    text = str(Decimal(value).quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP))
    return text.removeprefix("-") if float(text) == 0 else text.replace("-", "−")
