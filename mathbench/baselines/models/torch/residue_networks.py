"""Learned trial division in PyTorch: a second-order network per prime modulus, and one linear layer over "residue 0?".

The networks share no weights, but all of them are one batched computation. They learn the residue of every prefix of a
number modulo their prime (labels ``prefix-residues``). The linear layer learns the answer from the probabilities that
the residues of the whole number are 0. With these labels its gradient stays out of the networks, so that they know
nothing but residues.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional

from mathbench.baselines.models.interface import IGNORE_INDEX, DeviceConfig, Network, NetworkShape
from mathbench.baselines.models.settings.recurrent import ResidueSettings
from mathbench.baselines.models.torch.layers import make_output
from mathbench.baselines.models.torch.model import generator_for_seed
from mathbench.baselines.models.torch.noise import add_noise
from mathbench.baselines.models.torch.one_shot import TorchNetwork
from mathbench.errors import InputError
from mathbench.tokenizer import PAD

SHARPNESS = 4.0  # factor on the logits of residues, because states have length 1
# factor on the probabilities of residue 0: Adam moves a weight by about the learning rate in a step, and a residue of 0
# has to outweigh all else
EVIDENCE = 10.0


class ResidueReader(nn.Module):
    """Second-order networks side by side, one for each modulus, whose states have length 1.

    Padding before the first digit leaves the states as they are.

    Args:
        base: values of a digit; digit d has token d + 1.
        chunk: digits read at a step.
        moduli: the number of networks, M.
        hidden: units of each of them, H.
        rng: source of the first weights.
    """

    def __init__(self, base: int, chunk: int, moduli: int, hidden: int, rng: torch.Generator):
        super().__init__()
        self.base, self.chunk, self.noise = base, chunk, 0.0
        matrices = torch.randn(moduli, base**chunk, hidden, hidden, generator=rng)
        self.matrices = nn.Parameter(torch.linalg.qr(matrices)[0].contiguous())
        self.start = nn.Parameter(torch.randn(moduli, 1, hidden, generator=rng))

    def forward(self, tokens: Tensor) -> Tensor:
        """Map tokens (B, T) to the states after each chunk of them, (M, B, ceil(T / chunk), H)."""
        symbols, blank = self.symbols(tokens)
        state = functional.normalize(self.start, dim=-1).expand(-1, len(tokens), -1)
        states = []
        for column, skipped in zip(symbols.T, blank.T, strict=True):
            after = torch.where(skipped[:, None], state, self._step(state, column))
            state = add_noise(after, self.noise)
            states.append(state)
        return torch.stack(states, dim=2)

    def symbols(self, tokens: Tensor) -> tuple[Tensor, Tensor]:
        """Return the number that each chunk of tokens (B, T) is in the base, and whether it is padding alone.

        Chunks are counted from the last token on, so the first one may begin with padding, which is the digit 0.

        Returns:
            int64 and bool (B, ceil(T / chunk)).
        """
        padded = functional.pad(tokens, (-tokens.shape[1] % self.chunk, 0), value=PAD)
        chunks = padded.reshape(len(tokens), -1, self.chunk)
        weights = self.base ** torch.arange(self.chunk - 1, -1, -1, device=tokens.device)
        return ((chunks - 1).clamp(min=0) * weights).sum(dim=2), (chunks == PAD).all(dim=2)

    def _step(self, state: Tensor, symbols: Tensor) -> Tensor:
        """Map states (M, B, H) and symbols (B,) to the next states.

        Rows with the same symbol are multiplied by its matrix together: gathering a matrix for every row would move
        more numbers than it multiplies.
        """
        order = symbols.argsort(stable=True)
        counts = symbols.bincount(minlength=self.matrices.shape[1])
        room, first = int(counts.max()), counts.cumsum(0) - counts
        places = torch.arange(len(symbols), device=symbols.device) - first[symbols[order]]
        slots = torch.empty_like(symbols)
        slots[order] = symbols[order] * room + places
        rows = torch.zeros(len(counts) * room, dtype=torch.int64, device=symbols.device)
        rows[slots] = torch.arange(len(symbols), device=symbols.device)
        grouped = state.index_select(1, rows).view(len(state), len(counts), room, -1)
        moved = (grouped @ self.matrices).flatten(1, 2).index_select(1, slots)
        return functional.normalize(moved, dim=-1)


class ResidueLayer(nn.Module):
    """The residues that states stand for: a softmax for each modulus.

    Args:
        moduli: the moduli, M of them.
        hidden: units of a state, H.
        rng: source of the first weights.
    """

    def __init__(self, moduli: tuple[int, ...], hidden: int, rng: torch.Generator):
        super().__init__()
        self.moduli = moduli
        self.weight = nn.Parameter(torch.randn(sum(moduli), hidden, generator=rng) / hidden**0.5)
        self.bias = nn.Parameter(torch.zeros(sum(moduli)))

    def forward(self, states: Tensor) -> Tensor:
        """Map states (M, B, T, H) to the probabilities that the residues after the last step are 0, (B, M)."""
        logits = self._logits(states[:, :, -1])
        return torch.stack([part.softmax(dim=1)[:, 0] for part in logits], dim=1)

    def loss(self, states: Tensor, numbers: Tensor) -> Tensor:
        """Return the loss of the residues of numbers, its mean over numbers, summed over moduli.

        Args:
            states: (M, B, T, H).
            numbers: the number after each step, int64 (B, T), -1 where it is no label.
        """
        known = (numbers != IGNORE_INDEX).flatten().nonzero()[:, 0]
        labels = numbers.flatten()[known]
        logits = self._logits(states.flatten(1, 2).index_select(1, known))
        losses = [
            functional.cross_entropy(part, labels % modulus, reduction="sum")
            for part, modulus in zip(logits, self.moduli, strict=True)
        ]
        return torch.stack(losses).sum() / max(len(labels), 1)

    def _logits(self, states: Tensor) -> list[Tensor]:
        """Map states (M, n, H) to the logits of the residues for each modulus, (n, modulus)."""
        sizes = list(self.moduli)
        weights, biases = torch.split(self.weight, sizes), torch.split(self.bias, sizes)
        parts = zip(states, weights, biases, strict=True)
        return [SHARPNESS * (state @ weight.T) + bias for state, weight, bias in parts]


class ResidueNetworks(nn.Module):
    """Networks for residues and a linear layer over the probabilities that they are 0.

    Attributes:
        residues: the layer that learns the labels ``prefix-residues``.
    """

    def __init__(self, shape: NetworkShape, settings: ResidueSettings, rng: torch.Generator):
        super().__init__()
        base, moduli = shape.symbols - 1, settings.primes
        self.reader = ResidueReader(base, settings.chunk_in(base), len(moduli), settings.hidden, rng)
        self.residues = ResidueLayer(moduli, settings.hidden, rng)
        self.output = make_output(len(moduli), shape, "sigmoid" if shape.outputs == 2 else "softmax", rng)
        # a weight that stays at 0 shows a modulus that no answer depends on
        nn.init.zeros_(self.output.weight)
        self.labelled = settings.labels_prefixes

    def forward(self, tokens: Tensor) -> Tensor:
        """Map tokens (B, T) to logits (B, 1, C)."""
        multiple = self.residues(self.reader(tokens))
        logits: Tensor = self.output(EVIDENCE * (multiple.detach() if self.labelled else multiple))
        return logits[:, None]

    def label_loss(self, states: Tensor, prefixes: Tensor) -> Tensor:
        """Return the loss of the numbers up to each digit, int64 (B, T), given the states (M, B, steps, H)."""
        chunk = self.reader.chunk
        return self.residues.loss(states, prefixes[:, (prefixes.shape[1] - 1) % chunk :: chunk])


def build(
    shape: NetworkShape, settings: ResidueSettings, seed: int | str, device_config: DeviceConfig
) -> Network:
    """Return the untrained network.

    Args:
        shape: vocabulary size, lengths and classes.
        settings: the hyperparameters.
        seed: seed of the first weights.
        device_config: device and threads.

    Raises:
        InputError: for questions with other characters than digits.

    >>> build(NetworkShape(11, 2, 5, 1), ResidueSettings(moduli=7, hidden=16), 0, DeviceConfig("cpu")).parameters
    10598
    """
    if shape.digits and len(shape.digits) != shape.symbols - 1:
        raise InputError(
            "residue-networks reads single numbers, digits and nothing else. "
            f"Received: {shape.symbols - 1 - len(shape.digits)} other characters."
        )
    rng = generator_for_seed(seed, device_config)
    module = ResidueNetworks(shape, settings, rng)
    return TorchNetwork(module, lambda tokens: tokens, settings, device_config)
