"""Columns of numbers: as text, as limbs, their arithmetic and primality."""
