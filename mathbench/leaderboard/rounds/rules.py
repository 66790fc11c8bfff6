"""The rules of a round: the order and the times of its events. Its state follows from its log."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from mathbench.errors import InputError
from mathbench.families import from_spec
from mathbench.leaderboard.rounds.log import Event
from mathbench.leaderboard.times import parse_time
from mathbench.reserve import SPLITS
from mathbench.task import Task

MAX_ROWS = 1_000_000  # questions for one entry


@dataclass
class Entry:
    """A model in a round: its registration, its deadline and its answer."""

    challenge: Event
    deadline: datetime
    answer: Event | None = None

    @property
    def name(self) -> str:
        """Such as e1."""
        return str(self.challenge["entry"])

    @property
    def weights(self) -> str:
        """SHA-256 of its weights file."""
        return str(self.challenge["weights_sha256"])


@dataclass
class Round:
    """A round, from its log.

    Args:
        events: its lines, in order.

    Raises:
        InputError: for an event that the rules do not allow at its position.
    """

    events: Sequence[Event]
    entries: dict[str, Entry] = field(default_factory=dict)
    closed: bool = False
    reveal: Event | None = None

    def __post_init__(self) -> None:
        if not self.events or self.events[0].kind != "open":
            raise InputError("the first event of a round must be open.")
        self.tasks = [_task(spec) for spec in self.opened["tasks"]]
        self.closes = parse_time(self.opened["closes"])
        if (rows := len(self.tasks) * sum(self.sizes.values())) > MAX_ROWS:
            raise InputError(f"an entry may have at most {MAX_ROWS:,} questions. Received: {rows:,}.")
        self._last = self.opened.at
        for event in self.events[1:]:
            self.apply(event)

    @property
    def opened(self) -> Event:
        """The first event."""
        return self.events[0]

    @property
    def sizes(self) -> dict[str, int]:
        """Rows per split, for every task."""
        sizes = self.opened["sizes"]
        return {split: sizes[split] for split in SPLITS if split in sizes}

    def state(self, now: datetime) -> str:
        """Open, closed or revealed; past its closing time a round is closed even without the event."""
        if self.reveal is not None:
            return "revealed"
        return "closed" if self.closed or now > self.closes else "open"

    def apply(self, event: Event) -> None:
        """Apply one more event.

        Raises:
            InputError: when the rules do not allow it.
        """
        if self.reveal is not None:
            raise InputError(f"{event.kind}: the round is already revealed; no event may follow.")
        if event.at < self._last:
            raise InputError(
                f"{event.kind}: times must not decrease. Received: {event.at} after {self._last}."
            )
        self._last = event.at
        allowed = {"challenge": self._challenge, "answer": self._answer, "close": self._close}
        if event.kind == "reveal":
            self._reveal(event)
        elif event.kind in allowed:
            allowed[event.kind](event)
        else:
            raise InputError("a round may be opened only once.")

    def _challenge(self, event: Event) -> None:
        self._check_open(event, self.closes)
        if event["weights_sha256"] in [entry.weights for entry in self.entries.values()]:
            raise InputError("the questions for these weights were already drawn.")
        if event["entry"] != (name := self.next_name()):
            raise InputError(f"the next entry must be {name}. Received: {event['entry']}.")
        allowed = event.at + timedelta(seconds=self.opened["answer_seconds"])
        self.entries[name] = Entry(event, min(self.closes, allowed))

    def next_name(self) -> str:
        """The name of the next entry."""
        return f"e{len(self.entries) + 1}"

    def _answer(self, event: Event) -> None:
        entry = self.entry(event["entry"])
        self._check_open(event, entry.deadline)
        if entry.answer is not None:
            raise InputError(f"{entry.name} has already answered.")
        if event["weights_sha256"] != entry.weights:
            raise InputError(
                f"{entry.name} was registered with weights {entry.weights[:12]}.... "
                f"Received: {event['weights_sha256'][:12]}...."
            )
        entry.answer = event

    def entry(self, name: str) -> Entry:
        """An entry by its name.

        Raises:
            InputError: when there is none.
        """
        if name not in self.entries:
            raise InputError(
                f"the round has no entry {name!a}. Allowed: {', '.join(self.entries) or 'none'}."
            )
        return self.entries[name]

    def _check_open(self, event: Event, until: datetime) -> None:
        if self.closed:
            raise InputError(f"{event.kind}: the round is closed.")
        if event.at > until:
            raise InputError(f"{event.kind}: too late, the deadline was {until:%Y-%m-%d %H:%M:%S} UTC.")

    def _close(self, event: Event) -> None:
        if self.closed:
            raise InputError("the round is already closed.")
        self.closed = True

    def _reveal(self, event: Event) -> None:
        if not self.closed:
            raise InputError("the round must be closed before it is revealed.")
        self.reveal = event


def _task(spec: Mapping[str, Any]) -> Task:
    task = from_spec(spec["id"], spec["parameters"])
    if task.name != spec["name"]:
        raise InputError(f"these parameters are those of the task '{task.name}'. Received: {spec['name']!a}.")
    return task
