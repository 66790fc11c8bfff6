"""Questions of reasoning-gym, made by the package itself.

Row i of one of its datasets depends on seed + i alone, so two datasets with neighbouring seeds share almost all rows.
Here every split has a range of rows of its own, far from the others, of one seed. Rows of train and validation whose
question a later split has are left out.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from importlib.metadata import version
from typing import Any

from mathbench.dataset.imported.blocks import Block
from mathbench.dataset.imported.overlap import hash_texts, normalised
from mathbench.errors import InputError, did_you_mean, require_extra, shown
from mathbench.numbers.text import from_list
from mathbench.reserve import SPLITS

PACKAGE, EXTRA = "reasoning_gym", "bench"
APART = 1 << 28  # rows between the starts of the ranges of two splits
TRIES = 20  # rows that are made at most for each row that is kept
BLOCK_ROWS = 1 << 12
DEFAULT_SIZES = {"train": 10_000, "validation": 500, "interpolate": 1_000}


@dataclass(frozen=True)
class GymRequest:
    """Which rows are made.

    Args:
        dataset: the name of a dataset of reasoning-gym.
        sizes: rows per split.
        seed: a non-negative integer.
        settings: of the dataset.
        beyond: settings that extrapolate has besides or instead.
    """

    dataset: str
    sizes: Mapping[str, int] = field(default_factory=lambda: DEFAULT_SIZES)
    seed: int = 0
    settings: Mapping[str, Any] = field(default_factory=dict)
    beyond: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.sizes.get("extrapolate") and not self.beyond:
            raise InputError(
                "extrapolate needs other settings than train: give --set-extrapolate key=value. Received: none."
            )

    def about(self) -> dict[str, Any]:
        """The source and its options, as JSON values."""
        return {
            "source": f"reasoning-gym {version('reasoning-gym')}: {self.dataset}",
            "seed": self.seed,
            "settings": dict(self.settings),
            "settings_of_extrapolate": dict(self.beyond),
            "rule": (
                f"rows of seed + {APART:,} * position of the split (train 0, validation 1, interpolate 2, extrapolate "
                "3) onwards; a question of a later split, up to case and white space, is left out of earlier ones, and "
                "validation and the test splits repeat none"
            ),
            "answers": "reasoning-gym accepts other answers to some questions; here only the stored text is right",
        }


def read_gym(request: GymRequest) -> Iterator[Block]:
    """Make the rows, block by block, as one configuration.

    Raises:
        InputError: without the package, for an unknown dataset or setting, and for too few different questions.
    """
    require_extra(PACKAGE, EXTRA)
    seen: set[int] = set()
    for split in reversed(SPLITS):
        if rows := request.sizes.get(split, 0):
            yield from _split(request, split, rows, seen)


def _split(request: GymRequest, split: str, rows: int, seen: set[int]) -> Iterator[Block]:
    """The rows of one split; the hashes of its questions are added to `seen`, which they may not be in."""
    settings = {**request.settings, **(request.beyond if split == "extrapolate" else {})}
    made = _dataset(request, split, min(TRIES * rows, APART), settings)
    kept, own, position = 0, set(seen), 0
    while kept < rows:
        count = min(BLOCK_ROWS, len(made) - position, max(rows - kept, 64))
        if count <= 0:
            raise InputError(
                f"{request.dataset}: {split} has {kept:,} different questions that no later split has. "
                f"Received: {rows:,}."
            )
        pairs = [_pair(made, position + i, request.dataset) for i in range(count)]
        position += count
        hashes = hash_texts(normalised(from_list([question for question, _ in pairs]))).tolist()
        train = split == "train"
        new = _new_rows(hashes, seen if train else own, repeats=train)[: rows - kept]
        own.update(hashes[i] for i in new)
        kept += len(new)
        questions, answers = ([pairs[i][side] for i in new] for side in (0, 1))
        strata = from_list([request.dataset] * len(new))
        yield Block(block_name(request.dataset), split, from_list(questions), from_list(answers), strata)
    seen.update(own)


def _new_rows(hashes: list[int], seen: set[int], repeats: bool) -> list[int]:
    """The rows whose hash is not in a set, nor, unless repeats are allowed, before them.

    >>> _new_rows([1, 2, 2, 3], {1}, repeats=False), _new_rows([1, 2, 2, 3], {1}, repeats=True)
    ([1, 3], [1, 2, 3])
    """
    first = {value: i for i, value in reversed(list(enumerate(hashes)))}
    return [i for i, value in enumerate(hashes) if value not in seen and (repeats or first[value] == i)]


def block_name(dataset: str) -> str:
    """The name of the configuration."""
    return f"reasoning-gym-{dataset}"


def _dataset(request: GymRequest, split: str, size: int, settings: Mapping[str, Any]) -> Any:
    """The dataset of a split, with an own range of rows."""
    import reasoning_gym
    from reasoning_gym.factory import DATASETS

    if request.dataset not in DATASETS:
        hint = did_you_mean(request.dataset, DATASETS)
        raise InputError(f"reasoning-gym has no dataset {shown(request.dataset)}. {hint}")
    seed = request.seed + APART * SPLITS.index(split)
    try:
        return reasoning_gym.create_dataset(request.dataset, size=size, seed=seed, **settings)
    except Exception as error:  # its settings are checked by assertions and by the code that uses them
        raise InputError(
            f"reasoning-gym refuses the settings {shown(dict(settings))} of {request.dataset}: "
            f"{str(error).strip() or type(error).__name__}."
        ) from None


def _pair(made: Any, row: int, name: str) -> tuple[str, str]:
    """Question and answer of a row."""
    try:
        entry = made[row]
    except Exception as error:  # any code of a generator
        raise InputError(f"{name}: row {row} cannot be made: {type(error).__name__}: {error}.") from None
    question, answer = entry["question"], entry["answer"]
    if not isinstance(question, str) or not isinstance(answer, str):
        raise InputError(f"{name}: row {row} has no text as its answer. Received: {shown(answer)}.")
    return question, answer
