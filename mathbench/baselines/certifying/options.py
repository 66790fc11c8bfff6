"""Options of a proof, and what proves a network."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

Report = Callable[[int, float, float], None]  # step, largest violation, smallest margin

NOT_CLOSED = "the boxes did not close; nothing was written. Try a longer --budget, or train with noise or dense labels."


@dataclass(frozen=True)
class ProofOptions:
    """Options of a proof.

    Args:
        radius: half the width of the boxes; None: what suits the network.
        steps: maximum number of steps of the fine-tuning.
        budget: seconds of wall time of the fine-tuning.
        seed: seed of the words whose states are clustered.
        report: receives the progress.
        note: receives what was found, in words.
    """

    radius: float | None = None
    steps: int = 4000
    budget: float = 600.0
    seed: int = 0
    report: Report = lambda step, violation, margin: None
    note: Callable[[str], None] = lambda text: None


@dataclass(frozen=True)
class Proof:
    """A proof of a network.

    Args:
        certificate: the bytes of its certificate.
        weights: ``as trained`` or ``fine-tuned``.
    """

    certificate: bytes
    weights: str


class Prover(Protocol):
    """Proves a network of one kind.

    Attributes:
        claim: what is to be proved; as text, in words.
    """

    claim: Any

    def prove(self, options: ProofOptions) -> Proof:
        """Prove the network as trained, or fine-tune it in place until the claim is proved.

        Raises:
            CheckFailed: when the network is wrong, or the boxes do not close.
        """
