"""Why there is no answer from the model process."""

from mnist_app.networks.prediction import PredictionError


class InferenceError(PredictionError):
    """No answer from the model process; the message is a sentence for the person."""


class CanceledError(InferenceError):
    """The work was canceled, or the model process was stopped during it."""
