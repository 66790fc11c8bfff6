"""Studies: many networks on many tasks with several seeds, declared in a TOML file and reported as a whole."""
