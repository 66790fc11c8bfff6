"""Proofs of submissions: a certificate is checked, and its weights answer the submitted rows again."""

import hashlib
from dataclasses import asdict, dataclass
from typing import Any

import pyarrow as pa

from mathbench.certificates import answering, document, limited
from mathbench.errors import InputError
from mathbench.scores.schema import SHA256
from mathbench.scores.schema_types import Boolean, Record, Text
from mathbench.task import Task

PROVED = "proved"
MEANING = "a certificate was checked, and its weights gave the submitted predictions"
PROOF = Record({"claim": Text(500), "covers_float32": Boolean(), "sha256": SHA256})


@dataclass(frozen=True)
class Proof:
    """What a board has shown about the weights of a submission.

    Args:
        claim: what they are proved right about, in words.
        covers_float32: whether the proof also holds for float32.
        sha256: of the certificate.
    """

    claim: str
    covers_float32: bool
    sha256: str

    def to_json(self) -> dict[str, Any]:
        """As plain values of the schema `PROOF`."""
        return asdict(self)


@dataclass(frozen=True)
class ProvedWeights:
    """The weights of a certificate that was checked.

    Args:
        certificate: holds them.
        proof: what was shown.
    """

    certificate: document.Certificate
    proof: Proof

    def answers(self, questions: pa.ChunkedArray) -> list[str]:
        """Answer questions in plain text."""
        return answering.answers(self.certificate, questions.to_pylist())

    def check_predictions(self, split: str, truth: pa.Table, predictions: pa.Array) -> None:
        """Check that these weights gave the predictions for a split.

        Args:
            split: its name, for the error.
            truth: the rows of the split.
            predictions: one per row, null where there is none.

        Raises:
            InputError: for the first row with another prediction, or none.
        """
        pairs = zip(self.answers(truth["question"]), predictions.to_pylist(), strict=True)
        different = [(row, answer, given) for row, (answer, given) in enumerate(pairs) if answer != given]
        if different:
            row, answer, given = different[0]
            received = "none" if given is None else f"{given[:60]!a}"
            raise InputError(
                f"the weights of the certificate give other answers than the predictions to {len(different):,} rows "
                f"of {split}; the first is row {row}: {answer!a}. Received: {received}."
            )


def prove(content: bytes, task: Task) -> ProvedWeights:
    """Check the certificate of a submission to a task.

    Args:
        content: the bytes of the certificate, from anybody.
        task: the task whose rows were answered.

    Raises:
        InputError: for an invalid certificate, or one about something else than the task.
    """
    proved = limited.check(content)
    certificate = document.parse(content)
    if not certificate.claim.is_about(task.family, task.parameters):
        raise InputError(f"the certificate is not about the task {task.name}: it proves {proved.claim}.")
    digest = hashlib.sha256(content).hexdigest()
    return ProvedWeights(certificate, Proof(proved.claim, proved.covers_float32, digest))
