"""The responses of the server as the OpenAPI document describes them; the tests compare real responses with these."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from mathbench.leaderboard.ranking.rank import RankTable

DIGEST = "b41cbd6ac1dfd1c1dd0a9fbd5d9ff1a08bd6ca4ca2bbde4bb1b5b9d38d0cdd4f"

Digest = Annotated[str, Field(pattern="^[0-9a-f]{64}$", examples=[DIGEST])]
Time = Annotated[str, Field(description="ISO 8601 in UTC", examples=["2026-01-31T12:00:00Z"])]
Share = Annotated[float, Field(ge=0, le=1)]


class Reply(BaseModel):
    """An object with exactly these keys."""

    model_config = ConfigDict(extra="forbid")


class ErrorReply(Reply):
    """Why a request was refused."""

    error: str = Field(description="One line.", examples=["a token is needed: Authorization: Bearer mb_..."])


_LATER = {"Retry-After": {"description": "Seconds.", "required": True, "schema": {"type": "integer"}}}

Responses = dict[int | str, dict[str, Any]]

SAME: Responses = {304: {"description": "What this ETag belongs to has not changed."}}


def refusals(*statuses: int) -> Responses:
    """The refusals of an address for its document: these, and those that any address may answer with."""
    error: dict[str, Any] = {"model": ErrorReply}
    late = error | {"headers": _LATER}
    return {status: late if status in (429, 503) else error for status in (400, *statuses, 429, 503)}


class CountReply(Reply):
    """Right answers, their share, and its Wilson 95 % interval."""

    n: int
    correct: int
    exact_match: Share
    low: Share
    high: Share


class ScoreReply(CountReply):
    """The score of one split, with its strata."""

    strata: dict[str, CountReply]


class LimitsReply(Reply):
    """What a submission may be, and how often one may come."""

    largest_body: int = Field(description="Bytes.")
    most_rows: int
    per_minute: int = Field(description="Submissions from everybody together.")
    per_minute_and_token: int
    scoring_seconds: float


class HealthReply(Reply):
    """The server works, and its database answers."""

    status: Literal["ok"]
    version: str = Field(description="Of mathbench.", examples=["0.2.0"])
    board: str
    submissions: int
    limits: LimitsReply


class TablesReply(Reply):
    """All tables of a board."""

    schema_version: Literal[1]
    board: str
    tables: list[RankTable]


class SubmissionReply(Reply):
    """One submission as the board keeps it, without its predictions."""

    schema_version: Literal[1]
    digest: Digest
    submitted: Time
    badge: str
    withdrawn: str | None = Field(description="Why it was withdrawn; null while it stands.")
    predictions_digest: str
    scores: dict[str, ScoreReply]
    solver: dict[str, CountReply]
    differences: list[str]
    manifest: dict[str, Any]
    attempts: int = Field(description="How often this content was submitted.")


class AttemptReply(Reply):
    """One time that somebody submitted something, or withdrew it."""

    id: int
    at: Time
    digest: str | None = Field(description="Null when it was refused.")
    outcome: Literal["kept", "repeated", "refused", "withdrawn", "reproduced"]
    message: str


class AttemptsReply(Reply):
    """Attempts, newest first."""

    counts: dict[str, int] = Field(examples=[{"kept": 2, "repeated": 1, "refused": 4}])
    attempts: list[AttemptReply]


class ReceiptReply(Reply):
    """What became of a submission."""

    digest: Digest
    board: str
    new: bool = Field(description="False when the board had this content already.")
    attempts: int
    badge: str
    model: str
    task: str
    scores: dict[str, ScoreReply]
    differences: list[str] = Field(description="Claims that do not agree with the recomputed scores.")
    sent: dict[str, Any] = Field(description="What came: predictions, bytes, their digest, the manifest.")


LineDigest = Annotated[
    str,
    Field(pattern="^[0-9a-f]{64}$", examples=[DIGEST], description="SHA-256 of the entry's line; keep it."),
]


class RoundTaskReply(Reply):
    """A task as the log writes it."""

    id: str
    name: str
    parameters: dict[str, Any]


class RoundReply(Reply):
    """A round in short."""

    name: str
    state: Literal["open", "closed", "revealed"]
    opens: Time
    closes: Time
    answer_seconds: int = Field(description="From questions to answers.")
    tasks: list[RoundTaskReply]
    sizes: dict[str, int] = Field(description="Questions per split, of every task.")
    commitment: Digest
    entries: int
    answered: int = Field(description="Entries that have handed in answers.")


class RoundsReply(Reply):
    """All rounds."""

    rounds: list[RoundReply]


class WholeRoundReply(RoundReply):
    """A round with everything that its log says; scores stand in the event reveal, and nowhere before."""

    events: list[dict[str, Any]]


class ChallengeReply(Reply):
    """What registers a model."""

    model: str = Field(examples=["mine"])
    weights_sha256: Digest


class QuestionReply(Reply):
    """One question; its answer goes back with the same split, row and task."""

    split: str
    row: int
    question: str
    task: str


class EnteredReply(Reply):
    """An entry with its questions."""

    entry: str = Field(examples=["e1"])
    deadline: Time
    receipt: LineDigest
    line: dict[str, Any] = Field(
        description="The entry's line of the log, which the receipt is the SHA-256 of."
    )
    questions: list[QuestionReply]


class AnsweredReply(Reply):
    """Answers were taken; what they score is told when the round is revealed."""

    entry: str
    receipt: LineDigest
    line: dict[str, Any]
