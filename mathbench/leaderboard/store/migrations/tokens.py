"""Version 1 to 2: tokens for a server, the token of an attempt, and the indexes that version 1 lacked."""

import sqlalchemy as sa
from alembic.operations import Operations

INDEXES = {
    "ix_submissions_task_id": ("submissions", "task_id"),
    "ix_submissions_model": ("submissions", "model"),
    "ix_attempts_digest": ("attempts", "digest"),
}


def upgrade(operations: Operations) -> None:
    """Upgrade the tables."""
    operations.add_column("attempts", sa.Column("token", sa.String(50)))
    operations.create_table(
        "tokens",
        sa.Column("name", sa.String(50), primary_key=True),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("created", sa.String(32), nullable=False),
        sa.Column("revoked", sa.String(32)),
    )
    for name, (table, column) in INDEXES.items():
        operations.create_index(name, table, [column], if_not_exists=True)
