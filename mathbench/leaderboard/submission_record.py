"""Submissions on a board, which is a database or a folder of JSON files."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from mathbench.errors import InputError
from mathbench.hashing import check_seed
from mathbench.leaderboard.check import CheckResult
from mathbench.leaderboard.names import folded_name
from mathbench.leaderboard.proof import MEANING, PROOF, PROVED, Proof
from mathbench.leaderboard.submission import canonical_json
from mathbench.leaderboard.submission_manifest import MANIFEST, ManifestSummary, summarise_manifest
from mathbench.reserve import SPLITS
from mathbench.scores.results import Score, SplitScore
from mathbench.scores.schema import DIGEST, FILED_SCORE, SPLIT_SCORE, TIME
from mathbench.scores.schema_types import Integer, ListOf, MapOf, Record, Text, nullable

CLAIMED, RESCORED, REPRODUCED = "claimed", "re-scored", "reproduced"
# in ascending order
BADGES = {
    CLAIMED: "the score is a claim: the answers behind it are not here, so that nobody can recompute it",
    RESCORED: "the score was recomputed from the predictions",
    REPRODUCED: "the run was trained again from its recipe, and the new score lies in the interval of this one",
    PROVED: MEANING,
}
FORMER_BADGES = {"self-reported": CLAIMED}  # words of older boards and files


def current_badge(stored: str, proof: Proof | None) -> str:
    """The badge of a stored submission: older boards have another word for claims, and none for proofs.

    >>> current_badge("self-reported", None), current_badge("re-scored", Proof("all numbers", True, "0" * 64))
    ('claimed', 'proved')
    """
    return PROVED if proof else FORMER_BADGES.get(stored, stored)


def weakest_badge(badges: Iterable[str]) -> str:
    """The badge of those that says the least.

    >>> weakest_badge(["proved", "re-scored", "reproduced"])
    're-scored'
    """
    return min(badges, key=list(BADGES).index)


WITHDRAWAL_REASON = Text(500)
RECORD = Record(
    {
        "schema_version": Integer(1, 1),
        "digest": DIGEST,
        "submitted": Text(32, TIME.pattern),
        "badge": Text(20, "|".join((*BADGES, *FORMER_BADGES))),
        "withdrawn": nullable(WITHDRAWAL_REASON),
        "predictions_digest": DIGEST,
        "scores": MapOf(SPLIT_SCORE, SPLITS),
        "solver": MapOf(FILED_SCORE, SPLITS),
        "differences": ListOf(Text(500)),
        "manifest": MANIFEST,
    },
    {
        "attempts": Integer(1),
        "proof": PROOF,
        "submitter": nullable(Text(50)),
        "number": Integer(0),
        "wrong_answers_sha256": DIGEST,
    },
)


@dataclass(frozen=True)
class SubmissionRecord:
    """A submission on a board, with its recomputed scores.

    Args:
        digest: identifies its content.
        submitted: the time of its first attempt, ISO 8601 in UTC.
        badge: one of `BADGES`.
        manifest: its result.json or submission.json.
        predictions_digest: SHA-256 over the content of its predictions.
        checked: the recomputed scores.
        withdrawn: the reason; None if it was not withdrawn.
        attempts: how often this content was submitted.
        submitter: the name of the token that it was submitted with; None where the host put it on the board.
        number: grows with its arrival on the board: times are whole seconds, in which several may arrive.
        wrong_answers: SHA-256 of the file with its wrong answers, beside its file in a folder; None without one.

    Raises:
        ValueError: for an unknown badge.
    """

    digest: str
    submitted: str
    badge: str
    manifest: Mapping[str, Any]
    predictions_digest: str
    checked: CheckResult
    withdrawn: str | None = None
    attempts: int = 1
    submitter: str | None = None
    number: int = 0
    wrong_answers: str | None = field(default=None, compare=False)

    def __post_init__(self) -> None:
        if self.badge not in BADGES:
            raise ValueError(f"badge must be one of {', '.join(BADGES)}. Received: {self.badge!r}.")

    @cached_property
    def summary(self) -> ManifestSummary:
        """The summary that both kinds of manifests have."""
        return summarise_manifest(self.manifest)

    @property
    def proof(self) -> Proof | None:
        """What its certificate proves; None without one."""
        return self.checked.proof

    @cached_property
    def task_key(self) -> str:
        """Identifies the task with its parameters, whatever rows of it were answered."""
        task = self.summary.task
        return canonical_json({"id": task["id"], "parameters": task["parameters"]})

    @property
    def order(self) -> tuple[str, int, str]:
        """The order of arrival."""
        return self.submitted, self.number, self.digest

    @cached_property
    def owner_key(self) -> tuple[str | None, str]:
        """Identifies the model by its submitter and its name."""
        return self.submitter, folded_name(self.summary.model)

    @cached_property
    def seeds_key(self) -> str:
        """Identifies its training seeds; 0 and "0" are one seed."""
        return canonical_json({"seeds": [check_seed(seed) for seed in self.summary.seeds]})

    @cached_property
    def model_key(self) -> str:
        """Identifies the submitter, the model, its training and the answered rows, but not the training seed."""
        data = {"seed": check_seed(self.summary.data["seed"]), "sizes": self.summary.data["sizes"]}
        return canonical_json({"model": self.summary.identity, "data": data, "owner": self.owner_key})

    def to_json(self) -> dict[str, Any]:
        """As plain values of the schema `RECORD`, without the predictions."""
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
            "attempts": self.attempts,
            "submitter": self.submitter,
            "number": self.number,
            "manifest": dict(self.manifest),
            **({"proof": self.proof.to_json()} if self.proof else {}),
            **({"wrong_answers_sha256": self.wrong_answers} if self.wrong_answers else {}),
        }

    @classmethod
    def from_json(cls, record: Any) -> "SubmissionRecord":
        """The inverse of `to_json`.

        Raises:
            InputError: for anything that the schema does not allow.
        """
        RECORD(record, "the file")
        scores = {split: SplitScore.from_json(score) for split, score in _in_order(record["scores"])}
        solver = {split: Score.from_json(count) for split, count in _in_order(record["solver"])}
        proof = Proof(**record["proof"]) if "proof" in record else None
        checked = CheckResult(scores, solver, tuple(record["differences"]), proof)
        names = ("digest", "submitted", "manifest", "predictions_digest", "withdrawn")
        return cls(
            **{name: record[name] for name in names},
            badge=current_badge(record["badge"], proof),
            checked=checked,
            attempts=record.get("attempts", 1),
            submitter=record.get("submitter"),
            number=record.get("number", 0),
            wrong_answers=record.get("wrong_answers_sha256"),
        )


def _in_order(by_split: Mapping[str, Any]) -> list[tuple[str, Any]]:
    """The entries in the order of splits: files sort their keys."""
    return [(split, by_split[split]) for split in SPLITS if split in by_split]


@dataclass(frozen=True)
class Receipt:
    """The outcome of a submission, for the submitter.

    Args:
        digest: identifies the content on the board.
        board: the name of the board; empty for a dry run.
        new: whether the board did not have this content before.
        attempts: how often this content was submitted, this time included.
        badge: how the score was verified.
        model: the model's name.
        task: the task's name.
        scores: the recomputed scores, per split.
        differences: one sentence for each claimed score that differs.
        proof: what its certificate proves; None without one.
        sent: of a dry run, what would be sent: the manifest, the number, bytes and digest of the predictions.
    """

    digest: str
    board: str
    new: bool
    attempts: int
    badge: str
    model: str
    task: str
    scores: Mapping[str, SplitScore]
    differences: tuple[str, ...]
    proof: Proof | None = None
    sent: Mapping[str, Any] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """As plain values."""
        scores = {split: score.to_json() for split, score in self.scores.items()}
        proof = self.proof.to_json() if self.proof else None
        return vars(self) | {"scores": scores, "differences": list(self.differences), "proof": proof}


def find_by_prefix(records: Sequence[SubmissionRecord], requested: str) -> SubmissionRecord:
    """The only submission whose digest starts with some digits.

    Raises:
        InputError: when there is none, or more than one.
    """
    found = [entry for entry in records if requested and entry.digest.startswith(requested.lower())]
    if len(found) != 1:
        names = ", ".join(f"{k.digest[:8]} ({k.summary.model})" for k in (found or records)[:5])
        what = f"{len(found)} submissions begin with" if found else "no submission has the id"
        raise InputError(f"{what} {requested[:70]!a}. Allowed: {names or 'none'}.")
    return found[0]


def scores_equal(one: CheckResult, other: CheckResult) -> bool:
    """Whether two checks have equal scores for every split and stratum."""
    return dict(one.scores) == dict(other.scores)
