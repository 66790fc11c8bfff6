"""The command that prints the JSON Schema of a file: schema."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from mathbench.cli.output import print_json
from mathbench.errors import InputError, did_you_mean

if TYPE_CHECKING:
    from mathbench.scores.schema_types import Schema

# the file of each schema, and what it describes
TITLES = {
    "manifest": (
        "manifest.json",
        "What a dataset consists of: tasks, seeds, rows per split, files and digests.",
    ),
    "result": ("result.json", "What a run was and what it scored."),
    "submission": ("submission.json", "A model from anywhere and its answers, for a leaderboard."),
}


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(schema)


def schema(
    file: Annotated[str, typer.Argument(help="The file: manifest, result or submission.")],
) -> None:
    """Print the JSON Schema of a file that others read or write.

    manifest is the manifest.json of a dataset, result the result.json of a run,
    submission the submission.json of a model from anywhere. JSON Schema, draft
    2020-12, says which keys and values there are. What several values have to do
    with each other is checked by `mathbench verify` and `mathbench submit`.

    Examples:
      mathbench schema submission

      mathbench schema manifest > manifest.schema.json
    """
    print_json(document(file))


def document(name: str) -> dict[str, Any]:
    """The JSON Schema of a file, by its name in `TITLES`.

    Raises:
        InputError: for another name.

    >>> document("manifest")["required"]
    ['schema_version', 'mathbench', 'shard_rows', 'configs']
    """
    if name not in TITLES:
        raise InputError(f"there is no schema of '{name}'. {did_you_mean(name, TITLES)}")
    title, description = TITLES[name]
    about = {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": title}
    return {**about, "description": description, **_schemas()[name].json_schema()}


def _schemas() -> "dict[str, Schema]":
    """The schemas by which mathbench checks the files itself."""
    from mathbench.leaderboard.seasons.expand import SEASON_SUBMISSION
    from mathbench.leaderboard.submission_manifest import SUBMISSIONS
    from mathbench.scores.schema import DATASET, RESULT
    from mathbench.scores.schema_types import OneOf

    submission = OneOf((SEASON_SUBMISSION, *reversed(SUBMISSIONS.values())))
    return {"manifest": DATASET, "result": RESULT, "submission": submission}
