"""Universal (looped) transformer in PyTorch: a decoder-only transformer that repeats its blocks.

Source: Dehghani et al., "Universal Transformers" (2018), weights shared over depth and a timing signal per step, here
without adaptive halting. As a decoder alone: Fan et al., "Looped Transformers for Length Generalization" (2024).
"""

from collections.abc import Iterator

import torch
from torch import Tensor, nn

from mathbench.baselines.models.interface import DeviceConfig, Network, NetworkShape
from mathbench.baselines.models.reading_limit import of_positions
from mathbench.baselines.models.settings.writing import UniversalTransformerSettings
from mathbench.baselines.models.torch.autoregressive import AutoregressiveModel
from mathbench.baselines.models.torch.decoder_transformer import DecoderTransformer
from mathbench.baselines.models.torch.model import generator_for_seed
from mathbench.baselines.models.torch.positions import sinusoids


class UniversalTransformer(DecoderTransformer):
    """A decoder-only transformer that applies its blocks `loops` times, with a timing signal before each pass."""

    def __init__(self, shape: NetworkShape, settings: UniversalTransformerSettings, rng: torch.Generator):
        super().__init__(shape, settings, rng)
        self.register_buffer("timing", sinusoids(torch.arange(settings.loops)[None], settings.hidden)[0])
        self.timing: Tensor  # (loops, D)

    def passes(self) -> Iterator[tuple[nn.Module, Tensor | float]]:
        """Yield the blocks in order of application, and what is added to the input of each: (D,) or 0."""
        for signal in self.timing:
            for i, block in enumerate(self.blocks):
                yield block, signal if i == 0 else 0.0


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
