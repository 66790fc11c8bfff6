"""Universal (looped) transformer in PyTorch: a decoder-only transformer whose blocks are passed again and again.

Source: Dehghani et al., "Universal Transformers" (2018): weights shared over depth, a timing signal per step, here
without adaptive halting; as a decoder alone: Fan et al., "Looped Transformers for Length Generalization" (2024).
"""

from collections.abc import Iterator

import torch
from torch import Tensor, nn

from mathbench.baselines.models.interface import Network, Place, Shape
from mathbench.baselines.models.torch.autoregressive import Writer
from mathbench.baselines.models.torch.decoder_transformer import DecoderTransformer
from mathbench.baselines.models.torch.model import luck_of
from mathbench.baselines.models.torch.positions import sinusoids
from mathbench.baselines.settings import UniversalTransformer as Settings


class UniversalTransformer(DecoderTransformer):
    """The blocks, `loops` times; before each pass a signal says which one it is."""

    def __init__(self, shape: Shape, settings: Settings, luck: torch.Generator):
        super().__init__(shape, settings, luck)
        self.register_buffer("timing", sinusoids(torch.arange(settings.loops)[None], settings.hidden)[0])
        self.timing: Tensor  # (loops, D)

    def passes(self) -> Iterator[tuple[nn.Module, Tensor | float]]:
        """The blocks in the order in which a token passes them, and what is added before each: (D,) or nothing."""
        for signal in self.timing:
            for i, block in enumerate(self.blocks):
                yield block, signal if i == 0 else 0.0


def build(shape: Shape, settings: Settings, seed: int | str, place: Place) -> Network:
    """The network, untrained.

    Args:
        shape: alphabet and lengths.
        settings: hyperparameters.
        seed: decides the first weights.
        place: device and threads.

    >>> build(Shape(12, 12, 7, 4), Settings(loops=9), 0, Place("cpu")).parameters
    51724
    """
    luck = luck_of(seed, place)
    return Writer(UniversalTransformer(shape, settings, luck), shape, settings, place)
