"""The film of a run that has ended, and of another one in step with it."""

import streamlit as st

from mnist_app.training.run import Run
from mnist_app.ui import addresses, films, session, validation_sprite, visitor
from mnist_app.ui.components import film
from mnist_app.ui.components.film import Reel
from mnist_app.ui.markup import run_words
from mnist_app.ui.parts import run_choice


@st.fragment
def show(run: Run) -> None:
    """Show what a run looked like while it trained; the visitor may choose another one beside it.

    It must be one that `exists`.
    """
    beside = st.session_state.get(session.BESIDE_RUN)
    others = _others(run)
    reels = [_reel(one) for one in (run, *others) if one.name in (run.name, beside)]
    film.show(reels, key="film")
    _choose(others)


def exists(run: Run) -> bool:
    """Say whether a run has a film: it has ended, and learned something before."""
    return not run.is_active and run.status != "damaged" and run.last_event > 0


def _others(run: Run) -> list[Run]:
    """Return the runs that may be chosen beside a run: others that the visitor sees."""
    return [one for one in run_choice.visible() if exists(one) and one.name != run.name]


def _choose(others: list[Run]) -> None:
    """Let the visitor choose one of the others, or none."""
    if not others:
        return
    titles = {one.name: run_choice.title(one) for one in others}
    names = list(titles)
    if st.session_state.get(session.BESIDE_RUN) not in names:
        st.session_state[session.BESIDE_RUN] = None
    st.selectbox(
        "Beside it",
        names,
        index=None,
        format_func=lambda name: titles.get(name, name),
        placeholder="Another run, in step",
        key=session.BESIDE_RUN,
        persist_state="session",
        width=420,
    )


def _reel(run: Run) -> Reel:
    source = run.settings.data
    path = films.path(run, visitor.owner())
    digits = validation_sprite.watched_images(source)
    base = addresses.base_path().lstrip("/")
    sprite = f"{base}/{validation_sprite.sprite(source).path}".lstrip("/")
    labels = "".join(map(str, digits.labels))
    said = run_words.state(run), run_words.where(run, 0, 0)
    return Reel(run.name, *said, path, f"{path}.png", sprite, labels)
