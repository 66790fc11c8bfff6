"""Certificates: proofs that a network is right for numbers of every length, and a checker without floating point."""
