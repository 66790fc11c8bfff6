"""Automata: residues by division, the smallest automaton, and the first word on which two differ."""

from itertools import product

from hypothesis import given
from hypothesis import strategies as st

from mathbench.certificates.automaton import Automaton, difference, residues
from mathbench.certificates.second_order import residue_texts, true_labels


def words(symbols, longest):
    return [word for length in range(1, longest + 1) for word in product(range(symbols), repeat=length)]


@st.composite
def automata(draw, symbols=2):
    states = draw(st.integers(1, 6))
    to = st.integers(0, states - 1)
    return Automaton(
        tuple(draw(st.lists(to, min_size=symbols, max_size=symbols))),
        tuple(tuple(draw(st.lists(to, min_size=symbols, max_size=symbols))) for _ in range(states)),
        tuple(draw(st.lists(st.sampled_from("ab"), min_size=states, max_size=states))),
    )


@given(st.integers(2, 40), st.integers(2, 16), st.integers(0, 10**9))
def test_residues_are_those_of_division(k, base, number):
    digits = []
    rest = number
    while rest or not digits:
        rest, digit = divmod(rest, base)
        digits.insert(0, digit)
    for answers in (true_labels(k), residue_texts(k, base)):
        assert residues(k, base, answers).answer([0, 0, *digits]) == answers[number % k]


@given(automata(), automata())
def test_the_first_difference_is_a_shortest_one(one, other):
    word = difference(one, other)
    different = [w for w in words(2, 7) if one.answer(w) != other.answer(w)]
    if word is None:
        assert not different
    else:
        assert one.answer(word) != other.answer(word)
        assert not different or len(word) == len(different[0])


@given(automata())
def test_the_smallest_automaton_gives_the_same_answers(automaton):
    smallest = automaton.minimal()
    assert difference(automaton, smallest) is None
    assert smallest.minimal() == smallest and len(smallest.table) <= len(automaton.table)


def test_multiples_need_fewer_states_than_residues_where_last_digits_decide():
    sizes = {k: len(residues(k, 10, true_labels(k)).minimal().table) for k in (2, 3, 4, 5, 7, 9, 10, 29)}
    assert sizes == {2: 2, 3: 3, 4: 3, 5: 2, 7: 7, 9: 9, 10: 2, 29: 29}
