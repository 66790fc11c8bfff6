"""The page of pictures: each is small, described, and made by the commands that stand below it."""

import re

import pytest

from tests.docs.pages import ROOT

DOCS = ROOT / "docs"
PAGE = (DOCS / "showcase.md").read_text()
PICTURES = re.findall(r"!\[([^]]+)\]\(([^)]+)\)", PAGE)


@pytest.fixture
def pictures(monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT / "scripts"))
    import showcase_page

    return showcase_page


@pytest.mark.parametrize(("description", "file"), PICTURES, ids=[file for _, file in PICTURES])
def test_pictures_are_small_and_described(description, file):
    assert (DOCS / file).stat().st_size < 150_000
    assert len(description.split()) > 15


def test_every_picture_is_shown():
    shown = {file for _, file in PICTURES}
    drawn = {path.relative_to(DOCS).as_posix() for path in (DOCS / "showcase").glob("*.[sp][vn]g")}
    assert len(shown) >= 10 and drawn <= shown


def test_the_page_has_the_commands_of_the_script(pictures):
    train, inspect, generate = pictures.COMMANDS
    assert f"$ mathbench {train}\n" in PAGE and f"$ mathbench {generate}\n" in PAGE
    assert f"$ mathbench {inspect.partition(' --out')[0]} --plot attention.svg" in PAGE


def test_the_numbers_of_the_page_are_those_of_the_results(pictures):
    of_primes = pictures.results("primes", ("residues", "residues-to-199"))
    above = [pictures.by_factor(one)["factor >97"] for one in of_primes.values()]
    assert above == [(0, 186), (110, 186)] and "0 of 186" in PAGE and "110 of 186" in PAGE
    of_lengths = pictures.results("multiples-of-7-to-100-digits", tuple(pictures.OF_SEVENS))
    points = {name: dict(pictures.lengths_of(one)) for name, one in of_lengths.items()}
    assert points["second-order"][4000] == 1 and round(points["linear-rotations"][1000], 2) == 0.55


def test_ranges_of_lengths_take_all_rows_of_their_lengths(pictures):
    strata = {"digits=2,residue=0": {"n": 4, "correct": 3}, "digits=5,residue=1": {"n": 4, "correct": 1}}
    others = {f"digits={first},x": {"n": 1, "correct": 1} for first, _ in pictures.RANGES[1:]}
    scores = {"interpolate": {"strata": {**strata, **others}}, "extrapolate": {"strata": {}}}
    result = {"scores": scores, "long": {"20": {"exact_match": 0.2}, "1000": {"exact_match": 0.7}}}
    points = pictures.lengths_of(result)
    assert points[0] == (3.5, 0.5) and points[-1] == (1000, 0.7) and len(points) == len(pictures.RANGES) + 1
