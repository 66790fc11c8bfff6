"""Engines, which apply one function to many jobs: in this process, in several, or on the nodes of a Ray cluster.

A job is a small value that can be pickled and means the same in every process, such as one shard to write or one run
to train. `Engine.run` is for jobs that are all needed and stops at the first error; `Engine.pool` hands on the outcome
of each job as it finishes, errors included. Results do not depend on the engine.
"""

from mathbench.engine.factory import ENGINES, Engine, make_engine
from mathbench.engine.job import Job, Outcome, Pool

__all__ = ["ENGINES", "Engine", "Job", "Outcome", "Pool", "make_engine"]
