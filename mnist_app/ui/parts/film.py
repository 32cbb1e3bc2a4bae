"""The film of a run that has ended, and of another one in step with it."""

import streamlit as st

from mnist_app.training.run import Run
from mnist_app.ui import addresses, films, session, validation_sprite, visitor
from mnist_app.ui.components import film
from mnist_app.ui.components.film import Reel
from mnist_app.ui.parts import run_choice


@st.fragment
def show(run: Run) -> None:
    """Show what a run looked like while it trained, and let the visitor choose another beside it.

    Nothing is shown of one that is active or never learned anything.
    """
    if not _has_film(run):
        return
    st.subheader("Its training as a film", anchor=False)
    st.caption("Drag the slider, press the arrow keys, or play it.")
    beside = _choose(run)
    film.show([_reel(one) for one in (run, beside) if one is not None], key="film")


def _has_film(run: Run) -> bool:
    return not run.is_active and run.status != "damaged" and run.last_event > 0


def _choose(run: Run) -> Run | None:
    """Let the visitor choose another of the runs that he sees."""
    others = [one for one in run_choice.visible() if _has_film(one) and one.name != run.name]
    titles = {one.name: run_choice.title(one) for one in others}
    names = list(titles)
    if not names:
        return None
    if st.session_state.get(session.BESIDE_RUN) not in names:
        st.session_state[session.BESIDE_RUN] = None
    name = st.selectbox(
        "Beside it",
        names,
        index=None,
        format_func=lambda name: titles.get(name, name),
        placeholder="Another run, in step",
        key=session.BESIDE_RUN,
        persist_state="session",
        width=420,
    )
    return next((one for one in others if one.name == name), None)


def _reel(run: Run) -> Reel:
    source = run.settings.data
    path = films.path(run, visitor.owner())
    digits = validation_sprite.watched_images(source)
    base = addresses.base_path().lstrip("/")
    sprite = f"{base}/{validation_sprite.sprite(source).path}".lstrip("/")
    labels = "".join(map(str, digits.labels))
    return Reel(run.name, path, f"{path}.png", sprite, labels)
