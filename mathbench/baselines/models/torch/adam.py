"""Adam and AdamW over a list of parameters, by PyTorch's functions.

Sources: Kingma and Ba, "Adam" (2014); Loshchilov and Hutter, "Decoupled Weight Decay Regularization" (2017). The class
`torch.optim.Adam` computes the same steps. It imports PyTorch's compiler at its first use, though, which takes more
than a second of every process, as long as the whole training of a small network.
"""

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.optim.adam import adam
from torch.optim.adamw import adamw

EPSILON = 1e-7  # that of Keras, so that both frameworks take the same steps


class Adam:
    """The moments of parameters, and their updates.

    Args:
        parameters: the parameters.
        beta1: decay rate of the first moment.
        beta2: decay rate of the second moment.
        decay: weight decay of matrices; biases and norms have none. Above 0 this is AdamW.
        stacked: whether the parameters are those of several networks, numbered by their first dimension.

    >>> weight = torch.nn.Parameter(torch.ones(1))
    >>> (2 * weight).sum().backward()
    >>> optimizer = Adam([weight], beta1=0.9, beta2=0.999)
    >>> optimizer.step(rate=0.5)
    >>> round(weight.item(), 3)
    0.5
    """

    def __init__(
        self,
        parameters: Sequence[Tensor],
        beta1: float,
        beta2: float,
        decay: float = 0.0,
        stacked: bool = False,
    ):
        self._parameters, self._betas, self._decay = list(parameters), (beta1, beta2), decay
        self._vector = 1 + stacked  # dimensions of a bias
        self.moments: dict[Tensor, dict[str, Tensor]] = {}

    def zero_grad(self) -> None:
        """Forget all gradients."""
        for parameter in self._parameters:
            parameter.grad = None

    @torch.no_grad()
    def step(self, rate: float) -> None:
        """Update all parameters that have a gradient, with a learning rate."""
        for matrices in (True, False):
            chosen = [
                p for p in self._parameters if p.grad is not None and (p.dim() > self._vector) == matrices
            ]
            if chosen:
                self._update(chosen, rate, self._decay * matrices)

    def _update(self, parameters: list[Tensor], rate: float, decay: float) -> None:
        moments = [self.moments.get(p) or self._first_moments(p) for p in parameters]
        (adamw if self._decay else adam)(
            parameters,
            [p.grad for p in parameters if p.grad is not None],
            [moment["exp_avg"] for moment in moments],
            [moment["exp_avg_sq"] for moment in moments],
            [],
            [moment["step"] for moment in moments],
            fused=True,
            amsgrad=False,
            beta1=self._betas[0],
            beta2=self._betas[1],
            lr=rate,
            weight_decay=decay,
            eps=EPSILON,
            maximize=False,
        )

    def _first_moments(self, parameter: Tensor) -> dict[str, Tensor]:
        self.moments[parameter] = {
            "step": torch.zeros((), dtype=torch.float32, device=parameter.device),
            "exp_avg": torch.zeros_like(parameter, memory_format=torch.preserve_format),
            "exp_avg_sq": torch.zeros_like(parameter, memory_format=torch.preserve_format),
        }
        return self.moments[parameter]
