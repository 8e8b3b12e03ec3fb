"""Writes one WavLM of base width with random weights twice: as a checkpoint folder and as an ONNX graph.

The graph uses ONNX's fused operators (LayerNormalization, InstanceNormalization, Gelu, grouped Conv) and takes the
relative position bias of the clip's length as a constant, so that the runtime that reads it is at its best.

usage: python tools/peer/export.py OUT_FOLDER [--seconds 5]      (needs: numpy, onnx)
"""

import argparse
import json
import math
import os
import struct

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

D, LAYERS, HEADS, F = 768, 12, 12, 3072
CONV = [(512, 10, 5), (512, 3, 2), (512, 3, 2), (512, 3, 2), (512, 3, 2), (512, 2, 2), (512, 2, 2)]
KERNEL, GROUPS, BUCKETS, DISTANCE = 128, 16, 320, 800


def random_weights(seed: int) -> dict[str, np.ndarray]:
    """Weights under Hugging Face names, scaled so that activations keep their size through the layers."""
    rng = np.random.default_rng(seed)

    def normal(*shape: int, scale: float) -> np.ndarray:
        return (rng.standard_normal(shape) * scale).astype(np.float32)

    w: dict[str, np.ndarray] = {}
    inputs = 1
    for i, (channels, kernel, _) in enumerate(CONV):
        w[f"feature_extractor.conv_layers.{i}.conv.weight"] = normal(
            channels, inputs, kernel, scale=math.sqrt(2 / (inputs * kernel))
        )
        inputs = channels

    def norm(name: str, size: int) -> None:
        w[f"{name}.weight"] = 1 + normal(size, scale=0.1)
        w[f"{name}.bias"] = normal(size, scale=0.1)

    def linear(name: str, outputs: int, inputs: int) -> None:
        w[f"{name}.weight"] = normal(outputs, inputs, scale=inputs**-0.5)
        w[f"{name}.bias"] = normal(outputs, scale=0.02)

    norm("feature_extractor.conv_layers.0.layer_norm", 512)
    norm("feature_projection.layer_norm", 512)
    linear("feature_projection.projection", D, 512)
    w["encoder.pos_conv_embed.conv.bias"] = normal(D, scale=0.02)
    w["encoder.pos_conv_embed.conv.weight_v"] = normal(D, D // GROUPS, KERNEL, scale=0.02)
    w["encoder.pos_conv_embed.conv.weight_g"] = 1 + normal(1, 1, KERNEL, scale=0.1)
    norm("encoder.layer_norm", D)
    w["encoder.layers.0.attention.rel_attn_embed.weight"] = normal(BUCKETS, HEADS, scale=0.5)
    for i in range(LAYERS):
        p = f"encoder.layers.{i}."
        for part in ("q_proj", "k_proj", "v_proj", "out_proj"):
            linear(f"{p}attention.{part}", D, D)
        w[f"{p}attention.gru_rel_pos_const"] = 1 + normal(1, HEADS, 1, 1, scale=0.1)
        linear(f"{p}attention.gru_rel_pos_linear", 8, D // HEADS)
        norm(f"{p}layer_norm", D)
        linear(f"{p}feed_forward.intermediate_dense", F, D)
        linear(f"{p}feed_forward.output_dense", D, F)
        norm(f"{p}final_layer_norm", D)
    return w


def write_safetensors(path: str, tensors: dict[str, np.ndarray]) -> None:
    header, offset = {}, 0
    for name, tensor in tensors.items():
        header[name] = {
            "dtype": "F32",
            "shape": list(tensor.shape),
            "data_offsets": [offset, offset + tensor.nbytes],
        }
        offset += tensor.nbytes
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        for tensor in tensors.values():
            file.write(np.ascontiguousarray(tensor).tobytes())


def bucket(relative: int) -> int:
    direction, distance, exact = (BUCKETS // 2 if relative > 0 else 0), abs(relative), BUCKETS // 4
    if distance < exact:
        return direction + distance
    log = math.log(distance / exact) / math.log(DISTANCE / exact) * (BUCKETS // 2 - exact)
    return direction + min(exact + int(log), BUCKETS // 2 - 1)


class Graph:
    def __init__(self) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.constants: list[onnx.TensorProto] = []
        self.count = 0

    def constant(self, value: np.ndarray) -> str:
        self.count += 1
        name = f"c{self.count}"
        self.constants.append(numpy_helper.from_array(np.ascontiguousarray(value), name))
        return name

    def node(self, kind: str, *inputs: str, outputs: int = 1, **attributes: object) -> str:
        self.count += 1
        name = f"v{self.count}"
        self.nodes.append(helper.make_node(kind, list(inputs), [name], **attributes))
        return name

    def linear(self, x: str, weight: np.ndarray, bias: np.ndarray) -> str:
        return self.node("Add", self.node("MatMul", x, self.constant(weight.T)), self.constant(bias))

    def reshape(self, x: str, *shape: int) -> str:
        return self.node("Reshape", x, self.constant(np.array(shape, np.int64)))


def build(w: dict[str, np.ndarray], samples: int) -> onnx.ModelProto:
    g = Graph()
    frames = samples
    h = g.reshape("samples", 1, 1, samples)
    for i, (_, kernel, stride) in enumerate(CONV):
        p = f"feature_extractor.conv_layers.{i}."
        h = g.node("Conv", h, g.constant(w[f"{p}conv.weight"]), strides=[stride])
        if i == 0:
            h = g.node(
                "InstanceNormalization",
                h,
                g.constant(w[f"{p}layer_norm.weight"]),
                g.constant(w[f"{p}layer_norm.bias"]),
                epsilon=1e-5,
            )
        h = g.node("Gelu", h)
        frames = (frames - kernel) // stride + 1

    def norm(x: str, name: str) -> str:
        return g.node(
            "LayerNormalization",
            x,
            g.constant(w[f"{name}.weight"]),
            g.constant(w[f"{name}.bias"]),
            axis=-1,
            epsilon=1e-5,
        )

    h = norm(g.node("Transpose", h, perm=[0, 2, 1]), "feature_projection.layer_norm")
    p = "feature_projection.projection"
    h = g.linear(h, w[f"{p}.weight"], w[f"{p}.bias"])

    v = w["encoder.pos_conv_embed.conv.weight_v"].astype(np.float64)
    folded = v * w["encoder.pos_conv_embed.conv.weight_g"] / np.sqrt((v**2).sum((0, 1), keepdims=True))
    position = g.node(
        "Conv",
        g.node("Transpose", h, perm=[0, 2, 1]),
        g.constant(folded.astype(np.float32)),
        g.constant(w["encoder.pos_conv_embed.conv.bias"]),
        group=GROUPS,
        pads=[KERNEL // 2, KERNEL // 2 - 1],
    )
    h = g.node("Add", h, g.node("Transpose", g.node("Gelu", position), perm=[0, 2, 1]))
    h = norm(h, "encoder.layer_norm")

    table = w["encoder.layers.0.attention.rel_attn_embed.weight"]
    indices = np.array([[bucket(j - t) for j in range(frames)] for t in range(frames)])
    bias = g.constant(table[indices].transpose(2, 0, 1)[None])
    size = D // HEADS
    one, two = g.constant(np.float32(1)), g.constant(np.float32(2))
    for i in range(LAYERS):
        p = f"encoder.layers.{i}."

        def split(name: str, scale: float, perm: list[int]) -> str:
            y = g.linear(h, w[f"{name}.weight"] * scale, w[f"{name}.bias"] * scale)
            return g.node("Transpose", g.reshape(y, 1, frames, HEADS, size), perm=perm)

        a = f"{p}attention."
        q = split(f"{a}q_proj", size**-0.5, [0, 2, 1, 3])
        k = split(f"{a}k_proj", 1, [0, 2, 3, 1])
        value = split(f"{a}v_proj", 1, [0, 2, 1, 3])
        gate_weight = w[f"{a}gru_rel_pos_linear.weight"].reshape(2, 4, size).sum(1)
        gate_bias = w[f"{a}gru_rel_pos_linear.bias"].reshape(2, 4).sum(1)
        heads = g.node("Transpose", g.reshape(h, 1, frames, HEADS, size), perm=[0, 2, 1, 3])
        gates = g.node("Sigmoid", g.linear(heads, gate_weight, gate_bias))
        first = g.node("Gather", gates, g.constant(np.array([0], np.int64)), axis=3)
        second = g.node("Gather", gates, g.constant(np.array([1], np.int64)), axis=3)
        constant = g.constant(w[f"{a}gru_rel_pos_const"])
        gate = g.node(
            "Add", g.node("Mul", first, g.node("Sub", g.node("Mul", second, constant), one)), two
        )
        scores = g.node("Add", g.node("MatMul", q, k), g.node("Mul", gate, bias))
        mixed = g.node("MatMul", g.node("Softmax", scores, axis=-1), value)
        mixed = g.reshape(g.node("Transpose", mixed, perm=[0, 2, 1, 3]), 1, frames, D)
        attended = g.linear(mixed, w[f"{a}out_proj.weight"], w[f"{a}out_proj.bias"])
        h = norm(g.node("Add", h, attended), f"{p}layer_norm")
        f = f"{p}feed_forward."
        inner = g.linear(h, w[f"{f}intermediate_dense.weight"], w[f"{f}intermediate_dense.bias"])
        outer = g.linear(g.node("Gelu", inner), w[f"{f}output_dense.weight"], w[f"{f}output_dense.bias"])
        h = norm(g.node("Add", h, outer), f"{p}final_layer_norm")
    g.nodes.append(helper.make_node("Identity", [h], ["hidden"]))
    graph = helper.make_graph(
        g.nodes,
        "wavlm-base",
        [helper.make_tensor_value_info("samples", TensorProto.FLOAT, [1, samples])],
        [helper.make_tensor_value_info("hidden", TensorProto.FLOAT, [1, frames, D])],
        g.constants,
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)])
    model.ir_version = 9
    return model


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("out")
    parser.add_argument("--seconds", type=float, default=5)
    options = parser.parse_args()
    os.makedirs(options.out, exist_ok=True)
    weights = random_weights(seed=1)
    samples = int(options.seconds * 16000)
    config = {"model_type": "wavlm", "hidden_size": D, "num_hidden_layers": LAYERS, "num_attention_heads": HEADS}
    with open(f"{options.out}/config.json", "w") as file:
        json.dump(config, file)
    with open(f"{options.out}/preprocessor_config.json", "w") as file:
        json.dump({"do_normalize": False}, file)
    write_safetensors(f"{options.out}/model.safetensors", weights)
    onnx.save(build(weights, samples), f"{options.out}/model.onnx")


if __name__ == "__main__":
    main()
