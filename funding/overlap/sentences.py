"""The method `sentences`: a small language model turns a text into 384 numbers that say its sense.

It finds the same idea in other words, which `characters` cannot. It was trained on English; in
other languages it sees what is alike in spelling, and little more.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np

from funding.overlap.minilm import VERSION, model_file, weights_folder
from funding.overlap.texts import readable

WIDTH = 384
TOKENS = 256
"""Most word pieces that the model reads at once; a longer text is read in windows."""

WINDOWS = 8
"""Most windows of one text, some 8,000 signs; what comes after is not read."""

FINGERPRINT = f"sentences-1-{VERSION}"
_SIGNS = 12_000
_AT_ONCE = 8
_MOST_THREADS = 4


class Sentences:
    """Vectors of length 1, the mean of a text's windows; a text without words is all zeros."""

    name = "sentences"
    fingerprint = FINGERPRINT
    is_sparse = False

    def vectors(self, texts: Sequence[str]) -> Any:
        """One row of 384 a text. Raises NotInstalled where the packages are not there."""
        found = np.zeros((len(texts), WIDTH), dtype=np.float32)
        tokenizer, session = _loaded()
        windows = []
        for at, text in enumerate(texts):
            words = " ".join(readable(text[: 2 * _SIGNS])[:_SIGNS].split())
            if words:
                whole = tokenizer.encode(words)
                windows += [(at, part) for part in [whole, *whole.overflowing][:WINDOWS]]
        windows.sort(key=lambda window: len(window[1].ids))
        for start in range(0, len(windows), _AT_ONCE):
            some = windows[start : start + _AT_ONCE]
            width = len(some[-1][1].ids)
            ids = np.zeros((len(some), width), dtype=np.int64)
            mask = np.zeros_like(ids)
            for row, (_, part) in enumerate(some):
                ids[row, : len(part.ids)], mask[row, : len(part.ids)] = part.ids, 1
            (vectors,) = session.run(None, {"ids": ids, "mask": mask})
            np.add.at(found, [at for at, _ in some], vectors)
        lengths = np.linalg.norm(found, axis=1, keepdims=True)
        return np.divide(found, lengths, out=found, where=lengths > 0)


@cache
def _loaded() -> tuple[Any, Any]:
    file = model_file()
    import onnxruntime
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(weights_folder() / "tokenizer.json"))
    tokenizer.no_padding()
    tokenizer.enable_truncation(TOKENS)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = min(_MOST_THREADS, len(os.sched_getaffinity(0)))
    options.log_severity_level = 3
    return tokenizer, onnxruntime.InferenceSession(
        str(file), options, providers=["CPUExecutionProvider"]
    )
