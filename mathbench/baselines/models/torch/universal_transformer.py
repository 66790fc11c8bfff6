"""Universal (looped) transformer in PyTorch: a decoder-only transformer whose blocks are passed again and again.

Source: Dehghani et al., "Universal Transformers" (2018): weights shared over depth, a timing signal per step, here
without adaptive halting; as a decoder alone: Fan et al., "Looped Transformers for Length Generalization" (2024).
"""

from collections.abc import Iterator

import torch
from torch import Tensor, nn

from mathbench.baselines.models.interface import DeviceConfig, Network, NetworkShape
from mathbench.baselines.models.torch.autoregressive import AutoregressiveModel
from mathbench.baselines.models.torch.decoder_transformer import DecoderTransformer
from mathbench.baselines.models.torch.model import generator_for_seed
from mathbench.baselines.models.torch.positions import sinusoids
from mathbench.baselines.settings import UniversalTransformerSettings


class UniversalTransformer(DecoderTransformer):
    """The blocks, `loops` times; before each pass a signal says which one it is."""

    def __init__(self, shape: NetworkShape, settings: UniversalTransformerSettings, rng: torch.Generator):
        super().__init__(shape, settings, rng)
        self.register_buffer("timing", sinusoids(torch.arange(settings.loops)[None], settings.hidden)[0])
        self.timing: Tensor  # (loops, D)

    def passes(self) -> Iterator[tuple[nn.Module, Tensor | float]]:
        """The blocks in the order in which a token passes them, and what is added before each: (D,) or nothing."""
        for signal in self.timing:
            for i, block in enumerate(self.blocks):
                yield block, signal if i == 0 else 0.0


def build(
    shape: NetworkShape, settings: UniversalTransformerSettings, seed: int | str, device_config: DeviceConfig
) -> Network:
    """The network, untrained.

    Args:
        shape: alphabet and lengths.
        settings: hyperparameters.
        seed: decides the first weights.
        device_config: device and threads.

    >>> build(NetworkShape(12, 12, 7, 4), UniversalTransformerSettings(loops=9), 0, DeviceConfig("cpu")).parameters
    51724
    """
    rng = generator_for_seed(seed, device_config)
    return AutoregressiveModel(UniversalTransformer(shape, settings, rng), shape, settings, device_config)
