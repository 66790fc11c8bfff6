"""Who published a result, who made the model, and what was checked: what all formats say about a submission."""

import re
from dataclasses import dataclass

from mathbench.errors import InputError, shown
from mathbench.leaderboard.published.path_parts import path_part
from mathbench.leaderboard.submission_record import BADGES, CLAIMED, SubmissionRecord

DEFAULT_NAME = "mathbench leaderboard"
# who put a submission on the board where no token did
HOST = "host"
# developer of the models that mathbench trains
OWN = "mathbench"


@dataclass(frozen=True)
class Publisher:
    """Who publishes a board.

    Args:
        name: of the publisher or of its board.
        url: a page of the board; empty for none.

    Raises:
        InputError: for a blank name, or an address that is no web page.
    """

    name: str = DEFAULT_NAME
    url: str = ""

    def __post_init__(self) -> None:
        if not (self.name.strip() and self.name.isprintable()):
            raise InputError(f"--source-name takes printable text. Received: {shown(self.name)}.")
        if self.url and not re.fullmatch(r"https?://[!-~]+", self.url):
            raise InputError(
                f"--source-url takes the address of a web page, as https://HOST/PATH. Received: {shown(self.url)}."
            )


def submitter_of(record: SubmissionRecord) -> str:
    """The name of the token that it was submitted with, or of the host."""
    return record.submitter or HOST


def model_id(record: SubmissionRecord) -> str:
    """The model as DEVELOPER/MODEL, each part of which may stand in a path.

    The developer is the part of its name before the first slash. Of a name without one it is mathbench for the models
    that mathbench trains, and the submitter for others.
    """
    name = record.summary.model
    developer, _, model = name.partition("/")
    if not (developer and model):
        developer, model = OWN if record.summary.runnable else submitter_of(record), name
    return f"{path_part(developer)}/{path_part(model)}"


def relationship(record: SubmissionRecord) -> str:
    """Who computed the score: the model's own side, as ``"first_party"``, or the board, as ``"third_party"``."""
    return "first_party" if record.badge == CLAIMED else "third_party"


def what_was_checked(record: SubmissionRecord) -> str:
    """What the badge of a submission says, as a sentence without its end."""
    return BADGES[record.badge]
