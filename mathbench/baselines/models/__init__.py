"""Networks and how they write answers."""
