"""The page of a proof: the claim of a certificate, and what was checked of it."""

from mathbench.leaderboard.proof import Proof
from mathbench.leaderboard.site import address
from mathbench.leaderboard.site.page import Page, PageContext, render_page
from mathbench.leaderboard.site.snapshot import TaskGroup
from mathbench.leaderboard.submission_record import SubmissionRecord


def page(entry: SubmissionRecord, proof: Proof, task: TaskGroup, context: PageContext) -> Page:
    """Render the page of what is proved about a submission."""
    at = address.of_proof(entry.digest)
    return render_page("proof.html", context, at, entry=entry, proof=proof, task=task)
