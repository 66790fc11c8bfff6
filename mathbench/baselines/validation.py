"""The answers of a network in training: to all questions of validation, and to those that it labels itself."""

import pyarrow as pa

from mathbench import formats
from mathbench.baselines.encoding import Encoding
from mathbench.baselines.models.group import NetworkGroup
from mathbench.baselines.models.interface import Network
from mathbench.baselines.predictor import predict_groups
from mathbench.baselines.training.state import Validation
from mathbench.scores import metrics
from mathbench.task import Task


class Validator:
    """Answers the validation questions with the current weights; call it for a `Validation`.

    Args:
        network: the network in training.
        encoding: maps questions to tokens.
        rows: the rows of validation, in the format of the task.
        task: their task.
    """

    def __init__(self, network: Network, encoding: Encoding, rows: pa.Table, task: Task):
        self._network, self._encoding = network, encoding
        self._groups, self._format = encoding.group_by_width(rows["question"]), formats.for_task(task)
        self._plain = self._format.undo(rows)

    def __call__(self) -> Validation:
        """Answer all questions."""
        predictions = predict_groups(self._network, self._encoding, self._groups)
        answers = self._format.undo_answers(predictions, self._plain)
        return Validation(predictions, metrics.exact_match(answers, self._plain["answer"]))


def answer_by_each(network: Network, encoding: Encoding, questions: pa.Array) -> list[pa.Array]:
    """Return the answers (n,) of every member of a committee to questions (n,), or those of a single network.

    With averaged weights the averages answer, as in validation.
    """
    groups = encoding.group_by_width(questions)
    network.swap_average()
    members = [network]
    if isinstance(network, NetworkGroup):
        members = [network.members.member(number) for number in network.numbers]
    answers = [predict_groups(member, encoding, groups) for member in members]
    network.swap_average()
    return answers
