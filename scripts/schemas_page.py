"""Write docs/schemas: the JSON Schema of each file that others read or write, as `mathbench schema` prints it."""

import json

from generated import write_or_check

from mathbench.cli.schema import TITLES, document


def main() -> None:
    """Write the files."""
    write_or_check(
        {f"docs/schemas/{name}.schema.json": json.dumps(document(name), indent=1) + "\n" for name in TITLES}
    )


if __name__ == "__main__":
    main()
