"""The responses of the server as the OpenAPI document describes them; the tests compare real responses with these.

Shapes that files and the database share come from the schemas of `mathbench.scores` and `mathbench.leaderboard`.
"""

from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, RootModel
from pydantic_core import CoreSchema, core_schema

from mathbench.leaderboard.proof import PROOF
from mathbench.leaderboard.ranking.tables import RankTable
from mathbench.leaderboard.rounds import log
from mathbench.leaderboard.submission_record import RECORD
from mathbench.reserve import SPLITS
from mathbench.scores import schema
from mathbench.scores.schema_types import MapOf, OneOf, Record, Schema, nullable

EXAMPLE_DIGEST = "b41cbd6ac1dfd1c1dd0a9fbd5d9ff1a08bd6ca4ca2bbde4bb1b5b9d38d0cdd4f"


@dataclass(frozen=True)
class Described:
    """An annotation for pydantic: the type is checked and described by a schema."""

    schema: Schema

    def __get_pydantic_core_schema__(self, _: Any, __: Any) -> CoreSchema:
        return core_schema.no_info_plain_validator_function(self._validated)

    def __get_pydantic_json_schema__(self, _: Any, __: Any) -> dict[str, Any]:
        return self.schema.json_schema()

    def _validated(self, value: Any) -> Any:
        self.schema(value, "the value")
        return value


JsonObject = dict[str, Any]
Digest = Annotated[str, Described(schema.DIGEST), Field(examples=[EXAMPLE_DIGEST])]
Time = Annotated[
    str,
    Described(schema.TIME),
    Field(description="ISO 8601 in UTC", examples=["2026-01-31T12:00:00Z"]),
]


class Reply(BaseModel):
    """An object with exactly these keys."""

    model_config = ConfigDict(extra="forbid")


class ErrorReply(Reply):
    """Why a request was refused."""

    error: str = Field(
        description="One line.", examples=["a token is required: the header 'Authorization: Bearer mb_...'."]
    )


_RETRY = {"Retry-After": {"description": "Seconds.", "required": True, "schema": {"type": "integer"}}}

Responses = dict[int | str, dict[str, Any]]

SAME: Responses = {304: {"description": "The content with this ETag has not changed."}}


def refusals(*statuses: int) -> Responses:
    """The error responses of a route for its documentation: these, and those of all routes."""
    error: dict[str, Any] = {"model": ErrorReply}
    retry = error | {"headers": _RETRY}
    return {status: retry if status in (429, 503) else error for status in (400, *statuses, 429, 503)}


class LimitsReply(Reply):
    """The limits of submissions."""

    largest_body: int = Field(description="Largest request body in bytes.")
    most_rows: int
    per_minute: int = Field(description="Submissions of all clients.")
    per_minute_and_token: int
    scoring_seconds: float
    work: float = Field(description="CPU time in seconds for scoring one submission.")
    work_per_hour_and_token: float = Field(description="CPU time in seconds for scoring, per hour.")


class HealthReply(Reply):
    """The server works, and its database responds."""

    status: Literal["ok"]
    version: str = Field(description="Version of mathbench.", examples=["0.3.0"])
    board: str
    submissions: int
    limits: LimitsReply


class TablesReply(Reply):
    """All tables of a board."""

    schema_version: Literal[1]
    board: str
    tables: list[RankTable]


class SplitScoreReply(RootModel[Annotated[JsonObject, Described(schema.RESCORED_SPLIT)]]):
    """The score of one split, with its strata."""


# all keys are present in a response except for the proof, the scores are recomputed ones, and only folders have files
# of wrong answers
_ABSENT = ("proof", "wrong_answers_sha256")
_RECORD = Record(
    {
        **{name: field for name, field in RECORD.all_fields.items() if name not in _ABSENT},
        "scores": MapOf(schema.RESCORED_SPLIT, SPLITS),
        "solver": MapOf(schema.SCORE, SPLITS),
    },
    {"proof": PROOF},
)


class SubmissionReply(RootModel[Annotated[JsonObject, Described(_RECORD)]]):
    """One submission on the board, without its predictions."""


class AttemptReply(Reply):
    """One attempt to submit, withdraw or reproduce a submission."""

    id: int
    at: Time
    digest: str | None = Field(description="Null for a refused submission.")
    outcome: Literal["kept", "repeated", "refused", "withdrawn", "reproduced"]
    message: str


class AttemptsReply(Reply):
    """Attempts, newest first."""

    counts: dict[str, int] = Field(examples=[{"kept": 2, "repeated": 1, "refused": 4}])
    attempts: list[AttemptReply]


class ReceiptReply(Reply):
    """The outcome of a submission."""

    digest: Digest
    board: str
    new: bool = Field(description="False when the board already had this content.")
    attempts: int
    badge: str
    model: str
    task: str
    scores: dict[str, SplitScoreReply]
    differences: list[str] = Field(description="Claims that differ from the recomputed scores.")
    proof: Annotated[JsonObject | None, Described(nullable(PROOF))] = Field(
        description="What the certificate proves; null without one."
    )
    sent: dict[str, Any] = Field(description="For a dry run: predictions, bytes, their digest, the manifest.")


LineDigest = Annotated[
    str,
    Described(schema.DIGEST),
    Field(examples=[EXAMPLE_DIGEST], description="SHA-256 of the entry's line in the log; keep it."),
]


class RoundTaskReply(RootModel[Annotated[JsonObject, Described(schema.TASK)]]):
    """A task as the log writes it."""


class EventReply(RootModel[Annotated[JsonObject, Described(OneOf(tuple(log.EVENTS.values())))]]):
    """One line of a round's log."""


class RoundReply(Reply):
    """The summary of a round."""

    name: str
    state: Literal["waiting", "open", "closed", "revealed"]
    opens: Time
    closes: Time
    answer_seconds: int = Field(description="Time limit in seconds from questions to answers.")
    tasks: list[RoundTaskReply]
    sizes: Annotated[JsonObject, Described(log.SIZES)] = Field(
        description="Questions per split of each task."
    )
    sizes_by_task: Annotated[JsonObject, Described(MapOf(log.SIZES))] = Field(
        description="The same by the names of tasks that have other ones."
    )
    season: str | None = Field(description="The season whose tasks these are.")
    entries_per_submitter: int | None = Field(description="Null in rounds of earlier versions.")
    commitment: Digest
    entries: int
    answered: int = Field(description="Entries with submitted answers.")


class RoundsReply(Reply):
    """All rounds."""

    rounds: list[RoundReply]


class WholeRoundReply(RoundReply):
    """A round with all events of its log; the scores are in the event `reveal`."""

    events: list[EventReply]


class QuestionReply(Reply):
    """One question; its answer is sent with the same split, row and task."""

    split: str
    row: int
    question: str
    task: str


class EnteredReply(Reply):
    """An entry with its questions."""

    entry: str = Field(examples=["e1"])
    deadline: Time
    receipt: LineDigest
    line: Annotated[JsonObject, Described(log.EVENTS["challenge"])] = Field(
        description="The entry's line of the log; the receipt is its SHA-256."
    )
    questions: list[QuestionReply]


class AnsweredReply(Reply):
    """The answers were stored; their score is published when the round is revealed."""

    entry: str
    receipt: LineDigest
    line: Annotated[JsonObject, Described(log.EVENTS["answer"])]
