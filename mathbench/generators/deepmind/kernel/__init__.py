"""Code shared by the modules of school mathematics: random streams, entropy, values, composition and text."""
