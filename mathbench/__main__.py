"""`python -m mathbench`."""

from mathbench.cli import main

if __name__ == "__main__":
    main()
