"""`python -m mathbench`, and the command `mathbench`."""

import gc
import sys

# objects between two searches for garbage, and how many searches there are between those of older objects
COLLECTION = (20_000, 10, 10)


def main() -> None:
    """Run the command line. Ctrl-C while it is loading ends it without a traceback."""
    try:
        # Python's own 700 are for small programs: what PyTorch and pictures make stays, and is searched again and again
        gc.set_threshold(*COLLECTION)
        from mathbench.cli import main as run

        run()
    except KeyboardInterrupt:
        sys.exit(130)


if __name__ == "__main__":
    main()
