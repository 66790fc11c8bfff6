"""Certifying trained networks: an automaton from their states, and fine-tuning until a proof holds."""
