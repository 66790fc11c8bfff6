"""Version 4 to 5: the limits of tokens that several servers of one board share."""

import sqlalchemy as sa
from alembic.operations import Operations


def upgrade(operations: Operations) -> None:
    """Upgrade the tables."""
    operations.create_table(
        "uses",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("token", sa.String(50), nullable=False),
        sa.Column("kind", sa.String(10), nullable=False),
        sa.Column("at", sa.Float(53), nullable=False),
        sa.Column("amount", sa.Float(53), nullable=False),
    )
    operations.create_index("ix_uses_at", "uses", ["at"])
    operations.create_index("ix_uses_token", "uses", ["token", "kind", "at"])
    operations.create_table(
        "leases",
        sa.Column("token", sa.String(50), primary_key=True),
        sa.Column("holder", sa.String(32), nullable=False),
        sa.Column("until", sa.Float(53), nullable=False),
    )
