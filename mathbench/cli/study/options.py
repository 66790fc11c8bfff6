"""Options of several commands of studies."""

from pathlib import Path
from typing import Annotated

import typer

StudyFolder = Annotated[Path, typer.Argument(help="Folder of a study.", metavar="DIR")]
TaskPatterns = Annotated[
    list[str] | None, typer.Option("--task", help="Tasks, names or patterns; may be repeated. Default: all.")
]
LearnerPatterns = Annotated[
    list[str] | None,
    typer.Option("--learner", help="Learners, names or patterns; may be repeated. Default: all."),
]
