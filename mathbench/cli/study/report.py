"""The command that reports a study: study report."""

from pathlib import Path
from typing import Annotated

import typer

from mathbench.cli.options import Json
from mathbench.cli.output import out, print_json
from mathbench.cli.study.options import StudyFolder
from mathbench.errors import InputError, did_you_mean, require_extra

FIGURES = ("png", "svg", "pdf")


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("report")(report)


def report(
    folder: StudyFolder,
    out_dir: Annotated[
        Path | None, typer.Option("--out", help="Folder of the report. Default: DIR/report.", metavar="DIR")
    ] = None,
    figures: Annotated[
        str, typer.Option("--figures", help=f"Format of figures: {', '.join(FIGURES)}.")
    ] = "png",
    pdf: Annotated[bool, typer.Option("--pdf", help="Also write the page as report.pdf.")] = False,
    json: Json = False,
) -> None:
    """Write tables and figures of what is finished of a study.

    The page report.md has the tables: learners by tasks, lengths, smallest
    networks, what was tried. Beside each figure lies its data as CSV, and
    results.csv has every run with its command and commit.

    Examples:
      mathbench study report runs/study-number-theory

      mathbench study report runs/study-number-theory --out report --figures svg

      mathbench study report runs/study-number-theory --pdf
    """
    from mathbench.studies.plan import StudyPlan
    from mathbench.studies.report.found import read_results
    from mathbench.studies.report.pdf import write_pdf
    from mathbench.studies.report.write import write_report
    from mathbench.studies.run_study import read_study

    if figures not in FIGURES:
        raise InputError(f"--figures has no '{figures}'. {did_you_mean(figures, FIGURES)}")
    if pdf and figures != "png":
        raise InputError(f"--pdf needs figures as png. Received: --figures {figures}.")
    if pdf:
        require_extra("fpdf", "report")
    results = read_results(StudyPlan(read_study(folder), folder))
    files = write_report(results, out_dir or folder / "report", f".{figures}")
    if pdf:
        files.append(files[0].with_suffix(".pdf"))
        write_pdf(files[0], files[-1])
    if json:
        print_json([str(file) for file in files])
        return
    for file in files:
        out.print(str(file), markup=False, soft_wrap=True)
