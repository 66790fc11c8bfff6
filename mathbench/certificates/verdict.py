"""What the check of a certificate has shown, and the errors of float32."""

from dataclasses import dataclass
from fractions import Fraction

ROUNDING = Fraction(1, 1 << 24)  # relative error of one operation in float32
# assumed of tanh and of sine in float32, whose values are at most 1: eight units in the last place
FUNCTION_ERROR = Fraction(1, 1 << 20)


@dataclass(frozen=True)
class Verdict:
    """What a check has shown.

    Attributes:
        claim: the claim, in words.
        transitions: pairs of a box and a symbol.
        clearance: the smallest distance of the image of a box from the edge of the box that it lies in.
        margin: the smallest difference between the output of a box and any other.
        rounding: a bound of the error of one step in float32.
        output_rounding: a bound of the error of the difference of two outputs in float32.
        function: the function of the network, whose error in float32 is assumed.
    """

    claim: str
    transitions: int
    clearance: Fraction
    margin: Fraction
    rounding: Fraction
    output_rounding: Fraction
    function: str

    @property
    def covers_float32(self) -> bool:
        """Whether the proof also holds for float32, given the assumption on the function."""
        return self.clearance >= self.rounding and self.margin > self.output_rounding


def relative_error(terms: int) -> Fraction:
    """Return the largest error of a sum of products in float32, relative to the sum of their absolute values.

    A sum of n terms in any order is off by at most n u / (1 - n u) times that, with u = 2^-24.
    """
    return terms * ROUNDING / (1 - terms * ROUNDING)
