"""The HTML pages of a board, for a server and as files for any static host."""
