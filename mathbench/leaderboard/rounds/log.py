"""The log of a round: lines of JSON, each with the digest of the previous one, so that none can be changed alone."""

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from mathbench.errors import InputError
from mathbench.leaderboard.submission import canonical_json
from mathbench.leaderboard.submission_manifest import SEASON_NAME
from mathbench.leaderboard.times import TIME_FORMAT, parse_time
from mathbench.scores import strict_json
from mathbench.scores.schema import COUNTS, DIGEST, TASK, TIME
from mathbench.scores.schema_types import Integer, ListOf, MapOf, Record, Schema, Text, nullable, refuse
from mathbench.scores.untrusted import read_limited
from mathbench.storage import atomic

LOG_FILE = "log.jsonl"
MAX_BYTES = 64 << 20
GENESIS_DIGEST = "0" * 64  # the previous digest of the first line

# called when a line is written, so that time never runs backwards in a log
Clock = Callable[[], datetime]

ENTRY = Text(10, "e[1-9][0-9]*")
ROUND_SPLITS = ("interpolate", "extrapolate")
SIZES = MapOf(Integer(1, 1_000_000), ROUND_SPLITS)

SUBMITTER = nullable(Text(50))

# per kind of event, the fields besides event, at and previous
_OWN: dict[str, dict[str, Schema]] = {
    "open": {
        "name": Text(100),
        "commitment": DIGEST,
        "tasks": ListOf(TASK, 100),
        "sizes": SIZES,
        "closes": TIME,
        "answer_seconds": Integer(1),
    },
    "challenge": {"entry": ENTRY, "model": Text(), "weights_sha256": DIGEST, "questions_digest": DIGEST},
    "answer": {"entry": ENTRY, "weights_sha256": DIGEST, "answers_sha256": DIGEST},
    "close": {},
    # scores are by entry, task and split
    "reveal": {"seed": DIGEST, "salt": DIGEST, "scores": MapOf(MapOf(MapOf(COUNTS, ROUND_SPLITS)))},
}
# per kind of event, fields that logs of earlier versions lack
_LATER: dict[str, dict[str, Schema]] = {
    "open": {
        # the number of entries that one entrant may register; a log with it names the submitter of every entry
        "entries_per_submitter": Integer(1),
        # by the names of tasks, where they have other sizes than the others
        "sizes_by_task": MapOf(SIZES),
        "opens": TIME,
        # the season whose tasks these are
        "season": Record({"name": SEASON_NAME, "digest": DIGEST}),
    },
    "challenge": {"submitter": SUBMITTER},
}
EVENTS = {
    kind: Record({"event": Text(20, kind), "at": TIME, "previous": DIGEST, **fields}, _LATER.get(kind, {}))
    for kind, fields in _OWN.items()
}
# the request that registers a model
CHALLENGE = Record({name: EVENTS["challenge"].fields[name] for name in ("model", "weights_sha256")})


@dataclass(frozen=True)
class Event:
    """One line of a log.

    Args:
        fields: event, at, previous, and those of its kind of event.
    """

    fields: Mapping[str, Any]

    def __getitem__(self, key: str) -> Any:
        return self.fields[key]

    def get(self, key: str, default: Any = None) -> Any:
        """A field that logs of earlier versions lack."""
        return self.fields.get(key, default)

    @property
    def kind(self) -> str:
        """One of `EVENTS`."""
        return str(self.fields["event"])

    @property
    def at(self) -> datetime:
        """The time when it was written, in UTC."""
        return parse_time(self.fields["at"])

    @property
    def digest(self) -> str:
        """SHA-256 of the line."""
        return hashlib.sha256(canonical_json(self.fields).encode()).hexdigest()


def read(folder: Path) -> list[Event]:
    """Read all events of a round.

    Raises:
        InputError: when there is no log, a line is not an event, or the chain is broken, with the line.
    """
    path = folder / LOG_FILE
    if not path.is_file():
        raise InputError(f"'{folder}' is not a round: it contains no {LOG_FILE}.")
    return parse(read_limited(path, MAX_BYTES))


def parse(data: bytes) -> list[Event]:
    """Parse all events of a log.

    Raises:
        InputError: as `read`.
    """
    events: list[Event] = []
    for number, line in enumerate(data.splitlines(), 1):
        where = f"{LOG_FILE}, line {number}"
        event = Event(_checked(strict_json.parse(line, where), where))
        if event["previous"] != (events[-1].digest if events else GENESIS_DIGEST):
            raise InputError(f"{where}: the previous line was changed, removed or inserted later.")
        events.append(event)
    return events


def _checked(fields: Any, where: str) -> dict[str, Any]:
    kind = fields.get("event") if isinstance(fields, dict) else None
    if not isinstance(kind, str) or kind not in EVENTS:
        refuse(f"{where}: event", f"one of {', '.join(EVENTS)}", kind)
    EVENTS[kind](fields, where)
    parse_time(fields["at"])
    return dict(fields)


def next_event(events: Sequence[Event], kind: str, now: datetime, **fields: Any) -> Event:
    """Make the next event without writing it."""
    previous = events[-1].digest if events else GENESIS_DIGEST
    found = {"event": kind, "at": now.strftime(TIME_FORMAT), "previous": previous, **fields}
    return Event(_checked(json.loads(canonical_json(found)), kind))


def write(folder: Path, events: Sequence[Event]) -> None:
    """Write all lines; the file is replaced atomically."""
    atomic.write(folder / LOG_FILE, "".join(canonical_json(event.fields) + "\n" for event in events))
