"""Pages of a board: the same ones from a server and as files for any static host."""
