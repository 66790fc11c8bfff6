"""FIRE: a bias of attention that is a learned function of the relative distance.

Source: Li et al., "Functional Interpolation for Relative Positions Improves Long Context Transformers" (2023). With
positions drawn from a longer range while training, and index hints in the text, it is the method of Zhou et al.,
"Transformers Can Achieve Length Generalization But Not Robustly" (2024).
"""

import torch
from torch import Tensor, nn
from torch.nn import functional

UNITS = 32  # of the hidden layer, as in the paper
SLOPE, THRESHOLD = 0.1, 512.0  # first values of the paper


class Fire(nn.Module):
    """The bias of one layer: an MLP of log(1 + c d) / log(1 + c max(L, i)), for distance d and query position i.

    It has 66 weights and 33 for each head: those of the MLP, the slope c, and a factor on the
    threshold L.
    """

    def __init__(self, heads: int, rng: torch.Generator):
        super().__init__()
        self.inward, self.outward = _make_dense(1, UNITS, rng), _make_dense(UNITS, heads, rng)
        self.slope, self.factor = nn.Parameter(torch.tensor(SLOPE)), nn.Parameter(torch.tensor(1.0))

    def forward(self, positions: Tensor) -> Tensor:
        """Return the bias between all positions (N,), float32 (N, N, heads), with queries first."""
        at = positions.to(self.slope.dtype)
        slope = self.slope.abs()
        distance = torch.log1p(slope * (at[:, None] - at).abs())  # (N, N)
        scale = torch.log1p(slope * torch.maximum(at, (self.factor * THRESHOLD).abs()))  # (N,)
        bias: Tensor = self.outward(functional.relu(self.inward((distance / scale[:, None])[..., None])))
        return bias


def _make_dense(inputs: int, outputs: int, rng: torch.Generator) -> nn.Linear:
    """Return a linear layer with the first weights of the paper, those of PyTorch.

    A bias of zero would make the MLP a straight line at first, since distances are positive.
    """
    layer = nn.Linear(inputs, outputs)
    with torch.no_grad():
        for p in layer.parameters():
            p.uniform_(-(inputs**-0.5), inputs**-0.5, generator=rng)
    return layer


def gather_bias(table: Tensor, queries: Tensor, keys: Tensor) -> Tensor:
    """Return the biases of S queries and K keys, (B or 1, heads, S, K).

    Args:
        table: bias between all indices, (N, N, heads).
        queries: indices of the queries, (B, S).
        keys: indices of the keys, (B, K).
    """
    size = len(table)
    pairs = queries[:, :, None] * size + keys[:, None]  # (B, S, K)
    return functional.embedding(pairs, table.flatten(0, 1)).permute(0, 3, 1, 2)
