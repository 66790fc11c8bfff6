"""Tables of Markdown."""

from collections.abc import Iterable, Sequence


def markdown(head: Sequence[str], rows: Iterable[Sequence[str]], right: int = 0) -> list[str]:
    """Return the lines of a table; the columns from number `right` on are aligned to the right.

    >>> markdown(["task", "n"], [["gcd", "5"]], right=1)
    ['| task | n |', '|---|---:|', '| gcd | 5 |']
    """
    rule = "|".join("---" if i < right else "---:" for i in range(len(head)))
    return [f"| {' | '.join(head)} |", f"|{rule}|", *(f"| {' | '.join(row)} |" for row in rows)]
