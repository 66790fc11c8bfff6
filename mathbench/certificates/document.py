"""The file of a certificate: the weights of a network, boxes of states and a claim, as safetensors.

Each kind of network has a module with its arrays, its claims and its check. See docs/proofs.md for every array.
"""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Protocol

from mathbench.certificates import column_linear, second_order
from mathbench.certificates.arrays import Array, read_arrays, write_arrays
from mathbench.certificates.verdict import Verdict
from mathbench.errors import InputError

FORMAT = "mathbench-certificate"
VERSION = "1"
MAX_BYTES = 4 << 20


class Claim(Protocol):
    """What a network is claimed to be right about; as text, in words."""

    def is_about(self, family: str, parameters: Mapping[str, Any]) -> bool:
        """Return whether the claim covers every problem of a task, whatever its size.

        Args:
            family: the family of the task.
            parameters: the parameters of the task, with its format unless that is plain.
        """


class Certificate(Protocol):
    """The content of a certificate of any network."""

    @property
    def claim(self) -> Any:
        """What is claimed, a `Claim`."""

    @property
    def network(self) -> str:
        """The baseline whose weights it holds."""

    @property
    def steps(self) -> int:
        """The work of the check in products of two weights, from the sizes alone."""

    def check(self) -> Verdict:
        """Check that the claim is proved."""


NETWORKS: dict[str, Callable[[Mapping[str, Array], Mapping[str, str]], Certificate]] = {
    second_order.NETWORK: second_order.parse,
    column_linear.NETWORK: column_linear.parse,
}


def read(path: Path) -> Certificate:
    """Read a certificate.

    Raises:
        InputError: for a file that is not one, with the first thing that is wrong.
    """
    try:
        if path.stat().st_size > MAX_BYTES:
            raise InputError(
                f"a certificate has at most {MAX_BYTES:,} bytes. Received: {path.stat().st_size:,}."
            )
        return parse(path.read_bytes())
    except InputError as error:
        raise InputError(f"{path}: {error}") from None


def parse(content: bytes) -> Certificate:
    """Parse the bytes of a certificate. Raises the errors of `read`."""
    arrays, metadata = read_arrays(content)
    if metadata.get("format") != FORMAT or metadata.get("version") != VERSION:
        raise InputError(f"the file is not a {FORMAT} of version {VERSION}.")
    network = metadata.get("network")
    if network not in NETWORKS:
        raise InputError(f"the network must be one of {', '.join(NETWORKS)}. Received: {network!a}.")
    return NETWORKS[network](arrays, metadata)


def write(network: str, arrays: Mapping[str, Any], claim: Mapping[str, str]) -> bytes:
    """Return the bytes of a certificate.

    Args:
        network: the baseline whose weights it holds.
        arrays: float32, int64 and int32 NumPy arrays by name, see the module of the network.
        claim: the claim, as texts by name.
    """
    return write_arrays(arrays, {"format": FORMAT, "version": VERSION, "network": network, **claim})
