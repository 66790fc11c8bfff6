"""Version 2 to 3: certificates of submissions, and what they prove."""

import sqlalchemy as sa
from alembic.operations import Operations


def upgrade(operations: Operations) -> None:
    """Upgrade the tables."""
    operations.add_column("submissions", sa.Column("proof", sa.JSON))
    operations.add_column("submissions", sa.Column("certificate", sa.LargeBinary))
