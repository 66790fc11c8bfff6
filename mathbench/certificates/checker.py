"""The check of a certificate, without floating point and without PyTorch."""

from mathbench.certificates.document import Certificate
from mathbench.certificates.verdict import Verdict

__all__ = ["Verdict", "check"]


def check(certificate: Certificate) -> Verdict:
    """Check a certificate.

    Raises:
        CheckFailed: with the first statement that does not hold.
    """
    return certificate.check()
