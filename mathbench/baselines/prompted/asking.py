"""Asking a language model: questions that have no reply yet are sent, replies are kept and read."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from mathbench import formats
from mathbench.baselines.prompted.journal import Journal
from mathbench.baselines.prompted.model import LanguageModel, Question, Reply
from mathbench.baselines.prompted.settings import AskingOptions, PromptingSettings
from mathbench.baselines.prompted.words import cut, questions_for
from mathbench.dataset.data import Data
from mathbench.scores.grading import Grader, Grades
from mathbench.scores.untrusted import fits_prediction
from mathbench.task import Task

SPLITS = ("interpolate", "extrapolate")
BLOCK = 4096  # questions that are written at a time


@dataclass(frozen=True)
class Asked:
    """The replies to some questions, in order, and what was read in them.

    Args:
        replies: the replies, without reasoning.
        grades: their judgement.
    """

    replies: list[Reply]
    grades: Grades

    @property
    def answers(self) -> pa.StringArray:
        """What was read, strings (n,); empty where nothing was, or more than any answer has."""
        return pa.array([_short(answer) for answer in self.grades.answers], pa.string())

    def to_json(self) -> dict[str, Any]:
        """What is stated beside exact match: equal values, unread answers, and why replies ended."""
        return {**self.grades.beside, "finish": dict(Counter(reply.finish for reply in self.replies))}


class Asker:
    """Asks a model in the way that its settings state.

    Args:
        model: the model.
        prompting: the settings, after `resolve`.
        task: the task of the data.
        seed: the seed of the data, which chooses examples.
        journal: the replies so far.
        console: where progress is shown; None for no output.
    """

    def __init__(
        self,
        model: LanguageModel,
        prompting: PromptingSettings,
        task: Task,
        seed: int | str,
        journal: Journal,
        console: Console | None = None,
    ):
        self._model, self._prompting, self._task, self._seed = model, prompting, task, seed
        self._journal, self._console = journal, console

    def split(self, split: str, rows: pa.Table) -> Asked:
        """Ask all rows of a split of the data."""
        plain = formats.for_task(self._task).undo(rows)
        replies = self._asked(split, plain)
        grader = Grader(self._task, self._prompting.extract)
        texts = [cut(reply.text, self._prompting.stop) for reply in replies]
        grades = grader.grade(texts, rows["answer"].to_pylist(), rows["question"].to_pylist())
        return Asked(replies, grades)

    def predict(self, questions: Any) -> pa.StringArray:
        """Answer questions in the format of the task, strings (n,), with the examples of the first row of a split."""
        formatted = formats.for_task(self._task)
        plain = formatted.plain_rows(formatted.undo_questions(questions))
        plain = plain.append_column("row", pa.array(np.zeros(len(plain), dtype=np.int64)))
        read, base = Grader(self._task, self._prompting.extract).extraction.read, self._task.number_base
        texts = [cut(reply.text, self._prompting.stop) for reply in self._asked("interpolate", plain)]
        return pa.array([_short(read(text, base)) for text in texts], pa.string())

    def _asked(self, split: str, plain: pa.Table) -> list[Reply]:
        """The replies to plain rows."""
        found: list[Reply] = []
        with _progress(self._console, split, plain.num_rows) as advance:
            for start in range(0, plain.num_rows, BLOCK):
                rows = plain.slice(start, BLOCK)
                questions = questions_for(self._prompting, self._task, rows, self._seed, split)
                found += self._block(questions, split, rows["row"].to_pylist(), advance)
        return found

    def _block(self, questions: list[Question], split: str, rows: Sequence[int], advance: Any) -> list[Reply]:
        """The replies to some questions; those that the journal lacks are asked."""
        known = {i: reply for i, question in enumerate(questions) if (reply := self._journal.find(question))}
        advance(len(known))
        missing = [i for i in range(len(questions)) if i not in known]
        with closing(self._model.replies([questions[i] for i in missing], self._prompting)) as replies:
            for place, reply in replies:
                at = missing[place]
                known[at] = self._journal.add(questions[at], reply, split=split, row=rows[at])
                advance(1)
        return [known[i] for i in range(len(questions))]


def _short(answer: str | None) -> str:
    """An answer that a board takes: text that is too long to be right anyway becomes empty."""
    return answer if answer is not None and fits_prediction(answer) else ""


def used(journal: Journal, asking: AskingOptions) -> dict[str, Any]:
    """What all replies of a run took: numbers of tokens, and their price where prices are given."""
    replies = journal.replies
    tokens = {
        "prompt": sum(reply.prompt_tokens for reply in replies),
        "reply": sum(reply.reply_tokens for reply in replies),
        "reasoning": sum(reply.reasoning_tokens for reply in replies),
    }
    price = (tokens["prompt"] * asking.price_input + tokens["reply"] * asking.price_output) / 1e6
    priced = {"price": price} if asking.price_input or asking.price_output else {}
    return {"tokens": tokens, **priced}


@contextmanager
def _progress(console: Console | None, split: str, total: int) -> Iterator[Any]:
    """Show a bar in a terminal, and yield what advances it."""
    hidden = console is None or not console.is_terminal
    columns = (BarColumn(), TextColumn("{task.completed:,}/{task.total:,} answers"), TimeElapsedColumn())
    with Progress(
        TextColumn(split), *columns, TimeRemainingColumn(), console=console, disable=hidden
    ) as shown:
        bar = shown.add_task(split, total=total)
        yield lambda count: shown.advance(bar, count)


def ask_splits(asker: Asker, data: Data) -> dict[str, Asked]:
    """Ask the rows of all test splits of the data."""
    return {split: asker.split(split, data.splits[split]) for split in SPLITS if split in data.splits}


def predictions_of(asked: Mapping[str, Asked], data: Data) -> pa.Table:
    """The answers to the test splits as a table with the columns split, row, prediction and task."""
    parts = []
    for split, found in asked.items():
        n = len(found.replies)
        names = {"split": [split] * n, "row": data.splits[split]["row"], "prediction": found.answers}
        parts.append(pa.table({**names, "task": [data.task.name] * n}))
    return pa.concat_tables(parts)
