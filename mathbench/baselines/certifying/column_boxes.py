"""Boxes that prove a linear reader of columns as it was trained, without a change of its weights.

A state is linear in all columns before, and forgets each by the same map. The boxes of the carries, which hold all
states, are mostly too wide for the read-out. So each is divided by the last few columns: the more of them a box
remembers, the narrower it is.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from mathbench.certificates.column_linear import MAX_WORK, SumClaim, check_work

Float = NDArray[np.float64]
Int = NDArray[np.int64]

CLEARANCE = 1e-4  # by which images stay inside their boxes; float32 errs by some 1e-6
MARGIN = 1e-2  # by which the digit said leads; float32 errs by some 1e-4
ROUNDS = 2000  # of images, until the boxes of the carries no longer grow
TOLERANCE = 1e-9
LARGEST = 1e3  # half the width of a box that grows without end


class LinearReader(NamedTuple):
    """A linear reader of columns in float64, with S sines and H units.

    Attributes:
        vectors: the sum of the vectors of each column, (columns, H).
        carry: moves a state, (H, H).
        feedback: what each digit adds, (base, H).
        phases, shift: of the sines, (S, H) and (S,).
        weight, offset: of the outputs, (base, S) and (base,).
        claim: the base and how many numbers are added.
        digit, following: digit and carry of the sum of each column with each carry, int64 (carries, columns).
    """

    vectors: Float
    carry: Float
    feedback: Float
    phases: Float
    shift: Float
    weight: Float
    offset: Float
    claim: SumClaim
    digit: Int
    following: Int

    def images(self, states: Float, carries: Int) -> Float:
        """Return the next states after every column, (states, columns, H), given the carry of each state."""
        return np.asarray(
            (states[:, None] + self.vectors) @ self.carry.T + self.feedback[self.digit[carries]]
        )

    def margins(self, boxes: "Boxes") -> Float:
        """Return the least lead of the right digit all over each box, for every column, (boxes, columns)."""
        phases = (boxes.centres[:, None] + self.vectors) @ self.phases.T + self.shift
        outputs = np.sin(phases) @ self.weight.T + self.offset  # (boxes, columns, base)
        digit = self.digit[boxes.carries][:, :, None]
        leads = np.take_along_axis(outputs, digit, axis=2) - outputs
        # a sine changes by at most its argument
        spread = boxes.radii @ np.abs(self.phases).T  # (boxes, S)
        loss = np.abs(self.weight[:, None] - self.weight) @ spread.T  # (base, base, boxes)
        leads = leads - np.take_along_axis(loss.transpose(2, 0, 1), digit, axis=1)
        np.put_along_axis(leads, digit, np.inf, axis=2)
        return np.asarray(leads.min(axis=2))


class Boxes(NamedTuple):
    """Boxes: centres and radii, (boxes, H), carries, (boxes,), and the box after each column, (boxes, columns)."""

    centres: Float
    radii: Float
    carries: Int
    table: Int

    def arrays(self) -> dict[str, NDArray[np.generic]]:
        """Return the boxes by their names in a certificate."""
        return {
            "centres": self.centres.astype(np.float32),
            "radii": self.radii.astype(np.float32),
            "carries": self.carries.astype(np.int64),
            "table": self.table.astype(np.int32),
        }


def boxes_as_trained(reader: LinearReader) -> Boxes | None:
    """Return boxes that prove a network as it is; None where none of a size that can be checked do."""
    whole = _boxes_of_carries(reader)
    slack = _slack(reader)
    if whole is None or slack is None:
        return None
    carries, columns = reader.digit.shape
    depth, boxes = 0, whole._replace(radii=whole.radii + slack)
    while reader.margins(boxes).min() < MARGIN:
        depth += 1
        count = carries * columns**depth + sum(columns**early for early in range(depth))
        if check_work(reader.claim, len(reader.carry), len(reader.phases), count) > MAX_WORK:
            return None
        boxes = _divided(reader, whole, slack, depth)
    return boxes


def _boxes_of_carries(reader: LinearReader) -> Boxes | None:
    """Return the box of all states of each carry; None where the states have no bounds."""
    carries = np.arange(len(reader.digit))
    low, high = np.full((2, len(carries), len(reader.carry)), np.nan)
    low[0] = high[0] = 0.0
    for _ in range(ROUNDS):
        centres, radii = (low + high) / 2, (high - low) / 2
        images, spread = reader.images(centres, carries), radii @ np.abs(reader.carry).T
        below, above = images - spread[:, None], images + spread[:, None]
        grown = [
            (np.fmin(low[c], _over(np.fmin, below, reader.following == c)),
             np.fmax(high[c], _over(np.fmax, above, reader.following == c)))
            for c in carries
        ]  # fmt: skip
        next_low, next_high = (np.stack(part) for part in zip(*grown, strict=True))
        settled = np.allclose(next_low, low, atol=TOLERANCE) and np.allclose(next_high, high, atol=TOLERANCE)
        low, high = next_low, next_high
        if settled:
            return Boxes((low + high) / 2, (high - low) / 2, carries, reader.following)
        if np.nanmax(high - low) > LARGEST:
            break
    return None


def _over(extreme: np.ufunc, bounds: Float, chosen: NDArray[np.bool_]) -> Float:
    """Return the extreme of chosen bounds, (H,); not a number where none is known yet."""
    return np.asarray(extreme.reduce(bounds[chosen], axis=0, initial=np.nan))


def _slack(reader: LinearReader) -> Float | None:
    """Return what radii need in addition, so that images stay inside by `CLEARANCE`, (H,)."""
    units = len(reader.carry)
    if np.abs(np.linalg.eigvals(np.abs(reader.carry))).max() >= 1:
        return None
    return np.asarray(np.linalg.solve(np.eye(units) - np.abs(reader.carry), np.full(units, CLEARANCE)))


def _divided(reader: LinearReader, whole: Boxes, slack: Float, depth: int) -> Boxes:
    """Return the boxes of each carry divided by the last `depth` columns, behind those of the first columns.

    The boxes of the first columns hold the one state after them. A box with the columns p1, ..., pD leads to that with
    the columns p2, ..., pD, p.
    """
    columns = reader.digit.shape[1]
    power = np.linalg.matrix_power(np.abs(reader.carry), depth)
    first = [(np.zeros((1, len(reader.carry))), np.zeros(1, dtype=np.int64))]
    for _ in range(depth - 1):
        first.append(_after(reader, *first[-1]))
    last, before = whole.centres, whole.carries
    for _ in range(depth):
        last, before = _after(reader, last, before)
    centres = np.concatenate([*(states for states, _ in first), last])
    carries = np.concatenate([*(carry for _, carry in first), before])
    radii = np.repeat(whole.radii @ power.T, columns**depth, axis=0)
    radii = np.concatenate([np.zeros((len(centres) - len(last), radii.shape[1])), radii]) + slack
    return Boxes(centres, radii, carries, _table(reader, depth))


def _after(reader: LinearReader, states: Float, carries: Int) -> tuple[Float, Int]:
    """Return the states and carries after every column, in the order of state and column."""
    images = reader.images(states, carries)
    return images.reshape(-1, images.shape[2]), reader.following[carries].ravel()


def _table(reader: LinearReader, depth: int) -> Int:
    """Return the box after each column, (boxes, columns)."""
    columns = reader.digit.shape[1]
    # first boxes: those after i columns start where those after fewer end, and each leads to `columns` of the next
    early = sum(columns**i for i in range(depth))
    parts = [1 + np.arange(early * columns).reshape(early, columns)]
    # the box of carry q, column p1 and the rest, as one number
    number = np.arange(columns ** (depth - 1))
    for carry in range(len(reader.digit)):
        for oldest in range(columns):
            rest = reader.following[carry, oldest] * columns**depth + number * columns
            parts.append(early + rest[:, None] + np.arange(columns))
    return np.concatenate(parts)
