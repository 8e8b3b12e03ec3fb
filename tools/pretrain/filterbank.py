"""A starting point for the conv stack: a mel filter bank with rectification and compression, written into ordinary WavLM weights.

Learning spectral analysis from random kernels takes most of a short training. It need not be learned:

- ``GELU(x) − GELU(−x) = x``, so a pair of channels with opposite kernels passes a linear value through a layer exactly;
- four channels of constant large bias hold the layer norm's divisor nearly constant, so it does not distort the others.

Layers 0–3 so pass on the discrete cosine transform of their receptive fields (10, 20, 40, 80 samples: nothing is lost). Layer 4
applies mel-spaced windowed cosines and sines over 160 samples, whose four signs its GELU rectifies. Layer 5 sums them to band
magnitudes over four thresholds; layer 6 combines the thresholds to a concave, roughly logarithmic value per band, and keeps random
kernels in its other channels. All of it can be trained further.
"""

from __future__ import annotations

import numpy as np
import torch
from scipy.fft import dct

from model import FeatureExtractor

_HOLDERS = 4
_DIVISOR = 10.0
_GAIN = 4.0
_THRESHOLDS = (0.0, 1.0, 4.0, 16.0)
_SLOPES = (2.0, -1.6, -0.3, -0.075)


def _shifted(filters: np.ndarray, hop: int, count: int) -> np.ndarray:
    """``filters [d, R]`` at ``count`` successive positions, ``[count·d, R + (count−1)·hop]``."""
    rows, reach = filters.shape
    out = np.zeros((count * rows, reach + (count - 1) * hop))
    for index in range(count):
        out[index * rows : (index + 1) * rows, index * hop : index * hop + reach] = filters
    return out


def _mel_filters(bands: int, reach: int = 160, low: float = 80.0, high: float = 7400.0) -> np.ndarray:
    """Cosines then sines under a Hann window no longer than the band's width asks, ``[2·bands, reach]``, rising with frequency."""
    mel = np.linspace(2595 * np.log10(1 + low / 700), 2595 * np.log10(1 + high / 700), bands + 2)
    edges = 700 * (10 ** (mel / 2595) - 1)
    time = np.arange(reach) - (reach - 1) / 2
    rows = []
    for wave in (np.cos, np.sin):
        for band in range(bands):
            width = (edges[band + 2] - edges[band]) / 2
            length = min(reach, 1.6 * 16000 / width)
            window = np.where(np.abs(time) < length / 2, 0.5 + 0.5 * np.cos(2 * np.pi * time / length), 0)
            row = window * wave(2 * np.pi * edges[band + 1] * time / 16000)
            rows.append(_GAIN * row / np.linalg.norm(window) * (max(edges[band + 1], 300) / 300) ** 0.7)
    return np.array(rows)


def _install(layer, weight: np.ndarray, bias: np.ndarray, divisor: float = _DIVISOR) -> None:
    """Fills the first channels, then the four that hold the layer norm's divisor steady; other channels stay random."""
    channels = layer.conv.out_channels
    holder = divisor * (channels / _HOLDERS) ** 0.5
    with torch.no_grad():
        layer.conv.bias.zero_()
        layer.conv.weight[: len(weight)] = torch.from_numpy(weight).float()
        layer.conv.bias[: len(weight)] = torch.from_numpy(bias).float()
        layer.conv.weight[-_HOLDERS:] = 0
        layer.conv.bias[-_HOLDERS:] = torch.tensor([holder, -holder, holder, -holder])
        layer.layer_norm.weight.fill_(divisor)
        layer.layer_norm.bias.zero_()
        layer.layer_norm.weight[-_HOLDERS:] = 0


def _signed(matrix: np.ndarray) -> np.ndarray:
    """Each column doubled to read a (+, −) pair of channels."""
    return np.stack([matrix, -matrix], -1).reshape(len(matrix), -1)


def _kernels(matrix: np.ndarray, taps: int) -> np.ndarray:
    """``[out, taps·in]`` with the tap outermost → torch's ``[out, in, taps]``."""
    return matrix.reshape(len(matrix), taps, -1).transpose(0, 2, 1)


def install_filterbank(extractor: FeatureExtractor) -> None:
    """Overwrites the weights of a stack with kernels 10,3,3,3,3,2,2 and strides 5,2,2,2,2,2,2."""
    layers = extractor.conv_layers
    linear = dct(np.eye(10), norm="ortho", axis=0)
    hop = 5
    weight = np.repeat(linear, 2, 0) * np.tile([1, -1], len(linear))[:, None]
    _install(layers[0], weight[:, None, :], np.zeros(len(weight)))
    for index in (1, 2, 3, 4):
        channels = layers[index].conv.out_channels
        reach = linear.shape[1] + 2 * hop
        before = _shifted(linear, hop, 3)
        if index < 4:
            wanted = dct(np.eye(reach), norm="ortho", axis=0)[: (channels - _HOLDERS) // 2]
        else:
            wanted = _mel_filters((channels - _HOLDERS) // 4, reach)
        mixing = wanted @ np.linalg.pinv(before)
        kernels = _kernels(_signed(mixing), 3)
        if kernels.shape[1] < layers[index].conv.in_channels:
            spare = layers[index].conv.in_channels - kernels.shape[1]
            kernels = np.concatenate([kernels, np.zeros((len(kernels), spare, 3))], 1)
        both = np.stack([kernels, -kernels], 1).reshape(2 * len(kernels), *kernels.shape[1:])
        _install(layers[index], both, np.zeros(len(both)), _DIVISOR if index < 4 else _DIVISOR * _GAIN)
        linear, hop = wanted, hop * 2
    bands = len(linear) // 2
    sums = np.zeros((bands, layers[5].conv.in_channels, 2))
    for band in range(bands):
        for channel in (2 * band, 2 * band + 1, 2 * (bands + band), 2 * (bands + band) + 1):
            sums[band, channel] = 0.5
    used = (layers[5].conv.out_channels - _HOLDERS) // bands
    thresholds = np.tile(_THRESHOLDS[:used], bands)
    _install(layers[5], np.repeat(sums, used, 0), -thresholds, _DIVISOR * _GAIN)
    logs = np.zeros((bands, layers[6].conv.in_channels, 2))
    for band in range(bands):
        for index in range(used):
            logs[band, band * used + index] = _SLOPES[index] / 2
    both = np.stack([logs, -logs], 1).reshape(2 * bands, *logs.shape[1:])
    centre = np.tile([-2.0, 2.0], bands)
    with torch.no_grad():
        layers[6].conv.weight.mul_(0.3)
    _install(layers[6], both, centre)
