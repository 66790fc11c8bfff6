"""The part of a guest's network that no framework is needed for: its settings, its default recipe, its faults."""

from collections.abc import Mapping
from contextlib import AbstractContextManager
from typing import Any, ClassVar

from mathbench.baselines.guests.faults import check_arguments, check_class_method, guest_code, title_of
from mathbench.baselines.guests.settings import complete_settings
from mathbench.baselines.models.interface import DeviceConfig, Network, NetworkShape
from mathbench.baselines.settings import TrainingSettings
from mathbench.errors import InputError

CLASSIFIERS = ("labels", "alphabet", "pad_with")  # choices of the encoding that classifiers have
INPUTS = ("one-hot", "tokens")
FRAMEWORKS = ("torch", "keras")


class GuestNetwork:
    """A network of a third party, which mathbench trains. Subclasses of those of a framework have a method ``build``.

    Attributes:
        framework: ``torch`` or ``keras``; set by the class of the framework.
        common: the hyperparameters of every network of this kind; set by the class of the framework.
        settings: the dataclass of the network's own hyperparameters. Becomes that of all of them.
        classify: whether the network chooses among the training answers instead of generating text.
        inputs: what ``build``'s network reads, ``one-hot`` float32 (B, T, symbols) or ``tokens`` int64 (B, T).
        fixed_width: whether it reads questions of one width only. Longer ones are cut off.
        state_machine: whether it reads the question token by token (see `StepwiseModule`), for `mathbench automaton`.
        auxiliaries: of a framework, kinds of auxiliary labels of classifiers and of other networks, unless ``settings``
            names its own; set by the class of the framework.
        recipe: the default recipe, with the keys of a recipe file: ``task``, ``sizes``, ``encoding``, ``settings``.
    """

    framework: ClassVar[str] = ""
    common: ClassVar[type[TrainingSettings]] = TrainingSettings
    settings: ClassVar[Any] = TrainingSettings
    classify: ClassVar[bool] = False
    inputs: ClassVar[str] = "one-hot"
    fixed_width: ClassVar[bool] = False
    state_machine: ClassVar[bool] = False
    auxiliaries: ClassVar[tuple[tuple[str, ...], tuple[str, ...]]] = ((), ())
    recipe: ClassVar[Mapping[str, Any]] = {}

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        classifiers, others = cls.auxiliaries
        uses, kinds = (CLASSIFIERS, classifiers) if cls.classify else ((), others)
        cls.settings = complete_settings(cls.settings, cls.common, cls.fixed_width, uses, kinds)
        if cls.inputs not in INPUTS:
            raise InputError(
                f"{cls.title()}: inputs must be one of {', '.join(INPUTS)}. Received: {cls.inputs!r}."
            )

    def build(self, shape: NetworkShape, settings: Any) -> Any:
        """Return the untrained model of the framework.

        Args:
            shape: the sizes of inputs and outputs.
            settings: the hyperparameters, an instance of ``settings``.

        Returns:
            A model from inputs (see `GuestNetwork.inputs`) to logits (B, shape.answer, shape.outputs). With
            ``shape.prefix`` it answers after every token, (B, T, shape.outputs). Global random generators are seeded.
        """
        raise NotImplementedError

    @classmethod
    def make_network(
        cls, shape: NetworkShape, settings: TrainingSettings, seed: int | str, device_config: DeviceConfig
    ) -> Network:
        """Return the untrained network (see `mathbench.baselines.models.interface`)."""
        raise NotImplementedError

    @classmethod
    def guard(cls, what: str) -> AbstractContextManager[None]:
        """Turn exceptions in the context into one line with the guest's file and line."""
        return guest_code(cls, what)

    @classmethod
    def title(cls) -> str:
        """Return the name of the class in messages."""
        return title_of(cls)


def check_network_class(kind: type[GuestNetwork]) -> None:
    """Check what can be known of a guest's network without building it.

    Raises:
        InputError: where ``build`` is missing or takes other arguments, or an attribute is of a wrong type.
    """
    if kind.framework not in FRAMEWORKS:
        raise InputError(f"{kind.title()} must be a subclass of TorchBaseline, TorchWriter or KerasBaseline.")
    if kind.build is GuestNetwork.build:
        raise InputError(
            f"{kind.title()} has no method build(self, shape, settings), which makes the network."
        )
    check_arguments(kind, "build", 2)
    check_class_method(kind, "applies")
    for name in ("classify", "fixed_width", "state_machine"):
        if not isinstance(getattr(kind, name), bool):
            raise InputError(
                f"{kind.title()}: {name} must be True or False. Received: {getattr(kind, name)!r:.60}."
            )
    if not isinstance(kind.recipe, Mapping):
        raise InputError(f"{kind.title()}: recipe must be a dict of dicts. Received: {kind.recipe!r:.60}.")
