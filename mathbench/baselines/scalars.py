"""TensorBoard scalars, the same for every framework, without starting any of them."""

import importlib.util
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any


class Scalars:
    """Writes loss, learning rate and validation exact match; does nothing where tensorboard is not installed.

    TensorBoard's own writer imports TensorFlow where that is installed, which takes seconds; its record
    format does not need it.

    Args:
        run: the run directory; ``tensorboard --logdir`` is pointed at it or at a folder of runs.
    """

    def __init__(self, run: Path):
        self._run = run
        self._records: Any = None

    def start(self, config: Mapping[str, Any]) -> None:
        """Begin a file of events; what the run is stands beside it, in run.json."""
        if not importlib.util.find_spec("tensorboard"):
            return
        from tensorboard.compat.proto.event_pb2 import Event
        from tensorboard.summary.writer.record_writer import RecordWriter

        now = time.time()
        place = self._run / "events"
        place.mkdir(parents=True, exist_ok=True)
        self._records = RecordWriter((place / f"events.out.tfevents.{now:.6f}").open("wb"))
        self._records.write(Event(wall_time=now, file_version="brain.Event:2").SerializeToString())

    def log(self, step: int, values: Mapping[str, float]) -> None:
        """Write some values."""
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
