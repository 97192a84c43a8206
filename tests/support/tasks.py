"""Tasks as tests speak of them."""

from shared.contracts.language import Task


def only(tasks: tuple[Task, ...]) -> Task | None:
    """The one task, None where there is none. Several are an error: then a test must say which it means."""
    [task] = tasks or (None,)
    return task
