"""Suites: those that come along, and what is wrong in those that users write."""

import pytest

from mathbench.dataset import suite
from mathbench.errors import InputError
from tests.variants import SPLITS

HOFSTADTER = {
    "even-base3",
    "multiples-of-3-base10",
    "multiples-of-9-base10",
    "multiples-of-7-base10",
    "multiples-of-29-base10",
    "correct-sums-base2",
    "correct-sums-base10",
    "correct-products-base2",
    "correct-products-base10",
    "primes-base2",
    "primes-base10",
}


@pytest.mark.parametrize("name", suite.available())
def test_every_suite_loads_and_holds_its_rows(name):
    for config in suite.load(name).configs:
        config.check_rows()
        assert all(config.sizes[split] > 0 for split in SPLITS), config.name


def test_hofstadter_asks_all_his_questions():
    assert {config.name for config in suite.load("hofstadter").configs} == HOFSTADTER


@pytest.mark.parametrize(
    "text, message",
    [
        ('name="x"\n[[tasks]]\ntask="addition"\ndigit=3', "no parameter 'digit'. Did you mean 'digits'"),
        ('name="x"\n[[tasks]]\ntask="aditon"', "unknown task 'aditon'. Did you mean 'addition'"),
        (
            'name="x"\nsedd=1\n[[tasks]]\ntask="addition"',
            "unknown key 'sedd' in the suite. Did you mean 'seed'",
        ),
        (
            'name="x"\n[sizes]\ntrian=1\n[[tasks]]\ntask="gcd"',
            "unknown key 'trian' in sizes. Did you mean 'train'",
        ),
        (
            'name="x"\n[[tasks]]\ntask="gcd"\nsizes={train=-1}',
            "must be an integer of 0 or more. Received: -1",
        ),
        ('name="x"\n[[tasks]]\ntask="gcd"\nsizes=3', "must be a table. Received: 3"),
        ('name="x"\n[[tasks]]\ntask="gcd"\ndigits="four"', "digits must be an integer from 1 to 60"),
        ('name="x"\n[[tasks]]\ntask="gcd"\ndigits=true', "digits must be an integer from 1 to 60"),
        ('name="x"\n[[tasks]]\nk=3', 'needs task = "NAME"'),
        ('name="x"\ntasks=3', "tasks must be a list of tables"),
        ('name=3\n[[tasks]]\ntask="gcd"', "needs a name"),
        ('name="x"', "lists no"),
        ("name=", "is not valid TOML"),
    ],
)
def test_a_wrong_suite_is_one_line_that_names_what_is_wrong(tmp_path, text, message):
    path = tmp_path / "mine.toml"
    path.write_text(text)
    with pytest.raises(InputError) as caught:
        suite.load(str(path))
    assert message in str(caught.value) and str(path) in str(caught.value) and "\n" not in str(caught.value)


def test_an_unknown_suite_says_which_there_are():
    with pytest.raises(InputError, match="Did you mean 'hofstadter'"):
        suite.load("hofstader")
