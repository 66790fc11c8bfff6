"""Universal (looped) transformer in PyTorch: a decoder-only transformer that repeats its blocks.

Source: Dehghani et al., "Universal Transformers" (2018), weights shared over depth and a timing signal per step, here
without adaptive halting. As a decoder alone, with the embedded tokens added before each pass (input injection) and a
number of passes that follows the length of the question: Fan et al., "Looped Transformers for Length Generalization"
(2024). They predict a whole answer in its last pass, whereas this network makes all its passes for each token of it.
"""

from collections.abc import Iterator

import torch
from torch import Tensor

from mathbench.baselines.models.interface import DeviceConfig, Network, NetworkShape
from mathbench.baselines.models.reading_limit import of_positions
from mathbench.baselines.models.settings.writing import UniversalTransformerSettings
from mathbench.baselines.models.torch.autoregressive import AutoregressiveModel
from mathbench.baselines.models.torch.decoder_transformer import DecoderTransformer, Pass
from mathbench.baselines.models.torch.model import generator_for_seed
from mathbench.baselines.models.torch.positions import digit_counts, sinusoids
from mathbench.baselines.models.torch.writing import State


class UniversalTransformer(DecoderTransformer):
    """A decoder-only transformer that applies its blocks several times.

    With ``depth=fixed``, the state of a token passes `loops` times, with a timing signal before each pass. With
    ``depth=digits`` it passes once per digit of the longest number of its question and `loops` times more, without a
    timing signal. A state then holds ``loops`` (B,), so that the rows of a batch do not depend on each other.
    """

    def __init__(self, shape: NetworkShape, settings: UniversalTransformerSettings, rng: torch.Generator):
        super().__init__(shape, settings, rng)
        self.loops, self.injection = settings.loops, settings.injection == "yes"
        self.by_digits = settings.depth == "digits"
        self.register_buffer("timing", sinusoids(torch.arange(settings.loops)[None], settings.hidden)[0])
        self.timing: Tensor  # (loops, D)

    def passes(self, x: Tensor, state: State) -> Iterator[Pass]:
        """Yield the passes in order of application, for embedded tokens x (B, S, D)."""
        loops = int(state["loops"].max()) if self.by_digits else self.loops
        for loop in range(loops):
            signal = 0.0 if self.by_digits else self.timing[loop]
            rows = loop < state["loops"][:, None, None] if self.by_digits else None
            for i in range(len(self.blocks)):
                yield Pass(i, signal + (x if self.injection and loop else 0.0) if i == 0 else 0.0, rows)

    def _initial_state(self, questions: Tensor, length: int) -> State:
        state = super()._initial_state(questions, length)
        if self.by_digits:
            digit = self.positions.digits[questions]
            state["loops"] = digit_counts(digit).amax(dim=1) + self.loops  # (B,)
        return state


def build(
    shape: NetworkShape, settings: UniversalTransformerSettings, seed: int | str, device_config: DeviceConfig
) -> Network:
    """Return the untrained network.

    Args:
        shape: vocabulary size and lengths.
        settings: the hyperparameters.
        seed: seed of the first weights.
        device_config: device and threads.

    >>> build(NetworkShape(12, 12, 7, 4), UniversalTransformerSettings(loops=9), 0, DeviceConfig("cpu")).parameters
    51724
    """
    rng = generator_for_seed(seed, device_config)
    network = AutoregressiveModel(UniversalTransformer(shape, settings, rng), shape, settings, device_config)
    network.limit = of_positions(shape.question, shape.answer, settings)
    return network
