"""What is wrong with workers, in sentences for people."""


class WorkerError(Exception):
    """No worker can be started; the message is a sentence for the person."""

    def __init__(self, sentence: str, detail: str) -> None:
        """Say it; `detail` is for the log and for who works at this machine alone."""
        super().__init__(sentence)
        self.detail = detail
