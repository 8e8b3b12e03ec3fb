"""A WavLM encoder written for fast training on a CPU.

The parameters carry the names of Hugging Face's ``WavLMModel`` and the hidden states are the same
(``check_model.py`` compares them), so ``state_dict()`` is the checkpoint. What differs is the speed: convolutions are
matrix products over channel-last frames, and positions come from one gather for all layers.
"""

from __future__ import annotations

import json
import math
from dataclasses import asdict, dataclass, field
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import nn


@dataclass
class EncoderConfig:
    """The sizes of a WavLM encoder, under the names of its ``config.json``."""

    hidden_size: int = 256
    num_hidden_layers: int = 4
    num_attention_heads: int = 4
    intermediate_size: int = 512
    conv_dim: list[int] = field(default_factory=lambda: [24, 48, 96, 160, 192, 192, 256])
    conv_kernel: list[int] = field(default_factory=lambda: [10, 3, 3, 3, 3, 2, 2])
    conv_stride: list[int] = field(default_factory=lambda: [5, 2, 2, 2, 2, 2, 2])
    num_conv_pos_embeddings: int = 32
    num_conv_pos_embedding_groups: int = 16
    num_buckets: int = 320
    max_bucket_distance: int = 800
    layer_norm_eps: float = 1e-5

    def to_json(self) -> dict:
        """The whole ``config.json``: pre-norm layers, a layer norm after every biased convolution."""
        return {
            "architectures": ["WavLMModel"],
            "model_type": "wavlm",
            **asdict(self),
            "activation_dropout": 0.0,
            "add_adapter": False,
            "apply_spec_augment": False,
            "attention_dropout": 0.0,
            "bos_token_id": 1,
            "conv_bias": True,
            "do_stable_layer_norm": True,
            "eos_token_id": 2,
            "feat_extract_activation": "gelu",
            "feat_extract_norm": "layer",
            "feat_proj_dropout": 0.0,
            "final_dropout": 0.0,
            "hidden_act": "gelu",
            "hidden_dropout": 0.0,
            "initializer_range": 0.02,
            "layerdrop": 0.0,
            "num_feat_extract_layers": len(self.conv_dim),
            "pad_token_id": 0,
            "torch_dtype": "float16",
            "vocab_size": 32,
        }

    @staticmethod
    def load(path: Path) -> "EncoderConfig":
        """Reads the sizes from a ``config.json`` that :meth:`to_json` wrote."""
        values = json.loads(path.read_text())
        return EncoderConfig(**{key: values[key] for key in EncoderConfig.__dataclass_fields__ if key in values})


def frame_count(samples: int | torch.Tensor) -> int | torch.Tensor:
    """How many 20 ms frames the encoder gives for ``samples`` at 16 kHz (at least 400)."""
    return (samples - 400) // 320 + 1


class ConvLayer(nn.Module):
    """Convolution, layer norm over the channels, GELU; ``[B, T, C] → [B, T', C']``."""

    def __init__(self, dim_in: int, dim_out: int, kernel: int, stride: int) -> None:
        super().__init__()
        self.conv = nn.Conv1d(dim_in, dim_out, kernel, stride)
        nn.init.kaiming_normal_(self.conv.weight)
        self.layer_norm = nn.LayerNorm(dim_out)
        self.kernel, self.stride = kernel, stride

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        batch, length, channels = x.shape
        stride, frames = self.stride, (length - self.kernel) // self.stride + 1
        weight = self.conv.weight.permute(0, 2, 1).reshape(self.conv.out_channels, -1)
        # Blocks of `stride` frames are a view of x; a kernel longer than its stride reads on into the following block.
        blocks = x[:, : frames * stride].reshape(batch, frames, stride * channels)
        y = F.linear(blocks, weight[:, : stride * channels], self.conv.bias)
        rest = self.kernel - stride
        if rest:
            following = x[:, stride:]
            following = F.pad(following, (0, 0, 0, max(0, frames * stride - following.shape[1])))[:, : frames * stride]
            following = following.reshape(batch, frames, stride, channels)[:, :, :rest].reshape(batch, frames, rest * channels)
            y = y + F.linear(following, weight[:, stride * channels :])
        return F.gelu(self.layer_norm(y))


class FeatureExtractor(nn.Module):
    def __init__(self, config: EncoderConfig) -> None:
        super().__init__()
        dims = [1, *config.conv_dim]
        self.conv_layers = nn.ModuleList(
            ConvLayer(dims[i], dims[i + 1], config.conv_kernel[i], config.conv_stride[i]) for i in range(len(dims) - 1)
        )

    def forward(self, waves: torch.Tensor) -> torch.Tensor:
        x = waves.unsqueeze(-1)
        for layer in self.conv_layers:
            x = layer(x)
        return x


class FeatureProjection(nn.Module):
    def __init__(self, config: EncoderConfig) -> None:
        super().__init__()
        self.layer_norm = nn.LayerNorm(config.conv_dim[-1], eps=config.layer_norm_eps)
        self.projection = nn.Linear(config.conv_dim[-1], config.hidden_size)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.projection(self.layer_norm(x))


class WeightNormConv(nn.Module):
    """The grouped positional convolution with one gain per tap (``weight_g``, ``weight_v``)."""

    def __init__(self, config: EncoderConfig) -> None:
        super().__init__()
        dim, taps, groups = config.hidden_size, config.num_conv_pos_embeddings, config.num_conv_pos_embedding_groups
        self.taps, self.groups = taps, groups
        self.bias = nn.Parameter(torch.zeros(dim))
        self.weight_v = nn.Parameter(torch.randn(dim, dim // groups, taps) * 2 * math.sqrt(1 / (taps * dim)))
        self.weight_g = nn.Parameter(self.weight_v.detach().pow(2).sum((0, 1), keepdim=True).sqrt())

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        weight = self.weight_v * (self.weight_g / self.weight_v.pow(2).sum((0, 1), keepdim=True).sqrt())
        y = F.conv1d(x.transpose(1, 2), weight, self.bias, padding=self.taps // 2, groups=self.groups)
        return F.gelu(y[..., : x.shape[1]]).transpose(1, 2)


class PositionalEmbedding(nn.Module):
    def __init__(self, config: EncoderConfig) -> None:
        super().__init__()
        self.conv = WeightNormConv(config)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.conv(x)


class Attention(nn.Module):
    """Self-attention whose relative position bias is gated by each query frame."""

    def __init__(self, config: EncoderConfig, first: bool) -> None:
        super().__init__()
        dim, heads = config.hidden_size, config.num_attention_heads
        self.heads, self.head_dim = heads, dim // heads
        self.q_proj, self.k_proj = nn.Linear(dim, dim), nn.Linear(dim, dim)
        self.v_proj, self.out_proj = nn.Linear(dim, dim), nn.Linear(dim, dim)
        self.gru_rel_pos_const = nn.Parameter(torch.ones(1, heads, 1, 1))
        self.gru_rel_pos_linear = nn.Linear(self.head_dim, 8)
        if first:
            self.rel_attn_embed = nn.Embedding(config.num_buckets, heads)
            nn.init.normal_(self.rel_attn_embed.weight, std=0.02)

    def forward(self, x: torch.Tensor, positions: torch.Tensor, mask: torch.Tensor | None) -> torch.Tensor:
        batch, frames, dim = x.shape
        split = (batch, frames, self.heads, self.head_dim)
        gates = self.gru_rel_pos_linear(x.view(split)).view(*split[:3], 2, 4).sum(-1).sigmoid().permute(0, 2, 1, 3)
        gate = gates[..., :1] * (gates[..., 1:] * self.gru_rel_pos_const - 1) + 2
        bias = gate * positions
        if mask is not None:
            bias = bias + mask
        q, k, v = (proj(x).view(split).transpose(1, 2) for proj in (self.q_proj, self.k_proj, self.v_proj))
        scores = (q * self.head_dim**-0.5) @ k.transpose(-1, -2) + bias
        mixed = scores.float().softmax(-1).to(v.dtype) @ v
        return self.out_proj(mixed.transpose(1, 2).reshape(batch, frames, dim))


class FeedForward(nn.Module):
    def __init__(self, config: EncoderConfig) -> None:
        super().__init__()
        self.intermediate_dense = nn.Linear(config.hidden_size, config.intermediate_size)
        self.output_dense = nn.Linear(config.intermediate_size, config.hidden_size)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.output_dense(F.gelu(self.intermediate_dense(x)))


class Layer(nn.Module):
    def __init__(self, config: EncoderConfig, first: bool) -> None:
        super().__init__()
        self.attention = Attention(config, first)
        self.layer_norm = nn.LayerNorm(config.hidden_size, eps=config.layer_norm_eps)
        self.feed_forward = FeedForward(config)
        self.final_layer_norm = nn.LayerNorm(config.hidden_size, eps=config.layer_norm_eps)

    def forward(self, x: torch.Tensor, positions: torch.Tensor, mask: torch.Tensor | None) -> torch.Tensor:
        x = x + self.attention(self.layer_norm(x), positions, mask)
        return x + self.feed_forward(self.final_layer_norm(x))


class Encoder(nn.Module):
    def __init__(self, config: EncoderConfig) -> None:
        super().__init__()
        self.pos_conv_embed = PositionalEmbedding(config)
        self.layer_norm = nn.LayerNorm(config.hidden_size, eps=config.layer_norm_eps)
        self.layers = nn.ModuleList(Layer(config, index == 0) for index in range(config.num_hidden_layers))


def relative_buckets(frames: int, config: EncoderConfig) -> torch.Tensor:
    """The bucket of every (query, key) distance, ``[T, T]``, as T5 and WavLM count them."""
    half = config.num_buckets // 2
    exact = half // 2
    distance = torch.arange(frames)[None, :] - torch.arange(frames)[:, None]
    far = torch.log(distance.abs().clamp(min=1).float() / exact) / math.log(config.max_bucket_distance / exact) * (half - exact)
    far = (exact + far).long().clamp(max=half - 1)
    return (distance > 0).long() * half + torch.where(distance.abs() < exact, distance.abs(), far)


class WavLM(nn.Module):
    """``forward(waves [B, n], lengths [B])`` gives the ``L + 1`` hidden states, each ``[B, T, D]``."""

    def __init__(self, config: EncoderConfig) -> None:
        super().__init__()
        self.config = config
        self.masked_spec_embed = nn.Parameter(torch.rand(config.hidden_size))
        self.feature_extractor = FeatureExtractor(config)
        self.feature_projection = FeatureProjection(config)
        self.encoder = Encoder(config)
        self._buckets: dict[int, torch.Tensor] = {}

    def buckets(self, frames: int) -> torch.Tensor:
        if frames not in self._buckets:
            self._buckets[frames] = relative_buckets(frames, self.config)
        return self._buckets[frames]

    def forward(
        self, waves: torch.Tensor, lengths: torch.Tensor | None = None, masked: torch.Tensor | None = None
    ) -> tuple[list[torch.Tensor], torch.Tensor]:
        """``waves`` normalised and zero-padded, ``lengths`` in samples, ``masked [B, T]`` the frames to hide.

        Returns the hidden states as ``output_hidden_states`` has them, and the conv features ``[B, T, C]``.
        """
        features = self.feature_extractor(waves)
        x = self.feature_projection(features)
        if masked is not None:
            x = torch.where(masked[..., None], self.masked_spec_embed.to(x.dtype), x)
        frames = x.shape[1]
        attention_mask = None
        if lengths is not None:
            valid = torch.arange(frames)[None, :] < frame_count(lengths)[:, None]
            x = x * valid[..., None]
            attention_mask = torch.zeros(valid.shape).masked_fill(~valid, -1e9)[:, None, None, :]
        x = x + self.encoder.pos_conv_embed(x)
        positions = self.encoder.layers[0].attention.rel_attn_embed(self.buckets(frames)).permute(2, 0, 1)[None]
        states = [x]
        for layer in self.encoder.layers:
            x = layer(x, positions, attention_mask)
            states.append(x)
        states[-1] = self.encoder.layer_norm(x)
        return states, features
