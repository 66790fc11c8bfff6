"""The built-in trackers: TensorBoard, Weights & Biases, MLflow and trackio.

Where the services store data, and under which account, is configured by their environment variables (``WANDB_MODE``,
``MLFLOW_TRACKING_URI``). A resumed run continues the tracker's run of the same name where the tracker supports it.
"""

import importlib.util
import re
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mathbench.baselines.training.tracking import flatten

PROJECT = "mathbench"
_LIMIT = 500  # MLflow's limit on the characters of a parameter


class Scalars:
    """TensorBoard scalars of loss, learning rate and validation exact match. Does nothing without tensorboard.

    TensorBoard's own writer imports TensorFlow where that is installed, which takes seconds, so records are written
    directly.

    Args:
        run: the run directory. ``tensorboard --logdir`` takes it or a folder of runs.
    """

    def __init__(self, run: Path):
        self._run = run
        self._records: Any = None

    def start(self, config: Mapping[str, Any]) -> None:
        """Create the file of events. The configuration is in run.json beside it."""
        if not importlib.util.find_spec("tensorboard"):
            return
        from tensorboard.compat.proto.event_pb2 import Event
        from tensorboard.summary.writer.record_writer import RecordWriter

        now = time.time()
        folder = self._run / "events"
        folder.mkdir(parents=True, exist_ok=True)
        self._records = RecordWriter((folder / f"events.out.tfevents.{now:.6f}").open("wb"))
        self._records.write(Event(wall_time=now, file_version="brain.Event:2").SerializeToString())

    def log(self, step: int, values: Mapping[str, float]) -> None:
        """Log the metrics of a step."""
        if self._records is None:
            return
        from tensorboard.compat.proto.event_pb2 import Event
        from tensorboard.compat.proto.summary_pb2 import Summary

        summary = Summary(value=[Summary.Value(tag=tag, simple_value=value) for tag, value in values.items()])
        self._records.write(Event(step=step, summary=summary, wall_time=time.time()).SerializeToString())
        self._records.flush()

    def finish(self, summary: Mapping[str, float]) -> None:
        """Close the file."""
        if self._records is not None:
            self._records.close()


class WeightsAndBiases:
    """A run of Weights & Biases, named after its directory.

    Args:
        run: the run directory.
    """

    def __init__(self, run: Path):
        import wandb

        self._wandb, self._name = wandb, run.resolve().name
        self._run: Any = None

    def start(self, config: Mapping[str, Any]) -> None:
        """Start the run, or resume it."""
        self._run = self._wandb.init(
            project=PROJECT, name=self._name, id=self._name, resume="allow", config=dict(config)
        )

    def log(self, step: int, values: Mapping[str, float]) -> None:
        """Log the metrics of a step."""
        self._run.log(dict(values), step=step)

    def finish(self, summary: Mapping[str, float]) -> None:
        """End the run."""
        self._run.summary.update(dict(summary))
        self._run.finish()


class MLflow:
    """A run of MLflow, named after its directory.

    Args:
        run: the run directory.
    """

    def __init__(self, run: Path):
        import mlflow

        self._mlflow, self._name = mlflow, run.resolve().name

    def start(self, config: Mapping[str, Any]) -> None:
        """Start a run in the experiment `mathbench`."""
        self._mlflow.set_experiment(PROJECT)
        self._mlflow.start_run(run_name=self._name)
        self._mlflow.log_params({key: str(value)[:_LIMIT] for key, value in flatten(config).items()})

    def log(self, step: int, values: Mapping[str, float]) -> None:
        """Log the metrics of a step."""
        # MLflow allows fewer characters in names than strata have
        named = {re.sub(r"[^\w\-. /]", "_", name): value for name, value in values.items()}
        self._mlflow.log_metrics(named, step=step)

    def finish(self, summary: Mapping[str, float]) -> None:
        """End the run, as killed when there is no summary."""
        self._mlflow.log_metrics(dict(summary))
        self._mlflow.end_run("FINISHED" if summary else "KILLED")


class Trackio:
    """A run of trackio, named after its directory.

    Args:
        run: the run directory.
    """

    def __init__(self, run: Path):
        import trackio

        self._trackio, self._name = trackio, run.resolve().name

    def start(self, config: Mapping[str, Any]) -> None:
        """Start the run, or resume it."""
        self._trackio.init(project=PROJECT, name=self._name, resume="allow", config=flatten(config))

    def log(self, step: int, values: Mapping[str, float]) -> None:
        """Log the metrics of a step."""
        self._trackio.log(dict(values), step=step)

    def finish(self, summary: Mapping[str, float]) -> None:
        """End the run."""
        if summary:
            self._trackio.log(dict(summary))
        self._trackio.finish()
