"""What the modules of school mathematics share: rng, entropy, scopes, values, composition, text."""
