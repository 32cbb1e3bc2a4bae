"""Routes of the server asked without a server: an application answers in this process."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from starlette.applications import Starlette
from starlette.routing import Route

from tests.support import asynchronous


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    headers: dict[str, str]
    content: bytes

    @property
    def text(self) -> str:
        return self.content.decode()

    def json(self) -> Any:  # noqa: ANN401
        return json.loads(self.content)


def get(routes: Sequence[Route], path: str, cookie: str = "") -> Answer:
    """Ask for a path, without a slash before it, with a cookie "name=value"."""
    sent: list[Any] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Any) -> None:  # noqa: ANN401
        sent.append(message)

    scope = {
        "type": "http",
        "method": "GET",
        "path": f"/{path}",
        "raw_path": f"/{path}".encode(),
        "root_path": "",
        "query_string": b"",
        "headers": [(b"cookie", cookie.encode())] if cookie else [],
    }
    asynchronous.run(Starlette(routes=list(routes))(scope, receive, send))
    headers = {name.decode(): value.decode() for name, value in sent[0]["headers"]}
    return Answer(sent[0]["status"], headers, b"".join(one.get("body", b"") for one in sent[1:]))
