"""What the server's processes log: plain text, or JSON lines without drawings and addresses."""

import ipaddress
import json
import logging
import os
import re
from datetime import UTC, datetime

from mnist_app import limits

LONGEST = 8000
"""Characters of a message or a traceback; its beginning and its end are kept."""
LEFT_OUT, ADDRESS = "(left out)", "(address)"
# Base64, digests and visitors' numbers; and the numbers of strokes and images.
_CONTENT = re.compile(r"[A-Za-z0-9+/]{16,}={0,2}|(?:\b\d[\d.e+-]*[\s,;()\[\]]+){16,}")
# A path or a name: one that is short, or of small letters alone.
_NAME = re.compile(r"[a-z/]+|(?=.{16,31}$)(?:[A-Za-z]+|[a-z0-9/]+)")
_STROKES = re.compile(r"(strokes\W{1,4})[A-Za-z0-9+/=]+")
_MAYBE_ADDRESS = re.compile(r"(?<![\w.:])(?:\d{1,3}(?:\.\d{1,3}){3}|[0-9A-Fa-f:]*:[0-9A-Fa-f:.]+)")


def prepare() -> None:
    """Let this process log as MNIST_APP_LOG says. Call it first."""
    if is_json():
        handler = logging.StreamHandler()
        handler.setFormatter(JsonLines())
        logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)


def is_json() -> bool:
    """Say whether JSON lines are logged."""
    return limits.LOG.value() == "json"


class JsonLines(logging.Formatter):
    """Makes one JSON object a line of each record: time, level, logger, process, message.

    Where something was raised, also its traceback.
    """

    def format(self, record: logging.LogRecord) -> str:
        """Return a record as a line without its end."""
        said = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "process": os.getpid(),
            "message": without_people(record.getMessage()),
        }
        if record.exc_info:
            said["traceback"] = without_people(self.formatException(record.exc_info))
        return json.dumps(said, ensure_ascii=False)


def without_people(text: str) -> str:
    """Return a text without what may be a drawing, a visitor's number or an address."""
    if len(text) > LONGEST:
        text = f"{text[: LONGEST // 2]} … {text[-LONGEST // 2 :]}"
    text = _CONTENT.sub(_without_content, _STROKES.sub(rf"\1{LEFT_OUT}", text))
    return _MAYBE_ADDRESS.sub(_without_address, text)


def _without_content(found: re.Match[str]) -> str:
    text = found.group()
    return text if _NAME.fullmatch(text) else LEFT_OUT


def _without_address(found: re.Match[str]) -> str:
    """Return what stands in an address's place; what follows it, such as a port, stays."""
    text = found.group()
    for address in (text, text.rstrip(":."), text.rpartition(":")[0]):
        try:
            ipaddress.ip_address(address)
        except ValueError:
            continue
        return ADDRESS + text[len(address) :]
    return text
