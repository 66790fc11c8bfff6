"""Self-improvement: a network answers slightly longer problems itself and trains on these answers.

Source: Lee et al., "Self-Improving Transformers Overcome Easy-to-Hard and Length Generalization Challenges" (2025).
After the first steps, every generation draws problems one digit longer from the train reserve, without their answers.
Where enough members of a committee give the same answer, it becomes a label. The generation trains on the first
problems and on those of all generations so far, every length as often as any other. How many labels are right is
recorded, and never used.
"""

import io
import json
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from mathbench.baselines.checkpoint import START_OVER
from mathbench.baselines.encoding import Encoding, Tokens
from mathbench.baselines.models.settings.writing import WritingSettings
from mathbench.baselines.settings import TrainingSettings
from mathbench.baselines.training.batches import Batch, BatchSource, stack_padded
from mathbench.baselines.training.data import left_padded, stage_task
from mathbench.errors import InputError, one_line
from mathbench.hashing import GOLDEN, key_of, mix64, to_range
from mathbench.rows import Rows, open_rows
from mathbench.storage import atomic
from mathbench.task import Task
from mathbench.tokenizer import PAD

GENERATIONS_FOLDER = "generations"
RECORD_FILE = "generations.json"
WIDTH_ROWS = 1000  # problems of the last generation that tell how long its answers are

Answerers = Callable[[pa.Array], list[pa.Array]]  # questions (n,) to the answers of every member, (n,) each


@dataclass(frozen=True)
class Generation:
    """What a generation labelled, and how much of it is right.

    Args:
        generation: its number, from 1.
        digits: digits of its problems.
        step: the step before which it was labelled.
        problems: problems that were answered.
        kept: those whose answer became a label.
        exact_match: the share of right answers among all that the leader gave.
        kept_exact_match: the share of right answers among the labels.
    """

    generation: int
    digits: int
    step: int
    problems: int
    kept: int
    exact_match: float
    kept_exact_match: float


@dataclass(frozen=True)
class GenerationPlan:
    """When generations begin, and what their problems are.

    Args:
        task: the task of the run.
        settings: the hyperparameters.

    Raises:
        InputError: for a task whose numbers have no lengths, or lengths that it does not allow.
    """

    task: Task
    settings: WritingSettings

    def __post_init__(self) -> None:
        if not {"digits", "shortest"} <= self.task.parameters.keys():
            raise InputError(
                f"generations needs a task whose numbers have lengths. Received: {self.task.name}."
            )
        self.task_of(self.settings.generations)

    @property
    def first_step(self) -> int:
        """The first step of the first generation."""
        return self.settings.steps - self.settings.generations * self.settings.generation_steps

    def step_of(self, generation: int) -> int:
        """Return the first step of a generation, before which its problems are labelled."""
        return self.first_step + (generation - 1) * self.settings.generation_steps

    def at(self, step: int) -> int:
        """Return the generation of a step, 0 before the first one."""
        return max(0, (step - self.first_step) // self.settings.generation_steps + 1)

    def digits(self, generation: int) -> int:
        """Return the digits of the problems of a generation."""
        return int(self.task.parameters["digits"]) + generation

    def task_of(self, generation: int) -> Task:
        """Return the task of which a generation is asked problems: all numbers have its length."""
        digits = str(self.digits(generation))
        return stage_task(self.task, {"digits": digits, "shortest": digits})

    def answer_width(self, seed: int | str) -> int:
        """Return the characters of the longest answer of the last generation."""
        rows = open_rows(self.task_of(self.settings.generations), "train", seed)
        answers = rows.batch(range(rows.capacity_up_to(WIDTH_ROWS)))["answer"].to_pylist()
        return max(map(len, answers))


class SelfLabelledBatches:
    """Batches of the first problems and, from the first generation on, of problems that the network labelled itself.

    Args:
        plan: when generations begin.
        seed: seed of the rows.
        base: the batches before the first generation.
        answer: answers questions by every member of the committee.
        encoding: maps text to tokens.
        folder: the run directory, where labels are stored.
        report: receives what each generation labelled.
    """

    def __init__(
        self,
        plan: GenerationPlan,
        seed: int | str,
        base: BatchSource,
        answer: Answerers,
        encoding: Encoding,
        folder: Path,
        report: Callable[[Generation], None] = lambda generation: None,
    ):
        self._plan, self._seed, self._base, self._answer = plan, seed, base, answer
        self._encoding, self._folder, self._report = encoding, folder, report
        self._labelled: list[Batch] = []

    def batch(self, step: int) -> Batch:
        """Return the batch of a step; the first of a generation makes its labels, with the network as it is then."""
        generation = self._plan.at(step)
        while len(self._labelled) < generation:
            self._labelled.append(self._encoded(len(self._labelled) + 1, step))
        return self._mixed(step) if generation else _trimmed(*self._base.batch(step))

    def _mixed(self, step: int) -> Batch:
        """Draw each row of a batch from a length, and replace rows of the first lengths by those of longer ones."""
        questions, labels = self._base.batch(step)
        keys = mix64(
            np.arange(len(questions), dtype=np.uint64) * np.uint64(GOLDEN)
            + np.uint64(key_of("self", self._seed, step))
        )
        lengths = self._plan.digits(len(self._labelled))
        length = to_range(keys, np.full(1, lengths, np.uint64)).astype(np.int64)  # from 0
        parts = [(questions[length < self._plan.digits(0)], labels[length < self._plan.digits(0)])]
        for number, (own_questions, own_labels) in enumerate(self._labelled):
            wanted = mix64(keys[length == self._plan.digits(0) + number])
            rows = to_range(wanted, np.full(1, max(len(own_questions), 1), np.uint64)).astype(np.int64)
            parts.append(
                (own_questions[rows], own_labels[rows]) if len(own_questions) else (own_questions, own_labels)
            )
        left = left_padded(self._encoding)
        return _trimmed(
            stack_padded([questions for questions, _ in parts], left),
            stack_padded([labels for _, labels in parts], left_padded=False),
        )

    def _encoded(self, generation: int, step: int) -> Batch:
        """Return the questions and labels of a generation as tokens, from its file or newly labelled."""
        path = self._folder / GENERATIONS_FOLDER / f"{generation:03}.parquet"
        if not path.is_file():
            # labels are made by the network of this step alone
            if step != self._plan.step_of(generation):
                raise InputError(f"{path} is missing, so the run cannot go on. {START_OVER}")
            self._label(generation, step, path)
        try:
            table = pq.read_table(path, columns=["question", "label"])
        except (OSError, pa.ArrowException) as error:
            raise InputError(f"{path} is damaged ({one_line(str(error))}). {START_OVER}") from None
        return self._encoding.questions(table["question"]), self._encoding.answers(table["label"])

    def _label(self, generation: int, step: int, path: Path) -> None:
        rows = Rows(self._plan.task_of(generation), "train", self._seed)
        table = rows.batch(range(rows.capacity_up_to(self._plan.settings.generation_rows)))
        answers = [answer.to_pylist() for answer in self._answer(table["question"])]
        labels, kept = agreed(answers, self._plan.settings.agreement, self._encoding.answer_width)
        truth = np.array(table["answer"].to_pylist(), dtype=object)
        labelled = pa.table({"question": table["question"].filter(pa.array(kept)), "label": labels[kept]})
        path.parent.mkdir(exist_ok=True)
        buffer = io.BytesIO()
        pq.write_table(labelled, buffer)
        right = labels == truth
        found = Generation(
            generation,
            self._plan.digits(generation),
            step,
            len(truth),
            int(kept.sum()),
            float((np.array(answers[0], dtype=object) == truth).mean()),
            float(right[kept].mean()) if kept.any() else 0.0,
        )
        _record(self._folder, found)
        # the labels last: with them a generation is complete
        atomic.write(path, buffer.getvalue())
        self._report(found)


def generation_plan(settings: TrainingSettings, task: Task) -> GenerationPlan | None:
    """Return the plan of a training in which the network labels problems itself; None for any other."""
    if not isinstance(settings, WritingSettings) or not settings.generations:
        return None
    if settings.buckets:
        raise InputError(f"generations requires buckets=0. Received: buckets={settings.buckets}.")
    return GenerationPlan(task, settings)


def committee_size(settings: TrainingSettings) -> int:
    """Return the number of networks that label problems together, 1 where there is no committee."""
    return settings.committee if isinstance(settings, WritingSettings) else 1


def agreed(
    answers: Sequence[Sequence[str]], agreement: float, longest: int
) -> tuple[NDArray[np.object_], NDArray[np.bool_]]:
    """Return the most frequent answer to each question, and whether enough members gave it.

    Args:
        answers: for each member its answers (n,).
        agreement: the share of the members that must give an answer.
        longest: the characters that an answer may have.

    Returns:
        Texts (n,), of equally frequent ones that of the first member that gave it, and bool (n,). Empty answers and
        longer ones are no labels.

    >>> labels, kept = agreed([["3", "12"], ["3", "13"], ["4", "14"]], agreement=0.6, longest=2)
    >>> labels.tolist(), kept.tolist()
    (['3', '12'], [True, False])
    """
    labels = np.empty(len(answers[0]), dtype=object)
    kept = np.zeros(len(labels), dtype=bool)
    for row, given in enumerate(zip(*answers, strict=True)):
        labels[row], votes = Counter(given).most_common(1)[0]
        kept[row] = votes >= agreement * len(given) and 0 < len(labels[row]) <= longest
    return labels, kept


def read_generations(folder: Path) -> list[dict[str, Any]]:
    """Return what the generations of a run labelled, as plain values of `Generation`; empty where there are none.

    Raises:
        InputError: when the file is damaged.
    """
    path = folder / RECORD_FILE
    if not path.is_file():
        return []
    try:
        entries = json.loads(path.read_text(encoding="utf-8"))
        return [asdict(Generation(**entry)) for entry in entries]
    except (ValueError, TypeError) as error:
        raise InputError(f"{path} is damaged ({one_line(str(error))}). {START_OVER}") from None


def _record(folder: Path, found: Generation) -> None:
    earlier = [entry for entry in read_generations(folder) if entry["generation"] < found.generation]
    atomic.write(folder / RECORD_FILE, json.dumps([*earlier, asdict(found)], indent=2) + "\n")


def _trimmed(questions: Tokens, labels: Tokens) -> Batch:
    """Cut off padding behind the longest label of a batch."""
    longest = int((labels != PAD).sum(axis=1).max(initial=1))
    return questions, labels[:, :longest]
