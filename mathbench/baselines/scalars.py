"""TensorBoard scalars, the same for every framework, without starting any of them."""

import importlib.util
import time
from pathlib import Path
from typing import Any

from mathbench.baselines.training import State

TAGS = ("loss", "rate", "validation")


class Scalars:
    """Writes loss, learning rate and validation exact match; does nothing where tensorboard is not installed.

    TensorBoard's own writer imports TensorFlow where that is installed, which takes seconds; its record
    format does not need it.

    Args:
        folder: the run directory; ``tensorboard --logdir`` is pointed at it or at a folder of runs.
    """

    def __init__(self, folder: Path):
        self._records: Any = None
        if importlib.util.find_spec("tensorboard"):
            from tensorboard.compat.proto.event_pb2 import Event
            from tensorboard.summary.writer.record_writer import RecordWriter

            now = time.time()
            place = folder / "events"
            place.mkdir(parents=True, exist_ok=True)
            self._records = RecordWriter((place / f"events.out.tfevents.{now:.6f}").open("wb"))
            self._records.write(Event(wall_time=now, file_version="brain.Event:2").SerializeToString())

    def validated(self, state: State) -> None:
        """Write the newest entry of the history."""
        if self._records is None:
            return
        from tensorboard.compat.proto.event_pb2 import Event
        from tensorboard.compat.proto.summary_pb2 import Summary

        entry = state.history[-1]
        summary = Summary(value=[Summary.Value(tag=tag, simple_value=entry[tag]) for tag in TAGS])
        self._records.write(
            Event(step=int(entry["step"]), summary=summary, wall_time=time.time()).SerializeToString()
        )
        self._records.flush()

    def close(self) -> None:
        """Close the file."""
        if self._records is not None:
            self._records.close()
