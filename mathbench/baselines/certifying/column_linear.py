"""Fine-tuning of a linear reader of columns until it is proved to add: boxes around the states of each carry.

The loss has interval bounds only, and no examples: from every state within `radius` of the centre of a carry, the
digits of a column must lead to within `radius` of the centre of the next carry, and the digit said must be that of the
sum. The truth about one column of digits enters here, and nothing about numbers.
"""

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from mathbench.baselines.certifying.column_boxes import Boxes, LinearReader, boxes_as_trained
from mathbench.baselines.certifying.fine_tuning import Schedule, close_boxes
from mathbench.baselines.certifying.options import NOT_CLOSED, Proof, ProofOptions
from mathbench.baselines.columns import ColumnLayout
from mathbench.baselines.encoding import Encoding
from mathbench.baselines.models.torch.column_linear import ColumnLinear
from mathbench.certificates import column_linear as certificates
from mathbench.certificates import document
from mathbench.errors import CheckFailed, InputError
from mathbench.task import Task

RADIUS = 0.02
SCHEDULE = Schedule(rate=3e-3, check_every=10)
SLACK = 1e-6  # added to every radius, so that the bounds hold with rounding too
MARGIN = 1.0  # lead of the digit said
WORDS, LENGTH = 2000, 8  # random sums whose states give the first centres, and their columns


class ColumnLinearProver:
    """Proves a linear reader of columns right on sums.

    Args:
        module: the network.
        task: the task it was trained on.
        encoding: its encoding.

    Raises:
        InputError: for a task without a proof of this kind.
    """

    def __init__(self, module: ColumnLinear, task: Task, encoding: Encoding):
        layout = encoding.layout
        if layout is None or layout.product:
            raise InputError(
                f"a certificate of column-linear needs sums: no finite automaton multiplies. Received: {task.name}."
            )
        answer = "label" if encoding.classes else "sum"
        numbers = encoding.widths[1] - bool(encoding.classes)
        self.claim = certificates.SumClaim(layout.base, numbers, answer, layout.extra)
        self._module, self._layout = module, layout

    def prove(self, options: ProofOptions) -> Proof:
        """Prove the network as trained, or else fine-tune it in place until the boxes of all carries are closed."""
        network = BoxedColumns(self._module, self.claim, _sign_of_each_number(self._layout, self.claim))
        boxes = boxes_as_trained(network.reader()) if options.radius is None else None
        if boxes:
            options.note(f"proved as trained: {len(boxes.carries):,} boxes, no weight changed")
            return self._proof({**network.arrays(), **boxes.arrays()}, "as trained")
        radius = options.radius or RADIUS
        if not close_boxes(network, SCHEDULE, options, radius):
            raise CheckFailed(NOT_CLOSED)
        network.store(self._module)
        return self._proof({**network.arrays(), **network.boxes(radius)}, "fine-tuned")

    def _proof(self, arrays: dict[str, np.ndarray], weights: str) -> Proof:
        claim = certificates.claim_texts(self.claim)
        return Proof(document.write(certificates.NETWORK, arrays, claim), weights)


def _sign_of_each_number(layout: ColumnLayout, claim: certificates.SumClaim) -> list[int]:
    """The sign before each number of a sum, as its index."""
    signs = layout.operand_signs
    plus = next(number for number, sign in enumerate(signs) if sign.strip() == "+")
    return [signs.index("")] + [plus] * (claim.operands - 1)


class BoxedColumns(nn.Module):
    """The weights of a network and the centres of its boxes, in float64.

    Args:
        module: the network.
        claim: the base and how many numbers are added.
        signs: the sign before each number, as its index.
    """

    def __init__(self, module: ColumnLinear, claim: certificates.SumClaim, signs: list[int]):
        super().__init__()
        self.claim, self.signs = claim, signs
        self.weights = nn.ParameterDict(
            {
                name: nn.Parameter(value.detach().double().clone())
                for name, value in weights_of(module).items()
            }
        )
        columns = torch.cartesian_prod(*[torch.arange(claim.base)] * claim.operands)  # (columns, operands)
        totals = columns.sum(dim=1)[None] + torch.arange(claim.operands)[:, None]  # (carries, columns)
        self.columns, self.digit, self.next = columns, totals % claim.base, totals // claim.base
        self.centres = nn.Parameter(self._first_centres())

    def vectors(self) -> Tensor:
        """Return the sum of the vectors of each column, (columns, H)."""
        tables = self.weights["digits"].unflatten(0, (-1, self.claim.base))[self.signs]
        parts = [table[digits] for table, digits in zip(tables, self.columns.T, strict=True)]
        return torch.stack(parts).sum(dim=0)

    def violations(self, radius: float, reach: float) -> tuple[Tensor, Tensor]:
        """Return how far images leave the boxes of size `reach`, and the margins of the digits said.

        Args:
            radius: half the width of the boxes that states come from.
            reach: half the width of the boxes that images must lie in.
        """
        states = self.centres[:, None] + self.vectors()  # (carries, columns, H)
        images = states @ self.weights["carry"].T + self.weights["feedback"][self.digit]
        spread = radius * self.weights["carry"].abs().sum(dim=1) + SLACK
        outside = functional.relu((images - self.centres[self.next]).abs() + spread - reach)
        start = functional.relu(self.centres[0].abs() - reach)
        return torch.cat([outside.flatten(), start]), self._margins(states, radius)

    def loss(self, radius: float, reach: float) -> Tensor:
        """Return the loss of the violations."""
        outside, margins = self.violations(radius, reach)
        return outside.sum() / (50 * radius) + functional.relu(MARGIN - margins.amin(dim=2)).mean()

    def _margins(self, states: Tensor, radius: float) -> Tensor:
        """Lower bounds of the output of the right digit minus every other, (carries, columns, base - 1)."""
        weights = self.weights
        middle = states @ weights["phases"].T + weights["shift"]
        spread = radius * weights["phases"].abs().sum(dim=1) + SLACK
        rows = weights["weight"][self.digit][:, :, None] - weights["weight"]  # (carries, columns, base, S)
        # a sine changes by at most its argument
        leads = (rows * torch.sin(middle)[:, :, None]).sum(dim=3) - rows.abs() @ spread
        leads = leads + weights["offset"][self.digit][:, :, None] - weights["offset"]
        others = torch.arange(self.claim.base) != self.digit[:, :, None]
        return leads[others].reshape(*self.digit.shape, -1)

    def arrays(self) -> dict[str, np.ndarray]:
        """Return the weights by their names in a certificate, in float32."""
        arrays = {name: value.detach().float().numpy() for name, value in self.weights.items()}
        tables = arrays["digits"].reshape(-1, self.claim.base, len(arrays["carry"]))
        return {**arrays, "digits": tables[self.signs]}

    def reader(self) -> LinearReader:
        """Return the network in NumPy."""
        weights = {name: value.detach().numpy() for name, value in self.weights.items() if name != "digits"}
        truth = {"digit": self.digit.numpy(), "following": self.next.numpy()}
        return LinearReader(self.vectors().detach().numpy(), **weights, claim=self.claim, **truth)

    def boxes(self, radius: float) -> dict[str, np.ndarray]:
        """Return the boxes of a certificate: one for each carry."""
        centres, carries = self.centres.detach().numpy(), np.arange(self.claim.operands)
        return Boxes(centres, np.full_like(centres, radius), carries, self.next.numpy()).arrays()

    def store(self, module: ColumnLinear) -> None:
        """Copy the weights back into a network."""
        with torch.no_grad():
            for name, target in weights_of(module).items():
                target.copy_(self.weights[name])

    def _first_centres(self) -> Tensor:
        """The mean state of each carry over random sums, (carries, H); zero for carry 0."""
        rng = torch.Generator().manual_seed(0)
        state = torch.zeros(WORDS, len(self.weights["carry"]), dtype=torch.double)
        carry, vectors, found = torch.zeros(WORDS, dtype=torch.long), self.vectors(), []
        for _ in range(LENGTH):
            column = torch.randint(len(self.columns), (WORDS,), generator=rng)
            said, carry = self.digit[carry, column], self.next[carry, column]
            state = (state + vectors[column]) @ self.weights["carry"].T + self.weights["feedback"][said]
            found.append((carry, state.detach()))
        carries, states = (torch.cat(part) for part in zip(*found, strict=True))
        means = [states[carries == c].mean(dim=0) for c in range(self.claim.operands)]
        return torch.stack([torch.zeros_like(means[0]), *means[1:]])


def weights_of(module: ColumnLinear) -> dict[str, Tensor]:
    """Return the weights of a network by their names in a certificate."""
    return {
        "digits": module.digits,
        "carry": module.carry,
        "feedback": module.feedback,
        "phases": module.phases.weight,
        "shift": module.phases.bias,
        "weight": module.output.weight,
        "offset": module.output.bias,
    }
