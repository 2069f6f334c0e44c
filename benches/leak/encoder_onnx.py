"""onnxruntime on the same model and the same tokens, one thread: what the encoder is measured beside.

    encoder_onnx.py MODEL_FOLDER IDS.json

IDS.json holds sequences of token ids, all of one length. Writes the model's graph by hand (no exporter is at hand), runs it in
f32 and with onnxruntime's own dynamic quantisation, and prints for each the seconds of the shortest of several runs and the
vectors of the first sequences.
"""

import json
import os
import pathlib
import sys
import tempfile
import time

import numpy as np
import onnx
import onnxruntime as ort
from onnx import TensorProto, helper, numpy_helper
from onnxruntime.quantization import QuantType, quantize_dynamic

folder = pathlib.Path(sys.argv[1])
ids = np.array(json.load(open(sys.argv[2])), dtype=np.int64)
config = json.load(open(folder / "config.json"))
data = (folder / "model.safetensors").read_bytes()
size = int.from_bytes(data[:8], "little")
table = json.loads(data[8 : 8 + size])
kinds = {"F32": np.float32, "I64": np.int64}
weights = {
    name: np.frombuffer(data[8 + size + entry["data_offsets"][0] : 8 + size + entry["data_offsets"][1]], kinds[entry["dtype"]])
    .reshape(entry["shape"])
    for name, entry in table.items()
    if name != "__metadata__"
}
hidden, heads = config["hidden_size"], config["num_attention_heads"]
nodes, constants = [], []


def constant(name, value):
    constants.append(numpy_helper.from_array(np.ascontiguousarray(value), name))
    return name


def add(kind, inputs, **attributes):
    out = f"v{len(nodes)}"
    nodes.append(helper.make_node(kind, inputs, [out], **attributes))
    return out


def norm(x, name):
    scale, shift = constant(name + ".w", weights[name + ".weight"]), constant(name + ".b", weights[name + ".bias"])
    return add("LayerNormalization", [x, scale, shift], axis=-1, epsilon=config["layer_norm_eps"])


def linear(x, name):
    product = add("MatMul", [x, constant(name + ".w", weights[name + ".weight"].T)])
    return add("Add", [product, constant(name + ".b", weights[name + ".bias"])])


length = ids.shape[1]
x = add("Gather", [constant("words", weights["embeddings.word_embeddings.weight"]), "ids"])
places = weights["embeddings.position_embeddings.weight"][:length] + weights["embeddings.token_type_embeddings.weight"][0]
x = norm(add("Add", [x, constant("places", places)]), "embeddings.LayerNorm")
split = constant("split", np.array([0, 0, heads, hidden // heads], dtype=np.int64))
joined = constant("joined", np.array([0, 0, hidden], dtype=np.int64))
root = constant("root", np.float32(1 / np.sqrt(hidden // heads)))
half, two, one = (constant(n, np.float32(v)) for n, v in (("half", 0.5), ("two", np.sqrt(2)), ("one", 1)))
for layer in range(config["num_hidden_layers"]):
    at = f"encoder.layer.{layer}."
    query, key, value = (
        add("Transpose", [add("Reshape", [linear(x, f"{at}attention.self.{part}"), split])], perm=perm)
        for part, perm in (("query", [0, 2, 1, 3]), ("key", [0, 2, 3, 1]), ("value", [0, 2, 1, 3]))
    )
    scores = add("Softmax", [add("Mul", [add("MatMul", [query, key]), root])], axis=-1)
    mixed = add("Reshape", [add("Transpose", [add("MatMul", [scores, value])], perm=[0, 2, 1, 3]), joined])
    x = norm(add("Add", [x, linear(mixed, at + "attention.output.dense")]), at + "attention.output.LayerNorm")
    wide = linear(x, at + "intermediate.dense")
    erf = add("Add", [add("Erf", [add("Div", [wide, two])]), one])
    wide = add("Mul", [add("Mul", [wide, erf]), half])
    x = norm(add("Add", [x, linear(wide, at + "output.dense")]), at + "output.LayerNorm")
nodes.append(helper.make_node("ReduceMean", [x, constant("axes", np.array([1], dtype=np.int64))], ["out"], keepdims=0))
graph = helper.make_graph(
    nodes,
    "encoder",
    [helper.make_tensor_value_info("ids", TensorProto.INT64, ["batch", length])],
    [helper.make_tensor_value_info("out", TensorProto.FLOAT, ["batch", hidden])],
    constants,
)
model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
with tempfile.TemporaryDirectory() as place:
    exact, quick = os.path.join(place, "exact.onnx"), os.path.join(place, "quick.onnx")
    onnx.save(model, exact)
    quantize_dynamic(exact, quick, weight_type=QuantType.QInt8, per_channel=True)
    for name, path in (("f32", exact), ("int8", quick)):
        options = ort.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        session = ort.InferenceSession(path, options, providers=["CPUExecutionProvider"])
        best = float("inf")
        for _ in range(7):
            began = time.process_time()
            out = session.run(None, {"ids": ids})[0]
            best = min(best, time.process_time() - began)
        out /= np.linalg.norm(out, axis=1, keepdims=True)
        print(json.dumps({"name": name, "seconds": best, "vectors": out[:8].tolist()}))
