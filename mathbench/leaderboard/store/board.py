"""A board in a database: submissions with their scores, and every attempt to submit."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from mathbench.errors import InputError
from mathbench.leaderboard import names
from mathbench.leaderboard.check import CheckResult, check_submission
from mathbench.leaderboard.seasons.files import check_new_season, is_revealed, parse_season
from mathbench.leaderboard.seasons.references import References, builtin_seasons, parse_references
from mathbench.leaderboard.seasons.season import Season
from mathbench.leaderboard.seasons.standing import check_season
from mathbench.leaderboard.store.bulk import without_collection
from mathbench.leaderboard.store.database import Database
from mathbench.leaderboard.store.rows import (
    SCORE_COLUMNS,
    SUBMISSION_COLUMNS,
    columns_of,
    record_of,
    rows_of,
)
from mathbench.leaderboard.store.tables import AttemptRow, NameRow, ScoreRow, SeasonRow, SubmissionRow
from mathbench.leaderboard.submission import Submission
from mathbench.leaderboard.submission_record import WITHDRAWAL_REASON, SubmissionRecord, find_by_prefix
from mathbench.leaderboard.times import utc_now
from mathbench.scores.metrics import Bool, pack_rows, unpack_rows

# outcomes of attempts: those that sent content, and those that changed what the board shows
SENT = ("kept", "repeated")
CHANGES = (*SENT, "withdrawn", "reproduced")
MAX_CHANGED = (
    500  # submissions that are read by their digests at a time; if more changed, the whole board is read
)

# the number of times that each content was sent, and the id of the first time
_SENDINGS = (
    select(AttemptRow.digest, func.count(), func.min(AttemptRow.id))
    .where(AttemptRow.outcome.in_(SENT))
    .group_by(AttemptRow.digest)
)


@dataclass(frozen=True)
class StoreResult:
    """The outcome of one attempt.

    Args:
        record: the submission on the board.
        new: whether the board did not have it before.
        attempts: how often this content was submitted, this time included.
    """

    record: SubmissionRecord
    new: bool
    attempts: int


@dataclass(frozen=True)
class BoardVersion:
    """The state of a board's log of attempts.

    Args:
        changes: the number of attempts that changed what the board shows.
        last: the id of the last of them.
    """

    changes: int = 0
    last: int = 0


class Board:
    """A board in a database.

    Args:
        target: a path, a database URL, or None for MATHBENCH_BOARD or the user's own board.
        create: create the database and its tables when there are none.

    Raises:
        InputError: when there is no board, or it cannot be opened or is something else.
    """

    def __init__(self, target: str | Path | None = None, create: bool = True):
        self.database = Database(target, create)

    @property
    def name(self) -> str:
        """The path or URL of the board, without a password."""
        return self.database.name

    @property
    def public_name(self) -> str:
        """The last part of the path or URL, without the location."""
        return self.database.public_name

    def transaction(self) -> AbstractContextManager[Session]:
        """Open a session on the board's tables that is committed at the end; errors are one line."""
        return self.database.transaction()

    def keep(
        self,
        submission: Submission,
        checked: CheckResult,
        source: str = "",
        token: str | None = None,
        from_round: bool = False,
    ) -> StoreResult:
        """Store a checked submission; content that the board has already counts as one more attempt.

        Args:
            submission: the submission.
            checked: its recomputed scores.
            source: where it came from.
            token: the name of the token of its submitter; None for the host.
            from_round: whether it comes from a sealed round that was verified.

        Raises:
            InputError: for a name that belongs to another submitter, is reserved, or has other characters; for a season
                that the board does not have, or other rows than its.
        """
        summary = submission.manifest.summary
        names.check_name(summary.model)
        check_season(summary, self.seasons() if summary.season else (), from_round)
        columns = columns_of(submission, checked, token)  # compressed before the board is locked
        with self.transaction() as session:
            # the attempt is written first: a transaction that begins by reading may not become a writer
            attempt = AttemptRow(
                at=utc_now(), digest=submission.digest, outcome="kept", message=source, token=token
            )
            session.add(attempt)
            session.flush()
            self._claim_name(session, summary.model, token)
            insert = self.database.insert_if_absent(SubmissionRow, columns).returning(SubmissionRow.digest)
            if new := session.scalar(insert) is not None:
                session.add_all(rows_of(submission.digest, checked))
            else:
                attempt.outcome = "repeated"
            session.flush()
            row = session.get_one(SubmissionRow, submission.digest)
            sent = _SENDINGS.where(AttemptRow.digest == submission.digest)
            _, attempts, number = session.execute(sent).one()
            return StoreResult(record_of(row, row.scores, attempts, number), new, attempts)

    def _claim_name(self, session: Session, name: str, token: str | None) -> None:
        """Check that a name is the submitter's, who owns it from the first use on.

        Raises:
            InputError: when it belongs to another one.
        """
        key = names.folded_name(name)
        own = {"key": key, "name": name, "submitter": token, "since": utc_now()}
        session.execute(self.database.insert_if_absent(NameRow, own))
        owner = session.get_one(NameRow, key)
        if owner.submitter != token:
            raise InputError(
                f"the name {name!a} belongs to {owner.submitter or 'the host of the board'} since {owner.since}, as "
                f"{owner.name!a}. Choose another one: `mathbench submit RUN --name NAME`."
            )

    def seasons(self) -> list[Season]:
        """The seasons that come with mathbench, and those that the host has added."""
        return [found for found, _ in self.seasons_with_references()]

    def seasons_with_references(self) -> list[tuple[Season, References]]:
        """The seasons with the scores of floors and exact solver."""
        query = select(SeasonRow.name, SeasonRow.text, SeasonRow.references)
        with self.transaction() as session:
            rows = session.execute(query.order_by(SeasonRow.added, SeasonRow.name)).all()
        added = [(parse_season(text, name), references) for name, text, references in rows]
        return [
            *builtin_seasons(),
            *((season, parse_references(found, season, season.name)) for season, found in added),
        ]

    def add_season(self, text: str, season: Season, references: Mapping[str, Any]) -> None:
        """Add a season, which never changes from then on, except that the seed of a sealed one is added.

        Args:
            text: its TOML file.
            season: the season in it.
            references: from `compute_references`.

        Raises:
            InputError: when the board has another season of this name.
        """
        values = {"name": season.name, "added": utc_now(), "text": text, "digest": season.digest}
        check_new_season(season, self.seasons())
        with self.transaction() as session:
            insert = self.database.insert_if_absent(SeasonRow, {**values, "references": references})
            session.execute(insert)
            if is_revealed(season):
                own = update(SeasonRow).where(SeasonRow.name == season.name)
                session.execute(own.values(text=text, references=references))

    def rights(self, digests: Sequence[str]) -> dict[str, dict[str, Bool]]:
        """Which rows of some submissions are right, per digest and split.

        Submissions of earlier versions are scored again for that, once; those that cannot be are absent.
        """
        found: dict[str, dict[str, Bool]] = {}
        for start in range(0, len(digests), MAX_CHANGED):
            part = digests[start : start + MAX_CHANGED]
            query = select(ScoreRow.digest, ScoreRow.split, ScoreRow.n, ScoreRow.right)
            with self.transaction() as session:
                for digest, split, n, bits in session.execute(query.where(ScoreRow.digest.in_(part))):
                    if bits is not None:
                        found.setdefault(digest, {})[split] = unpack_rows(bits, n)
        for digest in set(digests).difference(found):
            found |= self._score_again(digest)
        return found

    def _score_again(self, digest: str) -> dict[str, dict[str, Bool]]:
        """Score a submission again, and store which rows are right; nothing for one that cannot be scored."""
        record = self.one(digest)
        if record is None:
            return {}
        try:
            stored = self.predictions_bytes(digest), self.certificate(digest)
            right = check_submission(Submission.from_stored(record.manifest, *stored)).right
        except InputError:
            return {}
        with self.transaction() as session:
            for split, rows in right.items():
                where = (ScoreRow.digest == digest, ScoreRow.split == split)
                session.execute(update(ScoreRow).where(*where).values(right=pack_rows(rows)))
        return {digest: dict(right)}

    def refuse(self, message: str, token: str | None = None) -> None:
        """Record an attempt that was refused."""
        with self.transaction() as session:
            session.add(
                AttemptRow(at=utc_now(), digest=None, outcome="refused", message=message[:1000], token=token)
            )

    def withdraw(self, digest: str, reason: str) -> None:
        """Take a submission out of the ranking; it stays on the board, marked with the reason.

        Raises:
            InputError: when it is not there or withdrawn already.
        """
        WITHDRAWAL_REASON(reason, "the reason")
        with self.transaction() as session:
            session.add(AttemptRow(at=utc_now(), digest=digest, outcome="withdrawn", message=reason))
            session.flush()
            row = session.get(SubmissionRow, digest)
            if row is None:
                raise InputError(f"the board has no submission {digest!r}.")
            if row.withdrawn is not None:
                raise InputError(f"{digest[:8]} is already withdrawn: {row.withdrawn}")
            row.withdrawn = reason

    def set_badge(self, digest: str, badge: str) -> None:
        """Give a submission another of the `submission_record.BADGES`."""
        with self.transaction() as session:
            session.add(AttemptRow(at=utc_now(), digest=digest, outcome="reproduced", message=badge))
            session.execute(update(SubmissionRow).where(SubmissionRow.digest == digest).values(badge=badge))

    def records(self) -> list[SubmissionRecord]:
        """All submissions in the order of their arrival, including withdrawn ones."""
        return self._read()

    def digests(self) -> list[str]:
        """The digests of all submissions in the order of their arrival, including withdrawn ones."""
        query = select(SubmissionRow.submitted, SubmissionRow.digest)
        with self.transaction() as session:
            numbers = {digest: number for digest, _, number in session.execute(_SENDINGS)}
            rows = [(at, numbers.get(digest, 0), digest) for at, digest in session.execute(query)]
        return [digest for _, _, digest in sorted(rows)]

    def stream(self, digests: list[str]) -> Iterator[SubmissionRecord]:
        """The submissions with some digests, of which a bounded number is in memory at a time."""
        for start in range(0, len(digests), MAX_CHANGED):
            yield from self._read(digests[start : start + MAX_CHANGED])

    def records_between(self, old: BoardVersion, new: BoardVersion) -> list[SubmissionRecord]:
        """The submissions that were added or changed between two versions; all of them where that is unclear."""
        between = (AttemptRow.id > old.last, AttemptRow.id <= new.last, AttemptRow.outcome.in_(CHANGES))
        with self.transaction() as session:
            digests = [str(digest) for digest in session.scalars(select(AttemptRow.digest).where(*between))]
        # transactions overlap: one may be committed late with an id below those already seen
        if new.changes - old.changes != len(digests) or len(digests) > MAX_CHANGED:
            return self._read()
        return self._read(digests)

    def version(self) -> BoardVersion:
        """A value that changes whenever the visible board may have changed. Does not read submissions."""
        query = select(func.count(), func.coalesce(func.max(AttemptRow.id), 0))
        with self.transaction() as session:
            return BoardVersion(*session.execute(query.where(AttemptRow.outcome.in_(CHANGES))).one())

    def _read(self, digests: list[str] | None = None) -> list[SubmissionRecord]:
        """Some submissions, or all, in the order of their arrival."""
        query, sendings = select(*SUBMISSION_COLUMNS), _SENDINGS
        scores = select(*SCORE_COLUMNS).order_by(ScoreRow.digest, ScoreRow.position)
        if digests is not None:
            query = query.where(SubmissionRow.digest.in_(digests))
            scores = scores.where(ScoreRow.digest.in_(digests))
            sendings = sendings.where(AttemptRow.digest.in_(digests))
        with self.transaction() as session, without_collection():
            sent = {row[0]: (row[1], row[2]) for row in session.execute(sendings)}
            by_digest: dict[str, list[Any]] = {}
            for score in session.execute(scores):
                by_digest.setdefault(score.digest, []).append(score)
            # a submission that arrives in between has no scores here yet, and is read with the next version
            rows = (row for row in session.execute(query) if row.digest in by_digest)
            records = (record_of(row, by_digest[row.digest], *sent.get(row.digest, (1, 0))) for row in rows)
            return sorted(records, key=lambda record: record.order)

    def one(self, digest: str) -> SubmissionRecord | None:
        """The submission with a digest; None when there is none."""
        with self.transaction() as session:
            row = session.get(SubmissionRow, digest)
            sent = session.execute(_SENDINGS.where(AttemptRow.digest == digest)).first()
            return record_of(row, row.scores, *(sent[1:] if sent else (1, 0))) if row else None

    def predictions_bytes(self, digest: str) -> bytes:
        """The stored predictions of one submission, as a Parquet file."""
        with self.transaction() as session:
            return session.scalars(select(SubmissionRow.packed).where(SubmissionRow.digest == digest)).one()

    def certificate(self, digest: str) -> bytes | None:
        """The stored certificate of one submission; None when it has none."""
        query = select(SubmissionRow.certificate).where(SubmissionRow.digest == digest)
        with self.transaction() as session:
            return session.scalars(query).one()

    def find(self, requested: str) -> SubmissionRecord:
        """The submission whose digest starts with some digits.

        Raises:
            InputError: when there is none, or more than one.
        """
        return find_by_prefix(self.records(), requested)

    def attempts(self) -> dict[str, int]:
        """The number of attempts per outcome."""
        query = select(AttemptRow.outcome, func.count()).group_by(AttemptRow.outcome)
        with self.transaction() as session:
            return {row[0]: row[1] for row in session.execute(query)}
