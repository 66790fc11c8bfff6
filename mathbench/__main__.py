"""`python -m mathbench`, and the command `mathbench`."""

import sys


def main() -> None:
    """Run the command line. Ctrl-C while it is loading ends it without a traceback."""
    try:
        from mathbench.cli import main as run

        run()
    except KeyboardInterrupt:
        sys.exit(130)


if __name__ == "__main__":
    main()
