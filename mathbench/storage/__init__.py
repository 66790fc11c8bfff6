"""Files and folders, local or behind a URL, written whole or not at all."""
