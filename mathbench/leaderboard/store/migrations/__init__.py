"""Upgrades of older boards in place, with Alembic: one module per step.

The version of a board is in its table `board`, so Alembic's table of revisions is not needed. New boards are created
from `store.tables` directly; a test compares the tables of both ways.
"""

from collections.abc import Callable

from alembic.migration import MigrationContext
from alembic.operations import Operations
from sqlalchemy import Connection

from mathbench.leaderboard.store.migrations import limits, proofs, seasons, tokens

# from version: (to version, step)
STEPS: dict[str, tuple[str, Callable[[Operations], None]]] = {
    "1": ("2", tokens.upgrade),
    "2": ("3", proofs.upgrade),
    "3": ("4", seasons.upgrade),
    "4": ("5", limits.upgrade),
}


def upgrade(connection: Connection, version: str) -> str:
    """Run all steps from a version on, in the caller's transaction.

    Returns:
        The new version; the given one when there is no step from it.
    """
    operations = Operations(MigrationContext.configure(connection))
    while version in STEPS:
        version, step = STEPS[version]
        step(operations)
    return version
