"""What the addresses of sealed rounds answer, as it stands in the OpenAPI document."""

from typing import Annotated, Any, Literal

from pydantic import Field

from mathbench.leaderboard.server.replies import DIGEST, Digest, Reply, Time

Receipt = Annotated[
    str,
    Field(pattern="^[0-9a-f]{64}$", examples=[DIGEST], description="SHA-256 of the entry's line; keep it."),
]


class Task(Reply):
    """A task as the log writes it."""

    id: str
    name: str
    parameters: dict[str, Any]


class Round(Reply):
    """A round in short."""

    name: str
    state: Literal["open", "closed", "revealed"]
    opens: Time
    closes: Time
    answer_seconds: int = Field(description="From questions to answers.")
    tasks: list[Task]
    sizes: dict[str, int] = Field(description="Questions per split, of every task.")
    commitment: Digest
    entries: int
    answered: int = Field(description="Entries that have handed in answers.")


class Rounds(Reply):
    """All rounds."""

    rounds: list[Round]


class WholeRound(Round):
    """A round with everything that its log says; scores stand in the event reveal, and nowhere before."""

    events: list[dict[str, Any]]


class Challenge(Reply):
    """What registers a model."""

    model: str = Field(examples=["mine"])
    weights_sha256: Digest


class Question(Reply):
    """One question; its answer goes back with the same split, row and task."""

    split: str
    row: int
    question: str
    task: str


class Entered(Reply):
    """An entry with its questions."""

    entry: str = Field(examples=["e1"])
    deadline: Time
    receipt: Receipt
    line: dict[str, Any] = Field(
        description="The entry's line of the log, which the receipt is the SHA-256 of."
    )
    questions: list[Question]


class Answered(Reply):
    """Answers were taken; what they score is told when the round is revealed."""

    entry: str
    receipt: Receipt
    line: dict[str, Any]
