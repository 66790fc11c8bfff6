"""Fine-tuning of a second-order network with tanh states until boxes around the states of its automaton are closed.

The loss has interval bounds only, and no examples: from every state within `radius` of a centre, each symbol must lead
to within `radius` of the centre that the extracted automaton names, and the output of the box must be the largest.
"""

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from mathbench.baselines.automata.extraction import Extraction, extract
from mathbench.baselines.automata.reader import NumberReader
from mathbench.baselines.certifying.fine_tuning import Schedule, close_boxes
from mathbench.baselines.certifying.options import NOT_CLOSED, Proof, ProofOptions
from mathbench.baselines.encoding import Encoding
from mathbench.baselines.models.torch.second_order import SecondOrderClassifier
from mathbench.baselines.models.torch.stepwise import make_state_machine
from mathbench.certificates import document
from mathbench.certificates import second_order as certificates
from mathbench.certificates.automaton import difference, residues
from mathbench.errors import CheckFailed, InputError
from mathbench.numbers import text
from mathbench.scores.error_scale import percent
from mathbench.task import Task

RADIUS = 0.1
SCHEDULE = Schedule(rate=1e-2, check_every=25, growth_steps=500)
SLACK = 1e-4  # added to every sum, so that the bounds hold with rounding too
WRONG = 0.5  # distance from the target at which a unit counts as saturated with the wrong sign
MARGIN = 1.0  # lead of the output of a box


class SecondOrderProver:
    """Proves a second-order network right on multiples or residues.

    Args:
        module: the network.
        task: the task it was trained on.
        encoding: its encoding.

    Raises:
        InputError: for a network or a task without a proof of this kind.
    """

    def __init__(self, module: SecondOrderClassifier, task: Task, encoding: Encoding):
        answers = task.answers_by_residue() if task is task.plain else None
        if answers is None:
            raise InputError(
                f"a certificate of second-order-rnn needs a task of divisibility in plain text. Received: {task.name}."
            )
        if module.reader.form != "tanh":
            raise InputError(
                f"a certificate of second-order-rnn needs form=tanh. Received: form={module.reader.form}."
            )
        if module.output.out_features < len(encoding.classes):
            raise InputError(
                "a certificate of second-order-rnn needs output=softmax. Received: output=sigmoid."
            )
        if encoding.choices.query != "forward" or encoding.alphabet != text.DIGITS[: task.number_base]:
            raise InputError(
                "a certificate needs query=forward, and training questions with every digit of the base."
            )
        self.claim = certificates.ResidueClaim(len(answers), task.number_base, tuple(answers))
        self._module, self._classes = module, encoding.classes
        self._reader = NumberReader.of(make_state_machine(module), encoding, task.number_base)

    def prove(self, options: ProofOptions) -> Proof:
        """Read an automaton off the network, compare it with the true one, and fine-tune until its boxes are closed."""
        network, radius = BoxedNetwork(self._module, self._extract(options)), options.radius or RADIUS
        if not close_boxes(network, SCHEDULE, options, radius):
            raise CheckFailed(NOT_CLOSED)
        arrays = network.arrays(radius)
        with torch.no_grad():
            for name, target in weights_of(self._module).items():
                target.copy_(torch.from_numpy(arrays[name]))
        claim = certificates.claim_texts(self.claim, self._classes)
        return Proof(document.write(certificates.NETWORK, arrays, claim), "fine-tuned")

    def _extract(self, options: ProofOptions) -> Extraction:
        """Read automata off the network, until one is the true one."""
        truth = residues(self.claim.k, self.claim.base, self.claim.answers)
        wrong: list[str] = []
        for clusters, clustering in self._readings(len(truth.minimal().table)):
            extraction = extract(self._reader, clusters, options.seed, clustering)
            options.note(
                f"automaton with {clusters} states; {percent(extraction.agreement)} % of the states of a cluster "
                f"lead to one cluster, and lie up to {extraction.spread:.3f} from its centre"
            )
            automaton = extraction.automaton.unpadded
            word = difference(automaton, truth)
            if word is None:
                return extraction
            number = "".join(text.DIGITS[symbol] for symbol in word)
            wrong.append(
                f"the {clusters} clusters of states are not the automaton of the claim: they answer "
                f"{automaton.answer(word)} to {number}."
            )
        raise CheckFailed(wrong[0])

    def _readings(self, states: int) -> list[tuple[int, str]]:
        """Return the numbers of clusters and what is clustered, in the order in which they are tried.

        A network may have several clusters for one state of the smallest automaton: k-means over the states then merges
        others, unless it clusters what they answer after further digits, or may have more clusters.
        """
        if states == len(self._classes) > 2:
            return [(states, "classes"), (states, "states")]
        return [(states, "states"), (states, "futures"), (states + (states + 1) // 2, "states")]


def weights_of(module: SecondOrderClassifier) -> dict[str, Tensor]:
    """Return the weights of a network by their names in a certificate."""
    reader, output = module.reader, module.output
    return {
        "matrices": reader.matrices,
        "bias": reader.bias,
        "start": reader.start,
        "weight": output.weight,
        "offset": output.bias,
    }


class BoxedNetwork(nn.Module):
    """The weights of a network and the centres of its boxes, in float64."""

    matrices: Tensor
    bias: Tensor
    start: Tensor
    weight: Tensor
    offset: Tensor
    centres: Tensor

    def __init__(self, module: SecondOrderClassifier, extraction: Extraction):
        super().__init__()
        tensors = {**weights_of(module), "centres": torch.from_numpy(extraction.centres)}
        for name, tensor in tensors.items():
            self.register_parameter(name, nn.Parameter(tensor.detach().double().clone()))
        automaton = extraction.automaton.unpadded
        self.first, self.table = torch.tensor(automaton.first), torch.tensor(automaton.table)
        self.outputs = torch.from_numpy(extraction.outputs)

    def violations(self, radius: float, reach: float) -> tuple[Tensor, Tensor]:
        """Return how far images leave the boxes of size `reach`, and the margins of the outputs.

        Args:
            radius: half the width of the boxes that states come from.
            reach: half the width of the boxes that images must lie in.
        """
        middle, targets = self._images()
        radii = torch.full((len(self.centres) + 1, 1), radius, dtype=torch.double)
        radii[-1] = 0.0
        spread = self.matrices.abs().sum(dim=2)[:, None] * radii + SLACK
        low, high = torch.tanh(middle - spread), torch.tanh(middle + spread)
        outside = torch.stack(
            [functional.relu(high - targets - reach), functional.relu(targets - reach - low)]
        )
        return outside, self._margins(radius)

    def loss(self, radius: float, reach: float) -> Tensor:
        """Return the loss of the violations, with what moves saturated units."""
        outside, margins = self.violations(radius, reach)
        boxes = len(self.centres) * len(self.bias)
        loss = (outside.sum() + outside.square().sum() / radius) / (radius * boxes)
        return loss + functional.relu(MARGIN - margins).sum() + self.saturation()

    def saturation(self) -> Tensor:
        """Return how far units with the wrong sign are off before tanh, whose slope vanishes where they saturate."""
        middle, targets = self._images()
        wrong = ((torch.tanh(middle) - targets).abs() > WRONG).detach()
        return (middle - targets)[wrong].abs().sum()

    def _images(self) -> tuple[Tensor, Tensor]:
        """Return what tanh is applied to for each symbol and centre, the start last, and its target, (S, K + 1, H)."""
        sources = torch.cat([self.centres, self.start[None]])
        middle = torch.einsum("dij,kj->dki", self.matrices, sources) + self.bias[:, None]
        return middle, self.centres[torch.cat([self.table.T, self.first[:, None]], dim=1)]

    def _margins(self, radius: float) -> Tensor:
        """Lower bounds of the output of each box minus every other, (K, C - 1)."""
        rows = self.weight[self.outputs][:, None] - self.weight[None]  # (K, C, H)
        leads = (rows * self.centres[:, None]).sum(dim=2) - rows.abs().sum(dim=2) * radius
        leads = leads + self.offset[self.outputs][:, None] - self.offset[None]
        others = torch.arange(len(self.offset))[None] != self.outputs[:, None]
        return leads[others].reshape(len(self.centres), -1)

    def arrays(self, radius: float) -> dict[str, np.ndarray]:
        """Return the content of a certificate, with weights and centres in float32."""
        arrays = {name: value.detach().float().numpy() for name, value in self.named_parameters()}
        arrays["radius"] = np.array([radius], dtype=np.float32)
        tables = {"first": self.first, "table": self.table, "outputs": self.outputs}
        return arrays | {name: value.numpy().astype(np.int64) for name, value in tables.items()}
