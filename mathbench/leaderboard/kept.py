"""One submission as a board keeps it, whatever the board is: a database or a folder of JSON files."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from mathbench.leaderboard import schema
from mathbench.leaderboard.checker import Checked
from mathbench.leaderboard.scoring import Scored
from mathbench.metrics import Score
from mathbench.reserve import SPLITS

BADGES = {
    "self-reported": "the score is what the submitter says",
    "re-scored": "the score was recomputed from the predictions",
    "reproduced": "the run was repeated from its recipe, and its score was found again",
}

FILE = schema.record(
    {
        "schema_version": schema.whole(1, 1),
        "digest": schema.text(64, "[0-9a-f]{64}"),
        "submitted": schema.text(32, r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ"),
        "badge": schema.text(20, "|".join(BADGES)),
        "withdrawn": schema.either(schema.text(500), schema.nothing),
        "predictions_digest": schema.text(64, "[0-9a-f]{64}"),
        "scores": schema.table(schema.SCORE, SPLITS),
        "solver": schema.table(schema.COUNT, SPLITS),
        "differences": schema.listing(schema.text(500)),
        "manifest": schema.RESULT,
    }
)


@dataclass(frozen=True)
class Kept:
    """A submission with what was recomputed about it.

    Args:
        digest: identifies its content.
        submitted: when it came first, ISO 8601 in UTC.
        badge: one of `BADGES`.
        manifest: the result.json that came with it.
        predictions_digest: SHA-256 over what its predictions say.
        checked: the recomputed scores.
        withdrawn: why it was withdrawn; None while it stands.

    Raises:
        ValueError: for an unknown badge.
    """

    digest: str
    submitted: str
    badge: str
    manifest: Mapping[str, Any]
    predictions_digest: str
    checked: Checked
    withdrawn: str | None = None

    def __post_init__(self) -> None:
        if self.badge not in BADGES:
            raise ValueError(f"badge must be one of {', '.join(BADGES)}. Received: {self.badge!r}.")

    def to_json(self) -> dict[str, Any]:
        """As a file of a folder board: everything but the predictions themselves."""
        return {
            "schema_version": 1,
            "digest": self.digest,
            "submitted": self.submitted,
            "badge": self.badge,
            "withdrawn": self.withdrawn,
            "predictions_digest": self.predictions_digest,
            "scores": {split: score.to_json() for split, score in self.checked.scores.items()},
            "solver": {split: count.to_json() for split, count in self.checked.solver.items()},
            "differences": list(self.checked.differences),
            "manifest": dict(self.manifest),
        }

    @classmethod
    def of(cls, record: Any) -> "Kept":
        """Read such a file again.

        Raises:
            InputError: for anything that the schema does not allow.
        """
        FILE(record, "the file")
        scores = {split: Scored.of(score) for split, score in record["scores"].items()}
        solver = {split: Score(c["n"], c["correct"]) for split, c in record["solver"].items()}
        checked = Checked(scores, solver, tuple(record["differences"]))
        names = ("digest", "submitted", "badge", "manifest", "predictions_digest")
        return cls(**{name: record[name] for name in names}, checked=checked, withdrawn=record["withdrawn"])


def same_scores(one: Checked, other: Checked) -> bool:
    """Whether two checks found the same, split for split and stratum for stratum."""
    return bool(asdict(one)["scores"] == asdict(other)["scores"])
