"""Streamlit and uvicorn log as the rest does: each would write lines of its own otherwise."""

import logging

import uvicorn.config
from streamlit import logger as streamlit_logger

from mnist_app import logs


def prepare() -> None:
    """Let the page process log as MNIST_APP_LOG says. Call it as the program begins."""
    logs.prepare()
    if logs.is_json():
        setattr(streamlit_logger, "setup_formatter", _leave_to_root)  # noqa: B010
        streamlit_logger.update_formatter()
        uvicorn.config.LOGGING_CONFIG |= {"formatters": {}, "handlers": {}, "loggers": {}}


def _leave_to_root(logger: logging.Logger) -> None:
    logger.handlers.clear()
    logger.propagate = logger.name != "uvicorn.access"  # each request would be a line
