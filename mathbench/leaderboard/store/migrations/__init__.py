"""From the tables of an older board to those of today, in place: one module per step, by Alembic.

The version of a board stands in its own table `board`, so Alembic's table of revisions is not needed. A fresh
board is made from the tables in `store` without coming here; a test compares what both ways end with.
"""

from collections.abc import Callable

from alembic.migration import MigrationContext
from alembic.operations import Operations
from sqlalchemy import Connection

from mathbench.leaderboard.store.migrations import tokens

# the version that a step begins with: the version that it ends with, and the step
STEPS: dict[str, tuple[str, Callable[[Operations], None]]] = {
    "1": ("2", tokens.upgrade),
}


def upgrade(connection: Connection, version: str) -> str:
    """Take all steps from a version on, inside the caller's transaction.

    Returns:
        The version that was reached; the one given where no step leads on from it.
    """
    operations = Operations(MigrationContext.configure(connection))
    while version in STEPS:
        version, step = STEPS[version]
        step(operations)
    return version
