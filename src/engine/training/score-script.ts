/** A Python file that needs numpy alone: loads an exported head and scores an `.npz` of embeddings. */
export const scoreScript = `"""Scores the embeddings of an .npz with a head trained in WavLM Playground.

usage: python score.py embeddings.npz [checkpoint.safetensors]   (needs numpy)
"""
import glob, json, struct, sys
import numpy as np


def load(path):
    """Tensors and metadata of a safetensors file."""
    data = open(path, "rb").read()
    size = struct.unpack("<Q", data[:8])[0]
    header = json.loads(data[8 : 8 + size])
    metadata = header.pop("__metadata__")
    types = {"F32": "<f4", "F64": "<f8", "I32": "<i4"}
    tensors = {}
    for name, entry in header.items():
        start, end = entry["data_offsets"]
        array = np.frombuffer(data[8 + size + start : 8 + size + end], types[entry["dtype"]])
        tensors[name] = array.reshape(entry["shape"])
    return tensors, json.loads(metadata["state"])


def softmax(x):
    e = np.exp(x - x.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


def logits(x, w, head):
    """Of one example: [D], [L, D] or [T, D] by the head's kind."""
    if "standardiser.mean" in w:
        mean, deviation = (w["standardiser." + name].reshape(x.shape[-1] if head == "attention" else x.shape) for name in ("mean", "deviation"))
        x = (x - mean) / deviation
    if head == "layer-mix":
        x = softmax(w["mix.weight"]).reshape(-1) @ x
    if head == "attention":
        keys = np.tanh(x @ w["attention.key.weight"].T + w["attention.key.bias"])
        x = softmax(keys @ w["attention.score"].reshape(-1)) @ x
    i = 0
    while f"hidden.{i}.weight" in w:
        x = np.maximum(0, w[f"hidden.{i}.weight"] @ x + w[f"hidden.{i}.bias"])
        i += 1
    return w["output.weight"] @ x + w["output.bias"]


def main():
    w, state = load(sys.argv[2] if len(sys.argv) > 2 else sorted(glob.glob("checkpoints/*.safetensors"))[0])
    head, classes = state["config"]["head"]["kind"], state["classes"]
    f = np.load(sys.argv[1], allow_pickle=False)
    if "frames" in f.files:
        ends = f["offsets"]
        examples = [f["frames"][a:b] for a, b in zip(ends[:-1], ends[1:])]
    else:
        examples = list(f["embeddings"])
    layer = json.load(open("config.json"))["source"]["layer"] if glob.glob("config.json") else None
    if layer is not None:
        examples = [x[..., layer, :] for x in examples]
    probabilities = np.stack([softmax(logits(x.astype(np.float32), w, head)) for x in examples])
    predicted = [classes[i] for i in probabilities.argmax(axis=1)]
    paths = f["paths"] if "paths" in f.files else range(len(examples))
    print("path,prediction,probability")
    for path, name, row in zip(paths, predicted, probabilities):
        print(f"{path},{name},{row.max():.6f}")
    if "labels" in f.files:
        truth = f["labels"].astype(str)
        known = np.isin(truth, classes)
        if known.any():
            accuracy = (truth[known] == np.array(predicted)[known]).mean()
            print(f"accuracy {accuracy:.4f} over {known.sum()} labelled rows", file=sys.stderr)


main()
`;
