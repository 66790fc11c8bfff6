"""Finite automata of recurrent networks: extraction from states, comparison with the true one, graphs."""
