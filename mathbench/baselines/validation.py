"""The validation of a training: the network answers all questions of the split."""

import pyarrow as pa

from mathbench import formats
from mathbench.baselines.encoding import Encoding
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
