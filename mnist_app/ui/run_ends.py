"""Whoever asks for a fragment while a run ends gets what that run still had to say.

A run's messages wait for a turn of the event loop. Streamlit 1.67 forgets those of a run that has
ended as soon as it begins another one for a fragment, and the page stays without its last elements.
"""

from streamlit.runtime.app_session import AppSession, AppSessionState
from streamlit.runtime.scriptrunner import RerunData

AGAIN_SECONDS = 0.005
_begin = AppSession._create_scriptrunner


def prepare() -> None:
    """Let each session send everything of one run before it begins the next."""
    AppSession._create_scriptrunner = _begin_after_the_last  # type: ignore[assignment, method-assign]


def _begin_after_the_last(session: AppSession, wanted: RerunData) -> None:
    """Begin a run as soon as no other has anything to say.

    A session has a runner until all messages of its run have been sent, or a whole page is asked
    for, which needs none of them.
    """
    if session._state == AppSessionState.SHUTDOWN_REQUESTED:
        return
    runner = session._scriptrunner
    if runner is None:
        _begin(session, wanted)
    elif not runner.request_rerun(wanted):
        session._event_loop.call_later(AGAIN_SECONDS, _begin_after_the_last, session, wanted)
