"""The storage of a board: a database or a folder of files."""
