"""The import graph between the things in `mathbench/`; `python scripts/import_graph.py [ROOT]` measures a tree.

A thing is a module or a folder beside the others at the top of the package. A folder counts as one thing.
"""

import sys
from functools import cache
from pathlib import Path
from typing import NamedTuple

import grimp
from generated import ROOT

PACKAGE = "mathbench"


class ImportGraph(NamedTuple):
    """The things of a tree and the imports between them; ``__init__`` is the package itself.

    Attributes:
        things: each thing with the things that it imports.
        modules: each module, however deep, with the modules that it imports.
    """

    things: dict[str, set[str]]
    modules: dict[str, set[str]]


def read_imports(root: Path) -> ImportGraph:
    """Read the imports of a tree from its source, those for types included."""
    sys.path.insert(0, str(root))
    graph = grimp.build_graph(PACKAGE, exclude_type_checking_imports=False, cache_dir=None)
    modules = {module: graph.find_modules_directly_imported_by(module) for module in sorted(graph.modules)}
    things: dict[str, set[str]] = {_thing(module): set() for module in modules}
    for module, imported in modules.items():
        things[_thing(module)] |= {_thing(other) for other in imported} - {_thing(module)}
    return ImportGraph(things, modules)


def _thing(module: str) -> str:
    return (module + ".__init__").split(".")[1]


def reachable(imports: dict[str, set[str]]) -> dict[str, set[str]]:
    """Everything that each node imports, directly or not."""
    found: dict[str, set[str]] = {}
    for node in imports:
        reached, rest = set[str](), list(imports[node])
        while rest:
            other = rest.pop()
            if other not in reached:
                reached.add(other)
                rest += imports[other]
        found[node] = reached
    return found


def reduced(imports: dict[str, set[str]]) -> dict[str, set[str]]:
    """The transitive reduction: without the imports that a chain of other imports implies. There are no circles."""
    below = reachable(imports)
    return {
        node: {one for one in others if not any(one in below[other] for other in others)}
        for node, others in imports.items()
    }


def circles(imports: dict[str, set[str]]) -> list[frozenset[str]]:
    """The largest sets of nodes each of which imports all others, directly or not."""
    below = reachable(imports)
    return sorted(
        {frozenset(b for b in below[a] if a in below[b]) for a in imports if a in below[a]}, key=min
    )


def longest_chain(imports: dict[str, set[str]]) -> int:
    """The number of nodes on the longest chain of imports, where a circle counts as one node."""
    one = {node: min(circle) for circle in circles(imports) for node in circle}
    merged: dict[str, set[str]] = {}
    for node, others in imports.items():
        merged.setdefault(one.get(node, node), set()).update(one.get(other, other) for other in others)

    @cache
    def height(node: str) -> int:
        return 1 + max((height(other) for other in merged[node] if other != node), default=0)

    return max(map(height, merged))


def measure(root: Path) -> dict[str, int]:
    """The figures of a tree that docs/architecture.md compares."""
    graph = read_imports(root)
    top = [p for p in (root / PACKAGE).iterdir() if p.suffix == ".py" or (p / "__init__.py").is_file()]
    files = {name: sorted((root / name).rglob("*.py")) for name in (PACKAGE, "tests")}
    lines = {name: sum(len(p.read_text().splitlines()) for p in paths) for name, paths in files.items()}
    in_circles = circles(graph.modules)
    return {
        "modules": sum(path.is_file() for path in top),
        "folders": sum(path.is_dir() for path in top),
        "floors": longest_chain(graph.things),
        "arrows": sum(map(len, graph.things.values())),
        "import circles": len(in_circles),
        "modules of the largest circle": max(map(len, in_circles), default=0),
        "files of mathbench": len(files[PACKAGE]),
        "lines of mathbench": lines[PACKAGE],
        "lines of tests": lines["tests"],
    }


if __name__ == "__main__":
    for what, value in measure(Path(sys.argv[1] if len(sys.argv) > 1 else ROOT).resolve()).items():
        print(f"{what}: {value:,}")
