"""Where a board keeps submissions: a database or a folder."""
