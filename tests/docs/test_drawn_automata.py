"""The automata of docs/automata-found.svg: which states are drawn, and which boxes stand for them."""

import pytest

from mathbench.certificates.automaton import Automaton
from tests.docs.pages import ROOT


@pytest.fixture
def page(monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT / "scripts"))
    import automata_page

    return automata_page


@pytest.mark.parametrize(
    ("name", "states"), [("divisible-2-base3", 2), ("divisible-9", 9), ("residue-29", 29)]
)
def test_a_network_has_the_smallest_automaton(page, name, states):
    for seed in page.SEEDS:
        one = page.found(name, seed)
        assert one.isomorphic and sorted(one.partner.values()) == list(range(states))
        assert sorted(map(int, one.names)) == list(range(states))


def test_boxes_of_the_same_carry_have_one_partner(page):
    one = page.found("sums-base2", 0)
    # the first of the 37 boxes holds the state before the first column only
    assert len(one.partner) == 36 and not one.isomorphic and set(one.partner.values()) == {0, 1}
    assert all(one.network.answers[box] == one.names[state] for box, state in one.partner.items())


def test_a_wrong_automaton_is_not_drawn(page):
    truth = page.found("divisible-3", 0).truth
    wrong = Automaton(truth.first, truth.table, ("true", "true", "false"))
    with pytest.raises(ValueError, match="is not the true one"):
        _ = page.Found(wrong, truth, ("0", "1", "2"), ()).partner


def test_all_arrows_are_drawn(page):
    one = page.found("divisible-7", 0)
    drawn = "\n".join(page.graph(one.network, list(one.partner), tuple("abcdefg"), one.shown, 100))
    # from each state to each: digits 0 to 6 lead to seven states, and three more to the same ones
    assert drawn.count("<path") == 49 and drawn.count('class="inner"') == 1
