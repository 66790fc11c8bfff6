"""Certificates of sums, made by hand."""

import math

import numpy as np

from mathbench.certificates import column_linear, document
from mathbench.certificates.column_linear import SumClaim


def adder(base=10, operands=2, scale=20.0, radius=0.05):
    """A network that adds, made by hand: its state is the carry, and two waves of period `base` tell the digit."""
    digits = np.arange(base)
    turn = 2 * math.pi / base
    arrays = {
        "digits": np.tile(digits[None, :, None], (operands, 1, 1)),
        "carry": [[1 / base]],
        "feedback": -digits[:, None] / base,
        "phases": [[turn], [turn]],
        "shift": [0.0, math.pi / 2],
        "weight": scale * np.stack([np.sin(turn * digits), np.cos(turn * digits)], axis=1),
        "offset": np.zeros(base),
        "centres": np.arange(operands)[:, None],
        "radii": np.full((operands, 1), radius),
    }
    totals = sum(np.meshgrid(*[digits] * operands, indexing="ij")).ravel()
    boxes = {
        "carries": np.arange(operands),
        "table": ((totals + np.arange(operands)[:, None]) // base).astype(np.int32),
    }
    return {name: np.array(value, np.float32) for name, value in arrays.items()} | boxes


def claim(base=10, operands=2, answer="sum", extra=1):
    return SumClaim(base, operands, answer, extra)


def written(arrays, about):
    return document.write(column_linear.NETWORK, arrays, column_linear.claim_texts(about))
