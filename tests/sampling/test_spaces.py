"""Strata and the columns of their spaces."""

from mathbench.stratum import Spaces, Stratum


def test_a_stratum_is_by_default_alone_and_weighs_one():
    made = Stratum("a", (3,))
    assert (made.weight, made.kind, made.share, made.holds, made.apart) == (1, 0, 0.0, 0, False)
    assert (made.group_name, made.space_name) == ("a", "a")
    named = Stratum("a", (3,), group="g", space="s")
    assert (named.group_name, named.space_name) == ("g", "s")


def test_spaces_are_columns_of_the_first_stratum_of_each():
    strata = [
        Stratum("a", (3, 4, 5), low=(7,), space="one", share=0.5),
        Stratum("b", (9,), low=(1, 2)),
        Stratum("c", (8, 8, 8), low=(6,), space="one", share=0.25),
    ]
    spaces = Spaces(strata)
    assert spaces.names == ["one", "b"] and spaces.of_stratum.tolist() == [0, 1, 0]
    assert spaces.sizes.tolist() == [[3, 9], [4, 1], [5, 1]]
    assert spaces.low.tolist() == [[7, 1], [0, 2]]
    assert spaces.share.tolist() == [0.5, 0.0]
