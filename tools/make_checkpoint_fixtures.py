"""Writes the small checkpoints of tests/fixtures/checkpoints: one WavLM's weights in every format that is read.

    pip install torch numpy safetensors && python tools/make_checkpoint_fixtures.py

Every value is a multiple of 1/128 below 1, so that float16 and bfloat16 hold it exactly: all files have one hash.
"""

import json
import zipfile
from collections import OrderedDict
from pathlib import Path

import torch
from safetensors.torch import save_file

OUT = Path(__file__).parent.parent / "tests" / "fixtures" / "checkpoints"

D, H, F, L, C, K, GROUPS, BUCKETS = 8, 2, 12, 2, 6, 4, 2, 32
KERNELS, STRIDES = [10, 3, 3, 3, 3, 2, 2], [5, 2, 2, 2, 2, 2, 2]
CONFIG = {
    "model_type": "wavlm",
    "conv_dim": [C] * 7,
    "conv_kernel": KERNELS,
    "conv_stride": STRIDES,
    "conv_bias": False,
    "do_stable_layer_norm": True,
    "feat_extract_norm": "layer",
    "feat_extract_activation": "gelu",
    "hidden_act": "gelu",
    "hidden_size": D,
    "intermediate_size": F,
    "layer_norm_eps": 1e-5,
    "max_bucket_distance": 100,
    "num_attention_heads": H,
    "num_buckets": BUCKETS,
    "num_conv_pos_embedding_groups": GROUPS,
    "num_conv_pos_embeddings": K,
    "num_hidden_layers": L,
}
# `max_distance` and the sizes win over unilm's class defaults; what is absent here falls back to them.
UNILM_CFG = {
    "extractor_mode": "layer_norm",
    "encoder_layers": L,
    "encoder_embed_dim": D,
    "encoder_ffn_embed_dim": F,
    "encoder_attention_heads": H,
    "activation_fn": "gelu",
    "layer_norm_first": True,
    "conv_feature_layers": f"[({C},10,5)] + [({C},3,2)] * 4 + [({C},2,2)] * 2",
    "feature_grad_mult": 1.0,
    "normalize": True,
    "dropout": 0.0,
    "conv_pos": K,
    "conv_pos_groups": GROUPS,
    "relative_position_embedding": True,
    "num_buckets": BUCKETS,
    "max_distance": 100,
    "gru_rel_pos": True,
    "mask_selection": "static",
    "mask_channel_other": None,
}


def draw(*shape: int) -> torch.Tensor:
    return torch.randint(-127, 128, shape).float() / 128


def weights() -> "OrderedDict[str, torch.Tensor]":
    state = OrderedDict()
    state["masked_spec_embed"] = draw(D)
    channels = 1
    for i, kernel in enumerate(KERNELS):
        state[f"feature_extractor.conv_layers.{i}.conv.weight"] = draw(C, channels, kernel)
        norm(state, f"feature_extractor.conv_layers.{i}.layer_norm", C)
        channels = C
    norm(state, "feature_projection.layer_norm", C)
    linear(state, "feature_projection.projection", D, C)
    state["encoder.pos_conv_embed.conv.bias"] = draw(D)
    state["encoder.pos_conv_embed.conv.weight_g"] = draw(1, 1, K)
    state["encoder.pos_conv_embed.conv.weight_v"] = draw(D, D // GROUPS, K)
    norm(state, "encoder.layer_norm", D)
    for i in range(L):
        layer = f"encoder.layers.{i}"
        state[f"{layer}.attention.gru_rel_pos_const"] = draw(1, H, 1, 1)
        for part in ("k_proj", "v_proj", "q_proj", "out_proj"):
            linear(state, f"{layer}.attention.{part}", D, D)
        linear(state, f"{layer}.attention.gru_rel_pos_linear", 8, D // H)
        if i == 0:
            state[f"{layer}.attention.rel_attn_embed.weight"] = draw(BUCKETS, H)
        norm(state, f"{layer}.layer_norm", D)
        linear(state, f"{layer}.feed_forward.intermediate_dense", F, D)
        linear(state, f"{layer}.feed_forward.output_dense", D, F)
        norm(state, f"{layer}.final_layer_norm", D)
    return state


def norm(state, name, size):
    state[f"{name}.weight"] = draw(size)
    state[f"{name}.bias"] = draw(size)


def linear(state, name, output, inputs):
    state[f"{name}.weight"] = draw(output, inputs)
    state[f"{name}.bias"] = draw(output)


def unilm_name(name: str) -> str:
    parts = [
        ("masked_spec_embed", "mask_emb"),
        ("feature_projection.layer_norm", "layer_norm"),
        ("feature_projection.projection", "post_extract_proj"),
        ("encoder.pos_conv_embed.conv", "encoder.pos_conv.0"),
        (".attention.", ".self_attn."),
        ("gru_rel_pos_linear", "grep_linear"),
        ("gru_rel_pos_const", "grep_a"),
        ("rel_attn_embed", "relative_attention_bias"),
        ("feed_forward.intermediate_dense", "fc1"),
        ("feed_forward.output_dense", "fc2"),
    ]
    if name.startswith("feature_extractor"):
        return name.replace(".conv.", ".0.").replace(".layer_norm.", ".2.1.")
    for theirs, ours in parts:
        name = name.replace(theirs, ours)
    if name.startswith("encoder.layers.") and ".layer_norm." in name:
        name = name.replace(".layer_norm.", ".self_attn_layer_norm.")
    return name


def views(state):
    """The same values as transposed, shifted and shared views of common storages, as parameters where they can be."""
    result = OrderedDict()
    names = [name for name in state if name.endswith("attention.k_proj.weight")]
    common = torch.cat([state[name].t().reshape(-1) for name in names])
    for i, name in enumerate(names):
        result[name] = common[i * D * D : (i + 1) * D * D].view(D, D).t()
    wide = torch.full((F, 2 * D + 3), 9.0)
    dense = "encoder.layers.0.feed_forward.intermediate_dense.weight"
    wide[:, 1 : 2 * D + 1 : 2] = state[dense]
    result[dense] = torch.nn.Parameter(wide[:, 1 : 2 * D + 1 : 2])
    v = "encoder.pos_conv_embed.conv.weight_v"
    result[v] = state[v].permute(2, 0, 1).contiguous().permute(1, 2, 0)
    for name, tensor in state.items():
        result.setdefault(name, tensor)
    return result


def repack_zip64(source: Path, target: Path) -> None:
    """The same entries with every size, offset and count in ZIP64 records, as beyond 4 GiB."""
    limits = zipfile.ZIP64_LIMIT, zipfile.ZIP_FILECOUNT_LIMIT
    zipfile.ZIP64_LIMIT, zipfile.ZIP_FILECOUNT_LIMIT = -1, 0
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as new:
        for entry in old.infolist():
            new.writestr(zipfile.ZipInfo(entry.filename), old.read(entry))
    zipfile.ZIP64_LIMIT, zipfile.ZIP_FILECOUNT_LIMIT = limits


def main() -> None:
    torch.manual_seed(7)
    OUT.mkdir(parents=True, exist_ok=True)
    state = weights()
    (OUT / "config.json").write_text(json.dumps(CONFIG, indent=2) + "\n")
    preprocessor = {"do_normalize": True, "feature_extractor_type": "Wav2Vec2FeatureExtractor", "sampling_rate": 16000}
    (OUT / "preprocessor_config.json").write_text(json.dumps(preprocessor, indent=2) + "\n")

    save_file(state, OUT / "float32.safetensors", metadata={"format": "pt"})
    save_file({k: t.half() for k, t in state.items()}, OUT / "float16.safetensors")
    save_file({k: t.bfloat16() for k, t in state.items()}, OUT / "bfloat16.safetensors")
    save_file({k: t.double() for k, t in state.items()}, OUT / "float64.safetensors")

    torch.save(state, OUT / "zip.bin")
    repack_zip64(OUT / "zip.bin", OUT / "zip64.bin")
    torch.save(OrderedDict((k, t.half()) for k, t in state.items()), OUT / "zip-float16.bin")
    torch.save(OrderedDict((k, t.bfloat16()) for k, t in state.items()), OUT / "zip-bfloat16.bin")
    torch.save(state, OUT / "legacy.bin", _use_new_zipfile_serialization=False)
    torch.save(views(state), OUT / "views.bin")
    torch.save(views(state), OUT / "legacy-views.bin", _use_new_zipfile_serialization=False)

    # As a fine-tuned model saves it: a prefix, a head, newer names of weight norm, an integer counter.
    names = {"weight_g": "parametrizations.weight.original0", "weight_v": "parametrizations.weight.original1"}
    headed = OrderedDict()
    for name, tensor in state.items():
        for old, new in names.items():
            name = name.replace(old, new)
        headed[f"wavlm.{name}"] = tensor
    headed["lm_head.weight"], headed["lm_head.bias"] = draw(32, D), draw(32)
    headed["num_batches_tracked"] = torch.tensor(3)
    torch.save(headed, OUT / "headed.bin")

    torch.save({"cfg": UNILM_CFG, "model": OrderedDict((unilm_name(k), t) for k, t in state.items())}, OUT / "unilm.pt")

    half = len(state) // 2
    parts = {"model-00001-of-00002.safetensors": list(state)[:half], "model-00002-of-00002.safetensors": list(state)[half:]}
    (OUT / "sharded").mkdir(exist_ok=True)
    for file, names in parts.items():
        save_file({name: state[name] for name in names}, OUT / "sharded" / file)
    weight_map = {name: file for file, names in parts.items() for name in names}
    index = {"metadata": {"total_size": sum(t.nbytes for t in state.values())}, "weight_map": weight_map}
    (OUT / "sharded" / "model.safetensors.index.json").write_text(json.dumps(index, indent=1) + "\n")


if __name__ == "__main__":
    main()
