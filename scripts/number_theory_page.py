"""Fill the tables of docs/number-theory.md and README.md from the results of studies, and draw the pictures.

python scripts/number_theory_page.py              # the tables; scripts/docs does the same
python scripts/number_theory_page.py --pictures   # also the pictures, each with its data as CSV beside it
python scripts/number_theory_page.py --pdf FILE   # the page as a PDF
"""

import argparse
import re
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from generated import ROOT, with_table, write_or_check

from mathbench.studies.archive import unpack
from mathbench.studies.plan import StudyPlan
from mathbench.studies.report import answers, tables
from mathbench.studies.report.found import StudyResults, read_results
from mathbench.studies.report.pdf import write_pdf
from mathbench.studies.report.write import write_report
from mathbench.studies.run_study import read_study

PAGE = Path("docs/number-theory.md")
PAGES = (PAGE, Path("README.md"))
RESULTS = Path("studies/results")
PLACE = re.compile(r"<!-- from (studies/results/([\w-]+)\.tar\.xz: ([^>]+)), by scripts/docs -->")
PICTURE = re.compile(r"\]\(((?:docs/)?number-theory/([\w-]+)/([\w-]+))\.svg\)")


def group_answers(found: StudyResults, group: str) -> list[str]:
    """The answers of the tasks of a group."""
    chosen = tuple(one for one in found.found if one.task in found.groups[group])
    return answers.table(replace(found, found=chosen))


def grid(found: StudyResults, group: str, split: str, supervision: str) -> list[str]:
    """Learners by the tasks of a group."""
    return tables.grid(found, found.groups[group], supervision, split)


TABLES: dict[str, Callable[..., list[str]]] = {
    "answers": group_answers,
    "grid": grid,
    "lengths": tables.lengths,
    "properties": tables.properties,
    "smallest": tables.smallest,
    "searches": tables.searches,
}


def filled(page: str, studies: dict[str, StudyResults]) -> str:
    """A page with all its tables."""
    for source, study, words in PLACE.findall(page):
        name, *rest = words.split()
        page = with_table(page, source, "\n".join(TABLES[name](studies[study], *rest)) + "\n")
    return page


def read_all(folder: Path) -> dict[str, StudyResults]:
    """The results of studies that are kept in the repository, by their names."""
    found = {}
    for file in sorted((ROOT / RESULTS).glob("*.tar.xz")):
        name = file.name.removesuffix(".tar.xz")
        unpack(file, folder / name)
        found[name] = read_results(StudyPlan(read_study(folder / name), folder / name))
    return found


def draw(studies: dict[str, StudyResults], folder: Path) -> None:
    """Draw the pictures that the pages name."""
    for found in studies.values():
        write_report(found, folder / "svg" / found.plan.study.name, ".svg")
    for page in PAGES:
        for path, study, name in PICTURE.findall((ROOT / page).read_text()):
            target = (ROOT / page.parent / path).with_suffix(".svg")
            target.parent.mkdir(parents=True, exist_ok=True)
            for suffix in (".svg", ".csv"):
                shutil.copy(folder / "svg" / study / (name + suffix), target.with_suffix(suffix))


def make_pdf(studies: dict[str, StudyResults], folder: Path, file: Path) -> None:
    """Write the page as a PDF, with the pictures that the studies' reports have."""
    for found in studies.values():
        write_report(found, folder / "number-theory" / found.plan.study.name)
    text = PICTURE.sub(r"](\1.png)", (ROOT / PAGE).read_text())
    # other pictures are drawings in a form that a PDF cannot take in
    text = re.sub(r"!\[([^]]*)\]\([^)]+\.svg\)", r"(picture on the page: \1)", text)
    page = folder / PAGE.name
    page.write_text(re.sub(r"<!--.*?-->\n?", "", text, flags=re.DOTALL), encoding="utf-8")
    write_pdf(page, file)


def main() -> None:
    """Write what is asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--check", action="store_true", help="only compare the tables")
    parser.add_argument("--pictures", action="store_true", help="draw the pictures")
    parser.add_argument("--pdf", type=Path, metavar="FILE", help="write the page as a PDF")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        studies = read_all(Path(folder))
        write_or_check({str(page): filled((ROOT / page).read_text(), studies) for page in PAGES})
        if arguments.pictures:
            draw(studies, Path(folder))
        if arguments.pdf:
            make_pdf(studies, Path(folder), arguments.pdf)


if __name__ == "__main__":
    main()
