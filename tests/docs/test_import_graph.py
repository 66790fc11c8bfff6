"""The measures behind docs/architecture.md, on small graphs."""

import sys

import pytest

from tests.docs.pages import ROOT


@pytest.fixture
def graphs(monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT / "scripts"))
    import import_graph

    yield import_graph
    for name in ("import_graph", "generated"):
        sys.modules.pop(name, None)


def test_an_import_that_a_chain_implies_is_left_out(graphs):
    imports = {"a": {"b", "c"}, "b": {"c"}, "c": set()}
    assert graphs.reduced(imports) == {"a": {"b"}, "b": {"c"}, "c": set()}
    assert graphs.longest_chain(imports) == 3 and graphs.circles(imports) == []


def test_a_circle_counts_as_one_node_of_a_chain(graphs):
    imports = {"a": {"b"}, "b": {"c"}, "c": {"b", "d"}, "d": set()}
    assert graphs.circles(imports) == [frozenset("bc")]
    assert graphs.longest_chain(imports) == 3
