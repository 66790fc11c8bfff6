"""Rows as they are stored against rows as they should be, a table at a time."""

import pyarrow as pa
import pyarrow.compute as pc


def difference(stored: pa.Table, made: pa.Table) -> str:
    """The first difference, exactly: row, column, what was found and what should be; empty when there is none.

    Args:
        stored: rows as read.
        made: the same rows made anew, with the columns and types that a file has.

    >>> made = pa.table({"answer": ["1", "2"], "row": [6, 7]})
    >>> difference(pa.table({"answer": ["1", "3"], "row": [6, 7]}), made)
    "row 7: answer is '3' and should be '2'"
    """
    if not stored.schema.equals(made.schema):
        return f"the columns are {_columns(stored)} and should be {_columns(made)}"
    if stored.num_rows != made.num_rows:
        return f"{stored.num_rows:,} rows instead of {made.num_rows:,}"
    wrong = [name for name in made.column_names if not stored[name].equals(made[name])]
    if not wrong:
        return ""
    i, name = min((_first(stored[name], made[name]), name) for name in wrong)
    found, expected = (table[name][i].as_py() for table in (stored, made))
    return f"row {made['row'][i].as_py()}: {name} is {found!r} and should be {expected!r}"


def _first(stored: pa.ChunkedArray, made: pa.ChunkedArray) -> int:
    """Where two columns first differ; a missing value differs from any other."""
    same = pc.fill_null(pc.equal(stored, made), False)
    return pc.index(same, False).as_py()


def _columns(table: pa.Table) -> str:
    return ", ".join(f"{field.name}: {field.type}" for field in table.schema)
