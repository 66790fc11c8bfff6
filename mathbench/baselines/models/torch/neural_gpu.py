"""The Neural GPU in PyTorch: gated convolutions applied as often as the question has tokens, one softmax per position.

Source: Kaiser and Sutskever, "Neural GPUs Learn Algorithms" (2016, arXiv:1511.08228), with their cut-off of the gates
and dropout of the candidate; ``gates=diagonal`` as in Freivalds and Liepins, "Improving the Neural GPU Architecture for
Algorithm Learning" (2017, arXiv:1702.08727), where a third of the maps comes from each neighbour. Relaxed weights,
gradient noise and the saturation cost are left out. `SerialNeuralGPU`, for products, is this project's.
"""

from dataclasses import replace

import torch
from torch import Tensor, nn
from torch.nn import functional

from mathbench.baselines.models.interface import DeviceConfig, Network, NetworkShape, column_layout
from mathbench.baselines.models.settings.recurrent import ColumnNeuralGPUSettings, NeuralGPUSettings
from mathbench.baselines.models.torch.column_network import ColumnNetwork
from mathbench.baselines.models.torch.layers import make_dense
from mathbench.baselines.models.torch.model import generator_for_seed
from mathbench.baselines.models.torch.noise import add_noise
from mathbench.baselines.models.torch.question_wide import QuestionWideNetwork
from mathbench.errors import InputError

FIRST_WEIGHTS = 1.7  # limit of the first weights of the embedding, from the authors' program


class GatedConvolution(nn.Module):
    """A gated recurrent unit whose maps are convolutions.

    With convolutions U, V, W, and the cut-off sigmoid s(x) = clamp(1.2 sigmoid(x) - 0.1, 0, 1), the image x becomes
    u x + (1 - u) tanh(W (r x)) with u = s(U x) and r = s(V x). With diagonal gates u multiplies the shifted image.
    """

    def __init__(self, settings: NeuralGPUSettings, rng: torch.Generator):
        super().__init__()
        maps = settings.hidden
        self.gates = _make_convolution(maps, 2 * maps, settings, rng)
        self.candidate = _make_convolution(maps, maps, settings, rng)
        with torch.no_grad():
            self.gates.bias.fill_(1.0)  # type: ignore[union-attr]
        self.diagonal, self.dropout = settings.gates == "diagonal", settings.dropout

    def forward(self, image: Tensor, added: Tensor | None = None) -> Tensor:
        """Map images (B, M, T, W) to images of the same size; `added` (B, 3M, 1, 1) is added to the convolutions."""
        maps, gates = image.shape[1], self.gates(image)
        if added is not None:
            gates = gates + added[:, : 2 * maps]
        update, reset = _cut_off(torch.sigmoid(gates)).chunk(2, dim=1)
        candidate = self.candidate(reset * image)
        if added is not None:
            candidate = candidate + added[:, 2 * maps :]
        candidate = torch.tanh(candidate)
        candidate = functional.dropout(candidate, self.dropout, self.training)
        kept = _shift_maps(image) if self.diagonal else image
        return update * kept + (1 - update) * candidate


class NeuralGPU(nn.Module):
    """An image whose first row holds the question, and after as many rounds as it has tokens the answer."""

    def __init__(self, shape: NetworkShape, settings: NeuralGPUSettings, rng: torch.Generator):
        super().__init__()
        self.embedding = nn.Embedding(shape.symbols, settings.hidden)
        with torch.no_grad():
            self.embedding.weight.uniform_(-FIRST_WEIGHTS, FIRST_WEIGHTS, generator=rng)
        self.layers = nn.ModuleList(GatedConvolution(settings, rng) for _ in range(settings.layers))
        self.output = make_dense(settings.hidden, shape.outputs, rng)
        self.width, self.noise = settings.width, 0.0

    def forward(self, tokens: Tensor) -> Tensor:
        """Map tokens (B, T), or those of columns (B, T, numbers), to logits (B, T, V)."""
        image = self._first_image(tokens)
        for number in range(tokens.shape[1]):
            image = add_noise(self._next_image(image, tokens, number), self.noise)
        logits: Tensor = self.output(image[:, :, :, 0].transpose(1, 2))
        return logits

    def _first_image(self, tokens: Tensor) -> Tensor:
        embedded = self.embedding(tokens) if tokens.dim() == 2 else self.embedding(tokens).sum(dim=2)
        first = torch.tanh(embedded).transpose(1, 2)[:, :, :, None]  # (B, M, T, 1)
        return functional.pad(first, (0, self.width - 1))  # (B, M, T, W)

    def _next_image(self, image: Tensor, tokens: Tensor, number: int) -> Tensor:
        """Return the image after one more round, the rounds being numbered from 0."""
        for layer in self.layers:
            image = layer(image)
        return image


class SerialNeuralGPU(NeuralGPU):
    """A Neural GPU over columns that reads the last number one digit a round, units first, and the others at once.

    So long multiplication goes: every digit of the second number decides what is added. What a digit adds to each
    convolution is the same in all columns, as a bias would be. Behind its last digit a number has zeros.
    """

    def __init__(self, shape: NetworkShape, settings: NeuralGPUSettings, rng: torch.Generator):
        super().__init__(shape, settings, rng)
        self.digits = nn.ModuleList(nn.Embedding(shape.symbols, 3 * settings.hidden) for _ in self.layers)
        with torch.no_grad():
            for table in self.digits:
                table.weight.uniform_(-1.0, 1.0, generator=rng)  # type: ignore[operator]

    def _first_image(self, tokens: Tensor) -> Tensor:
        return super()._first_image(tokens[:, :, :-1])

    def _next_image(self, image: Tensor, tokens: Tensor, number: int) -> Tensor:
        for layer, digits in zip(self.layers, self.digits, strict=True):
            image = layer(image, digits(tokens[:, number, -1])[:, :, None, None])
        return image


def build(
    shape: NetworkShape, settings: NeuralGPUSettings, seed: int | str, device_config: DeviceConfig
) -> Network:
    """Return the untrained network.

    Args:
        shape: vocabulary size and lengths.
        settings: the hyperparameters.
        seed: seed of the first weights.
        device_config: device and threads.

    >>> build(NetworkShape(4, 4, 9, 5), NeuralGPUSettings(), 0, DeviceConfig("cpu")).parameters
    31444
    """
    module = NeuralGPU(shape, settings, generator_for_seed(seed, device_config))
    return QuestionWideNetwork(module, lambda tokens: tokens, settings, device_config)


def build_columns(
    shape: NetworkShape, settings: ColumnNeuralGPUSettings, seed: int | str, device_config: DeviceConfig
) -> Network:
    """Return the untrained network over columns of digits, whose embeddings are added up.

    With ``last_number=rounds`` the digits of the last number are not in their columns: each is read in one round.

    Args:
        shape: the layout of the columns and the classes.
        settings: the hyperparameters.
        seed: seed of the first weights.
        device_config: device and threads.

    Raises:
        InputError: for labels other than those of statements, and with ``last_number=rounds`` for single numbers.

    >>> from mathbench.baselines.columns import ColumnLayout
    >>> shape = NetworkShape(4, 3, 5, 5, layout=ColumnLayout(2, ("", "+"), 1))
    >>> build_columns(shape, ColumnNeuralGPUSettings(), 0, DeviceConfig("cpu")).parameters
    10683
    >>> build_columns(shape, ColumnNeuralGPUSettings(last_number="rounds"), 0, DeviceConfig("cpu")).parameters
    11259
    """
    layout = column_layout(shape)
    if layout.claims != bool(shape.classes):
        raise InputError(
            "column-neural-gpu writes numbers, or compares them with claimed ones. "
            f"Received: answers {', '.join(shape.classes[:8])}."
        )
    serial = settings.last_number == "rounds"
    if serial and len(layout.operand_signs) == 1:
        raise InputError(
            "settings: last_number=rounds requires questions with two numbers or more. Received: single numbers."
        )
    sizes = replace(shape, symbols=layout.operand_symbols, outputs=layout.outputs)
    kind = SerialNeuralGPU if serial else NeuralGPU
    module = kind(sizes, settings, generator_for_seed(seed, device_config))
    return ColumnNetwork(module, lambda tokens: tokens, shape, settings, device_config)


def _make_convolution(
    inputs: int, outputs: int, settings: NeuralGPUSettings, rng: torch.Generator
) -> nn.Conv2d:
    """Return a convolution over three tokens, and over three rows where the image has more than one."""
    layer = nn.Conv2d(inputs, outputs, (3, 3 if settings.width > 1 else 1), padding="same")
    with torch.no_grad():
        nn.init.xavier_uniform_(layer.weight, generator=rng)
        layer.bias.zero_()  # type: ignore[union-attr]
    return layer


def _cut_off(gate: Tensor) -> Tensor:
    return (1.2 * gate - 0.1).clamp(0, 1)


def _shift_maps(image: Tensor) -> Tensor:
    """Shift a third of the maps of images (B, M, T, W) by one token to the right, and a third to the left."""
    third = image.shape[1] // 3
    right, left, still = image[:, :third], image[:, third : 2 * third], image[:, 2 * third :]
    right = functional.pad(right, (0, 0, 1, 0))[:, :, :-1]
    left = functional.pad(left, (0, 0, 0, 1))[:, :, 1:]
    return torch.cat([right, left, still], dim=1)
