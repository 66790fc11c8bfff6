"""What the modules of school mathematics share: chance, entropy, scopes, values, composition, text."""
