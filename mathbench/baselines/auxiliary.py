"""Auxiliary labels: what a network learns beside the answers, with a linear layer of its own that predicts nothing.

Multi-task learning with labels that are known for training rows only (Caruana, 1997, doi:10.1023/A:1007379606734).
"""

from dataclasses import dataclass

from mathbench.errors import InputError, did_you_mean
from mathbench.integers import parse_integer

# kinds and whether a modulus belongs to them
KINDS = {"residue": True, "prefix-residue": True, "prefix-residues": False, "prefix": False, "carries": False}
NONE = "none"
MAX_MODULUS = 1000
MAX_CARRY = 10  # carries are below it: sums of up to ten numbers


@dataclass(frozen=True)
class Auxiliary:
    """One kind of auxiliary labels.

    Args:
        kind: ``residue`` of the whole number, ``prefix-residue`` of the number up to each digit, ``prefix-residues``
            modulo each modulus of the network, ``prefix``, the answer to the number up to each digit, or ``carries``
            into each digit of the answer.
        modulus: the modulus of residues, 0 for other kinds.

    >>> Auxiliary.parse("prefix-residue=7")
    Auxiliary(kind='prefix-residue', modulus=7)
    """

    kind: str
    modulus: int = 0

    @classmethod
    def parse(cls, words: str) -> "Auxiliary | None":
        """Read a kind with its modulus; None for ``none``.

        Raises:
            InputError: for an unknown kind, or a modulus that is missing, superfluous or too large.
        """
        if words == NONE:
            return None
        kind, equals, number = words.partition("=")
        if kind not in KINDS:
            raise InputError(
                f"auxiliary: unknown kind of labels '{kind}'. {did_you_mean(kind, [NONE, *KINDS])}"
            )
        try:
            modulus = parse_integer(number) if equals else 0
        except ValueError:
            modulus = -1
        if KINDS[kind] and not 2 <= modulus <= MAX_MODULUS:
            raise InputError(
                f"auxiliary: {kind} requires a modulus from 2 to {MAX_MODULUS:,}, such as {kind}=7. Received: {words}."
            )
        if equals and not KINDS[kind]:
            raise InputError(f"auxiliary: {kind} takes no modulus. Received: {words}.")
        return cls(kind, modulus)

    @property
    def every_position(self) -> bool:
        """Whether every position of a question has a label."""
        return self.kind in ("prefix", "prefix-residue", "prefix-residues")

    def outputs(self, classes: int) -> int:
        """Return the number of different labels of a kind with a layer of its own, for some classes of answers."""
        return self.modulus or (classes if self.kind == "prefix" else MAX_CARRY)

    def positions(self, question: int, answer: int) -> int:
        """Return the number of labels of a row, given its positions in the question and in the answer."""
        if self.kind == "carries":
            return answer
        return question if self.every_position else 1
