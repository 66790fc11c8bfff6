"""The trial of a guest's network on a few rows, before its run directory is touched."""

import math
from collections.abc import Callable, Sequence

import numpy as np

from mathbench.baselines.encoding import Tokens
from mathbench.baselines.models.interface import Network
from mathbench.errors import InputError

ROWS = 16  # of the trial batch
STEPS = 2  # the loss of the second step shows what the first one did to the weights


def tried_network(
    name: str,
    build: Callable[[], Network],
    batch: tuple[Tokens, Tokens],
    questions: Sequence[Tokens],
    rate: float,
) -> Network:
    """Build a network twice, try one on a few rows, and return the other.

    Args:
        name: the name of the guest.
        build: builds the untrained network.
        batch: questions (B, T) and labels (B, positions) of the first step.
        questions: tokens (n, T) of questions of the widths that will have to be answered.
        rate: a learning rate.

    Raises:
        InputError: when the network raises, returns no logits of the right shape, has a loss that is no number, or has
            first weights that do not follow from the seed.
    """
    trial, network = build(), build()
    _check_equal(name, trial, network)
    rows = slice(0, ROWS)
    for step in range(STEPS):
        loss = trial.step(batch[0][rows], batch[1][rows], rate, random_bits=step)
        if not math.isfinite(loss):
            raise InputError(f"{name}: the loss of step {step + 1} of a trial is {loss}.")
    for tokens in questions:
        trial.predict(tokens)
    # what cannot be stored shows here
    trial.load_weights(trial.weights())
    trial.load_state(trial.state())
    return network


def _check_equal(name: str, one: Network, other: Network) -> None:
    """Check that two networks with one seed have the same first weights."""
    first, second = one.weights(), other.weights()
    for key, value in first.items():
        if key not in second or value.tobytes() != np.asarray(second[key]).tobytes():
            raise InputError(
                f"{name}: build gives other weights each time ({key}). They must come from the generators of the "
                "framework, NumPy or Python, which are seeded."
            )
