"""Reading rows without a disk: streams for Python, PyTorch, Keras, TensorFlow and Hugging Face."""

from mathbench.streaming.open import Streamed, open_stream
from mathbench.streaming.stream import Stream

__all__ = ["Stream", "Streamed", "open_stream"]
