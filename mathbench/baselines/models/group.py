"""Several networks of one shape as one network: they train on the same batches, and one of them answers."""

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from mathbench.baselines.encoding import Tokens
from mathbench.baselines.models.interface import Arrays, Network, StateMachine
from mathbench.baselines.models.layer_table import Layer
from mathbench.baselines.models.reading_limit import ReadingLimit

Array = NDArray[np.generic]
Losses = NDArray[np.float64]


class Members(Protocol):
    """Networks of one shape that train on the same batches, known by their numbers.

    Attributes:
        device: the device of all.
        parameters: the number of trained weights of one member.
    """

    device: str
    parameters: int

    @property
    def numbers(self) -> tuple[int, ...]:
        """The numbers of the members, in the order of their losses."""

    def step(
        self, questions: Tokens, labels: Tokens, rate: float, random_bits: int, noise: float = 0.0
    ) -> Losses:
        """Update all members on a batch, as `Network.step` does, and return the mean loss of each, (members,)."""

    def member(self, number: int) -> Network:
        """Return a member as a network, valid until another one is asked for or the next step."""

    def keep(self, numbers: Sequence[int]) -> None:
        """Drop all other members."""

    def weights(self, number: int) -> dict[str, Array]:
        """Return the weights of a member by name."""

    def load_weights(self, number: int, weights: Arrays) -> None:
        """Restore the weights of a member."""

    def swap_average(self) -> None:
        """Exchange the weights of all members and their moving averages, as `Network.swap_average` does."""

    def state(self, number: int) -> dict[str, Array]:
        """Return the state of the optimiser of a member by name."""

    def load_state(self, number: int, state: Arrays) -> None:
        """Restore the optimiser state of a member."""


class SeparateMembers:
    """Networks that train one after the other on each batch (see `Members`).

    Args:
        networks: networks of one shape.
    """

    def __init__(self, networks: Sequence[Network]):
        self._networks = dict(enumerate(networks))
        self.device, self.parameters = networks[0].device, networks[0].parameters

    @property
    def numbers(self) -> tuple[int, ...]:
        """The numbers of the members."""
        return tuple(self._networks)

    def step(
        self, questions: Tokens, labels: Tokens, rate: float, random_bits: int, noise: float = 0.0
    ) -> Losses:
        """Update all members on a batch."""
        networks = self._networks.values()
        return np.array([network.step(questions, labels, rate, random_bits, noise) for network in networks])

    def member(self, number: int) -> Network:
        """Return a member."""
        return self._networks[number]

    def keep(self, numbers: Sequence[int]) -> None:
        """Drop all other members."""
        self._networks = {number: self._networks[number] for number in numbers}

    def weights(self, number: int) -> dict[str, Array]:
        """Return the weights of a member by name."""
        return self._networks[number].weights()

    def load_weights(self, number: int, weights: Arrays) -> None:
        """Restore the weights of a member."""
        self._networks[number].load_weights(weights)

    def swap_average(self) -> None:
        """Exchange the weights of all members and their moving averages."""
        for network in self._networks.values():
            network.swap_average()

    def state(self, number: int) -> dict[str, Array]:
        """Return the state of the optimiser of a member by name."""
        return self._networks[number].state()

    def load_state(self, number: int, state: Arrays) -> None:
        """Restore the optimiser state of a member."""
        self._networks[number].load_state(state)


class NetworkGroup:
    """Networks of one shape as one network (see `mathbench.baselines.models.interface.Network`).

    All members train on the same batches. The leader predicts, and it alone is saved, as a network of its own.
    Weights and states are named ``NUMBER/NAME``, the leader's first.

    Args:
        members: the networks.

    Attributes:
        leader: the number of the member that answers.
    """

    def __init__(self, members: Members):
        self.members, self.leader = members, members.numbers[0]
        self.device, self.parameters = members.device, members.parameters

    @property
    def numbers(self) -> tuple[int, ...]:
        """The numbers of the members."""
        return self.members.numbers

    def step(
        self, questions: Tokens, labels: Tokens, rate: float, random_bits: int, noise: float = 0.0
    ) -> float:
        """Update all members on a batch and return the mean of their losses."""
        return mean_loss(self.members.step(questions, labels, rate, random_bits, noise))

    def predict(self, questions: Tokens, beam: int | None = None) -> Tokens:
        """Return the leader's likeliest output tokens, int64 (n, positions)."""
        return self._leading().predict(questions, beam)

    def probabilities(self, questions: Tokens, beam: int | None = None) -> tuple[Tokens, NDArray[np.float32]]:
        """Return `predict` and the probability of each token given those before it, both (n, positions)."""
        return self._leading().probabilities(questions, beam)

    @property
    def limit(self) -> ReadingLimit | None:
        """How long a question the leader reads."""
        return self._leading().limit

    def layers(self, questions: Tokens, answers: Tokens) -> tuple[Layer, ...]:
        """Return the layers of the leader."""
        return self._leading().layers(questions, answers)

    def inspect(self, questions: Tokens, answers: Tokens) -> dict[str, NDArray[np.float32]]:
        """Return the leader's activations."""
        return self._leading().inspect(questions, answers)

    def state_machine(self) -> StateMachine | None:
        """Return the leader as a map of states."""
        return self._leading().state_machine()

    def weights(self) -> dict[str, Array]:
        """Return the weights of all members as ``NUMBER/NAME``, the leader's first."""
        order = (self.leader, *(number for number in self.numbers if number != self.leader))
        return {
            f"{number}/{name}": value
            for number in order
            for name, value in self.members.weights(number).items()
        }

    def load_weights(self, weights: Arrays) -> None:
        """Restore the weights of some members, the first of which leads, and drop all others."""
        found = by_member(weights)
        if tuple(sorted(found)) != tuple(sorted(self.numbers)):
            self.members.keep(sorted(found))
        for number, own in found.items():
            self.members.load_weights(number, own)
        self.leader = next(iter(found))

    def swap_average(self) -> None:
        """Exchange the weights of all members and their moving averages."""
        self.members.swap_average()

    def state(self) -> dict[str, Array]:
        """Return the states of the optimisers of all members as ``NUMBER/NAME``."""
        return {
            f"{number}/{name}": value
            for number in self.numbers
            for name, value in self.members.state(number).items()
        }

    def load_state(self, state: Arrays) -> None:
        """Restore the optimiser states."""
        for number, own in by_member(state).items():
            self.members.load_state(number, own)

    def save(self, folder: Path) -> str:
        """Write the leader's weights and return the name of the file."""
        return self._leading().save(folder)

    def load(self, folder: Path) -> None:
        """Read the leader's weights, and drop all other members."""
        self.members.keep((self.leader,))
        network = self._leading()
        network.load(folder)
        self.members.load_weights(self.leader, network.weights())

    def _leading(self) -> Network:
        return self.members.member(self.leader)


def mean_loss(losses: Losses) -> float:
    """Return the mean of the losses that are numbers, so that one member that diverged does not hide the others.

    >>> mean_loss(np.array([1.0, np.nan, 3.0]))
    2.0
    """
    finite = losses[np.isfinite(losses)]
    return float(finite.mean() if len(finite) else losses.mean())


def by_member(arrays: Arrays) -> dict[int, dict[str, Array]]:
    """Return arrays named ``NUMBER/NAME`` by number and name, in their order.

    >>> by_member({"2/bias": np.zeros(1), "0/bias": np.ones(1)})
    {2: {'bias': array([0.])}, 0: {'bias': array([1.])}}
    """
    found: dict[int, dict[str, Array]] = {}
    for path, value in arrays.items():
        number, _, name = path.partition("/")
        found.setdefault(int(number), {})[name] = np.asarray(value)
    return found
