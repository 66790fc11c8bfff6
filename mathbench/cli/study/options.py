"""Options of several commands of studies."""

from typing import Annotated

import typer

TaskPatterns = Annotated[
    list[str] | None, typer.Option("--task", help="Tasks, names or patterns; may be repeated. Default: all.")
]
LearnerPatterns = Annotated[
    list[str] | None,
    typer.Option("--learner", help="Learners, names or patterns; may be repeated. Default: all."),
]
