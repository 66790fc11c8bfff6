"""The strict reward for GRPO of TRL, its rows, and training whose difficulty follows the learner.

>>> reward_func = make_reward_func()
>>> reward_func(prompts=["57+8"], completions=[" 65"], answer=["65"], question=["57+8"])
[1.0]
"""

import json
import random
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from mathbench.errors import InputError
from mathbench.rewards.prompts import Row, chat, last_text
from mathbench.rewards.rows import TASK_SPEC, judged_rows
from mathbench.rewards.sampler import DRAW, LEVEL, AdaptiveSampler
from mathbench.rewards.strict import reward
from mathbench.scores.extraction import WHOLE
from mathbench.storage import atomic
from mathbench.streaming import Stream

if TYPE_CHECKING:
    import datasets
    from transformers import TrainerCallback

RewardFunc = Callable[..., list[float]]
STATE_FILE = "mathbench_sampler.json"  # in the folder of a checkpoint
_COLUMNS = ("question", "answer", "stratum", "row", TASK_SPEC, LEVEL, DRAW)


def make_reward_func(extract: str = WHOLE, sampler: AdaptiveSampler | None = None) -> RewardFunc:
    """Make a reward function for `GRPOTrainer`, for text and for chats.

    Args:
        extract: the name of the extraction.
        sampler: the sampler that made the rows, where there is one; the rewards are recorded there.
    """

    def exact_match(prompts: Sequence[Any], completions: Sequence[Any], **columns: Any) -> list[float]:
        """The rewards of completions, 1.0 or 0.0 each; `columns` are those of the rows."""
        if "answer" not in columns:
            raise InputError(f"rows must have the column answer. Received: {', '.join(columns) or 'none'}.")
        names = [name for name in ("question", "answer", TASK_SPEC) if name in columns]
        rows = [
            dict(zip(names, values, strict=True))
            for values in zip(*(columns[name] for name in names), strict=True)
        ]
        rewards = reward([last_text(completion) for completion in completions], rows, extract=extract)
        # rows of an evaluation come from elsewhere, and do not change the difficulty
        if sampler is not None and DRAW in columns:
            sampler.record(columns[DRAW], rewards)
        return rewards

    return exact_match


def dataset(rows: Stream | Iterable[Row], as_chat: bool = False) -> "datasets.IterableDataset":
    """Rows as an iterable dataset with the column ``prompt``, and the columns that judge its answers.

    Args:
        rows: a stream of single rows of one task, with ``epochs=None`` an endless one; or rows with ``task_spec``.
        as_chat: whether prompts are chats or text.

    >>> import mathbench
    >>> next(iter(dataset(mathbench.stream("addition", epochs=None), as_chat=True)))["prompt"]
    [{'role': 'user', 'content': '4+7'}]
    """
    import datasets
    from datasets.iterable_dataset import ExamplesIterable

    def examples() -> Iterator[tuple[str, dict[str, Any]]]:
        for number, row in enumerate(judged_rows(rows) if isinstance(rows, Stream) else rows):
            prompt = chat(row) if as_chat else row["question"]
            yield str(number), {"prompt": prompt, **{name: row[name] for name in _COLUMNS if name in row}}

    return datasets.IterableDataset(ExamplesIterable(examples, {}))


class AdaptiveTraining:
    """The parts of a `GRPOTrainer` whose problems follow the rewards: dataset, reward function and callback.

    The trainer runs in one process, with ``shuffle_dataset=False``; a resume needs ``ignore_data_skip=True``. The state
    of the sampler is saved in every checkpoint, and a resume continues with the rows that were not trained yet.

    Args:
        sampler: the sampler.
        extract: the name of the extraction.
        as_chat: whether prompts are chats or text.

    Attributes:
        dataset: for ``train_dataset``.
        reward_func: for ``reward_funcs``.
    """

    def __init__(self, sampler: AdaptiveSampler, extract: str = WHOLE, as_chat: bool = False):
        self.sampler = sampler
        self.dataset = dataset(sampler, as_chat)
        self.reward_func = make_reward_func(extract, sampler)

    def save(self, folder: str | Path) -> None:
        """Write the state of the sampler into the folder of a checkpoint."""
        state = {"sampler": self.sampler.state_dict(), "random": random_state()}
        atomic.write(Path(folder) / STATE_FILE, json.dumps(state))

    def load(self, folder: str | Path) -> dict[str, Any]:
        """Load the state of the sampler from the folder of a checkpoint.

        Returns:
            The state of the random numbers, for :func:`restore_random_state`.

        Raises:
            InputError: for a folder without a state, or the state of another sampler.
        """
        file = Path(folder) / STATE_FILE
        try:
            state = json.loads(file.read_text(encoding="utf-8"))
            sampler, numbers = state["sampler"], state["random"]
        except (OSError, ValueError, TypeError, KeyError) as error:
            raise InputError(f"{file} has no state of a sampler: {type(error).__name__}.") from None
        self.sampler.load_state_dict(sampler)
        return numbers

    def callback(self) -> "TrainerCallback":
        """For ``callbacks``: checks the settings, saves and loads the state with the checkpoints."""
        import transformers

        base: Any = transformers.TrainerCallback
        training, loaded = self, list[dict[str, Any]]()

        class SaveSampler(base):  # type: ignore[misc]
            """Saves and loads the state of the sampler, and that of the random numbers."""

            def on_train_begin(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
                """Check the settings, and load the state of a resumed checkpoint."""
                _check_settings(args, resumed=state.global_step > 0)
                if state.global_step:
                    loaded.append(training.load(_checkpoint(args, state)))

            def on_step_begin(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
                """Restore the random numbers: the trainer does not, where it skips no rows."""
                if loaded:
                    restore_random_state(loaded.pop())

            def on_save(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
                """Save the state."""
                training.save(_checkpoint(args, state))

            def on_log(self, args: Any, state: Any, control: Any, logs: Any = None, **kwargs: Any) -> None:
                """Add the frontier to the logs."""
                if logs is not None:
                    logs["frontier"] = float(training.sampler.frontier)

        return SaveSampler()


def random_state() -> dict[str, Any]:
    """The state of the random numbers of Python, NumPy and PyTorch, as JSON values."""
    import torch

    name, key, *rest = np.random.get_state(legacy=True)
    cuda = torch.cuda.get_rng_state_all() if torch.cuda.is_available() else []
    return {
        "python": random.getstate(),
        "numpy": [name, np.asarray(key).tolist(), *rest],
        "torch": [bytes(state.tolist()).hex() for state in (torch.get_rng_state(), *cuda)],
    }


def restore_random_state(state: dict[str, Any]) -> None:
    """Restore a state made by :func:`random_state`."""
    import torch

    version, words, gauss = state["python"]
    random.setstate((version, tuple(words), gauss))
    np.random.set_state(tuple(state["numpy"]))
    first, *cuda = (torch.tensor(list(bytes.fromhex(text)), dtype=torch.uint8) for text in state["torch"])
    torch.set_rng_state(first)
    if cuda and torch.cuda.is_available():
        torch.cuda.set_rng_state_all(cuda)


def _checkpoint(args: Any, state: Any) -> Path:
    return Path(args.output_dir) / f"checkpoint-{state.global_step}"


def _check_settings(args: Any, resumed: bool) -> None:
    """Check that the trainer draws rows in order, in one process, and each once."""
    if getattr(args, "world_size", 1) > 1:
        raise InputError(f"adaptive training runs in one process. Received: {args.world_size}.")
    if getattr(args, "shuffle_dataset", False):
        raise InputError("adaptive training needs shuffle_dataset=False: a shuffled row comes too late.")
    if resumed and not args.ignore_data_skip:
        raise InputError(
            "a resume needs ignore_data_skip=True: the sampler continues at its position by itself."
        )
