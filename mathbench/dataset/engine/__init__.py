"""Engines, which write the shards of a dataset: in one process, in several, or on the nodes of a Ray cluster.

A job is one shard, a small value that can be pickled. An engine applies one function to every job and returns the
results. Rows and digests do not depend on the engine.
"""

from mathbench.dataset.engine.factory import ENGINES, Engine, make_engine

__all__ = ["ENGINES", "Engine", "make_engine"]
