"""Version 3 to 4: submitters, owners of names, which rows are right, and seasons."""

import sqlalchemy as sa
from alembic.operations import Operations

from mathbench.leaderboard.names import folded_name


def upgrade(operations: Operations) -> None:
    """Upgrade the tables."""
    operations.add_column("submissions", sa.Column("submitter", sa.String(50)))
    operations.add_column("scores", sa.Column("right", sa.LargeBinary))
    operations.create_table(
        "names",
        sa.Column("key", sa.String(200), primary_key=True),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("submitter", sa.String(50)),
        sa.Column("since", sa.String(32), nullable=False),
    )
    operations.create_table(
        "seasons",
        sa.Column("name", sa.String(40), primary_key=True),
        sa.Column("added", sa.String(32), nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("references", sa.JSON, nullable=False),
    )
    _fill(operations.get_bind())


def _fill(connection: sa.Connection) -> None:
    """The submitter of a submission is the token of its first attempt; a name belongs to who used it first."""
    attempts = sa.table("attempts", *map(sa.column, ("id", "digest", "outcome", "token")))
    submissions = sa.table("submissions", *map(sa.column, ("digest", "submitted", "model", "submitter")))
    first = sa.select(attempts.c.digest, attempts.c.token).where(attempts.c.outcome == "kept")
    tokens = dict(tuple(row) for row in connection.execute(first.order_by(attempts.c.id)))
    arrived = {digest: number for number, digest in enumerate(tokens)}
    owners: dict[str, dict[str, str | None]] = {}
    rows = connection.execute(sa.select(submissions))
    for digest, submitted, model, _ in sorted(rows, key=lambda row: (row[1], arrived.get(row[0], 0))):
        submitter, key = tokens.get(digest), folded_name(model)
        owner = {"key": key, "name": model, "submitter": submitter, "since": submitted}
        owners.setdefault(key, owner)
        if submitter is not None:
            named = submissions.update().where(submissions.c.digest == digest)
            connection.execute(named.values(submitter=submitter))
    if owners:
        names = sa.table("names", *map(sa.column, ("key", "name", "submitter", "since")))
        connection.execute(names.insert(), list(owners.values()))
