"""The layers of a network as a table, free of any framework."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Layer:
    """A layer.

    Args:
        name: its name in the network, with dots between a part and what it belongs to.
        kind: its class.
        shape: the shape of its output, with None for the rows of a batch and for positions whose number depends on
            the question; None for a layer without an output of its
            own, such as weights that its parent uses.
        weights: number of its trained weights. Those that an earlier layer has too count there.
        uses: how often it is applied to a batch.
    """

    name: str
    kind: str
    shape: tuple[int | None, ...] | None
    weights: int
    uses: int = 1

    @property
    def shape_text(self) -> str:
        """The shape as text, B for the rows of a batch and T for positions whose number depends on the question.

        >>> Layer("reader", "LSTM", (None, 7, 128), 71680).shape_text
        'B x 7 x 128'
        """
        sizes = [
            ("T" if i else "B") if size is None else str(size) for i, size in enumerate(self.shape or ())
        ]
        return " x ".join(sizes) or "-"

    def to_json(self) -> dict[str, Any]:
        """Return plain values."""
        shape = None if self.shape is None else list(self.shape)
        return {
            "name": self.name,
            "kind": self.kind,
            "shape": shape,
            "weights": self.weights,
            "uses": self.uses,
        }
