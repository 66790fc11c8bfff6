"""The rules of a round: the order and the times of its events. Its state follows from its log."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from mathbench.errors import InputError
from mathbench.families import from_spec
from mathbench.leaderboard import names
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

    @property
    def model(self) -> str:
        """The name that it was registered under."""
        return str(self.challenge["model"])

    @property
    def submitter(self) -> str | None:
        """The name of the token that registered it; None for the host, and in logs of earlier versions."""
        return _submitter(self.challenge)

    @property
    def entrant(self) -> tuple[str, str]:
        """Whose entries are counted together."""
        return entrant(self.challenge)


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
        self.opens = parse_time(self.opened.get("opens", self.opened["at"]))
        self._check_sizes()
        if (rows := sum(sum(self.rows(task).values()) for task in self.tasks)) > MAX_ROWS:
            raise InputError(f"an entry may have at most {MAX_ROWS:,} questions. Received: {rows:,}.")
        self._last = self.opened.at
        for event in self.events[1:]:
            self.apply(event)

    @property
    def opened(self) -> Event:
        """The first event."""
        return self.events[0]

    @property
    def season(self) -> str | None:
        """The name of the season whose tasks these are; None for a round of its own."""
        return self.opened["season"]["name"] if "season" in self.opened.fields else None

    @property
    def limit(self) -> int | None:
        """The number of entries that one entrant may register; None in logs of earlier versions."""
        found: int | None = self.opened.get("entries_per_submitter")
        return found

    @property
    def scores(self) -> Mapping[str, Mapping[str, Mapping[str, Any]]]:
        """Of a revealed round n and correct per entry, task and split."""
        found: Mapping[str, Any] = self.reveal["scores"] if self.reveal else {}
        return found

    def rows(self, task: Task) -> dict[str, int]:
        """Rows per split of a task."""
        sizes = self.opened.get("sizes_by_task", {}).get(task.name, self.opened["sizes"])
        return {split: sizes[split] for split in SPLITS if split in sizes}

    def _check_sizes(self) -> None:
        names = {task.name for task in self.tasks}
        if foreign := [name for name in self.opened.get("sizes_by_task", {}) if name not in names]:
            raise InputError(f"sizes are given for tasks outside the round; the first: {foreign[0]!a}.")

    def state(self, now: datetime) -> str:
        """Waiting, open, closed or revealed; past its closing time a round is closed even without the event."""
        if self.reveal is not None:
            return "revealed"
        if now < self.opens and not self.closed:
            return "waiting"
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
        if event.at < self.opens:
            raise InputError(f"the round opens at {self.opens:%Y-%m-%d %H:%M:%S} UTC.")
        if event["weights_sha256"] in [entry.weights for entry in self.entries.values()]:
            raise InputError("the questions for these weights were already drawn.")
        if event["entry"] != (name := self.next_name()):
            raise InputError(f"the next entry must be {name}. Received: {event['entry']}.")
        if self.limit is not None:
            self._check_entrant(event, self.limit)
        allowed = event.at + timedelta(seconds=self.opened["answer_seconds"])
        self.entries[name] = Entry(event, min(self.closes, allowed))

    def _check_entrant(self, event: Event, limit: int) -> None:
        """Check the name of the model, whose name it is, and the number of entries of its submitter."""
        if "submitter" not in event.fields:
            raise InputError("challenge: this round names the submitter of every entry.")
        model = event["model"]
        names.check_new_name(model)
        entries = self.entries.values()
        for entry in entries:
            if (
                names.folded_name(entry.model) == names.folded_name(model)
                and entry.submitter != event["submitter"]
            ):
                raise InputError(
                    f"the name {model!a} belongs to {entry.submitter or 'the host'} in this round, as {entry.model!a}. "
                    "Choose another one."
                )
        if sum(entry.entrant == entrant(event) for entry in entries) >= limit:
            who = _submitter(event) or f"the model {model!a}"
            raise InputError(f"{who} has {limit} of at most {limit} entries in this round.")

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


def entrant(challenge: Event) -> tuple[str, str]:
    """Whose entries are counted together: those of one submitter under all names.

    Entries without a submitter count per name: a host registers models of others.
    """
    found = _submitter(challenge)
    return ("model", names.folded_name(challenge["model"])) if found is None else ("submitter", found)


def _submitter(challenge: Event) -> str | None:
    found: str | None = challenge.get("submitter")
    return found


def _task(spec: Mapping[str, Any]) -> Task:
    task = from_spec(spec["id"], spec["parameters"])
    if task.name != spec["name"]:
        raise InputError(f"these parameters are those of the task '{task.name}'. Received: {spec['name']!a}.")
    return task
