"""What the encoder learns to predict from the signal itself: log-mel energies, F0 and voicing, one vector per 20 ms frame.

Frame ``t`` covers the samples ``320·t … 320·t + 399`` at 16 kHz, as the encoder's frames do.
"""

from __future__ import annotations

import numpy as np
import torch
from scipy.ndimage import median_filter
from scipy.fft import dct

SAMPLE_RATE, WINDOW, HOP = 16000, 400, 320
MEL_BANDS = 40


def mel_filters(bands: int = MEL_BANDS, fft_size: int = 512, low: float = 60.0, high: float = 7600.0) -> np.ndarray:
    """Triangular filters, equally spaced in mel (HTK formula), ``[fft_size/2 + 1, bands]``."""
    mel = np.linspace(2595 * np.log10(1 + low / 700), 2595 * np.log10(1 + high / 700), bands + 2)
    edges = 700 * (10 ** (mel / 2595) - 1)
    bins = np.arange(fft_size // 2 + 1) * SAMPLE_RATE / fft_size
    rising = (bins[:, None] - edges[None, :-2]) / (edges[1:-1] - edges[:-2])
    falling = (edges[None, 2:] - bins[:, None]) / (edges[2:] - edges[1:-1])
    return np.maximum(0, np.minimum(rising, falling)).astype(np.float32)


_FILTERS = torch.from_numpy(mel_filters())
_HANN = torch.hann_window(WINDOW, periodic=False)


def log_mel(waves: torch.Tensor) -> torch.Tensor:
    """``[B, n]`` normalised waves → ``[B, T, 40]`` natural-log mel energies, floored at -7 (about 60 dB under speech)."""
    frames = waves.unfold(1, WINDOW, HOP) * _HANN
    power = torch.fft.rfft(frames, 512).abs().square()
    return torch.log(power @ _FILTERS / WINDOW + 1e-3)


def low_bins(waves: torch.Tensor, bins: int = 36) -> torch.Tensor:
    """``[B, T, 36]`` log power at multiples of 31.25 Hz up to 1.1 kHz: the single harmonics that mel bands blur."""
    frames = waves.unfold(1, WINDOW, HOP) * _HANN
    return torch.log(torch.fft.rfft(frames, 512)[..., 1 : bins + 1].abs().square() / WINDOW + 1e-3)


def mfcc(log_mel_energies: np.ndarray, count: int = 13) -> np.ndarray:
    """The first ``count`` cepstral coefficients of ``[..., bands]`` log-mel energies."""
    return dct(log_mel_energies, type=2, norm="ortho", axis=-1)[..., :count].astype(np.float32)


def track_f0(samples: np.ndarray, low_hz: float = 60.0, high_hz: float = 550.0) -> tuple[np.ndarray, np.ndarray]:
    """F0 in Hz (0 where unvoiced) and voicing strength 0–1 per frame, by normalised autocorrelation (after Boersma 1993)."""
    frames = max(0, (len(samples) - WINDOW) // HOP + 1)
    if frames == 0:
        return np.zeros(0, np.float32), np.zeros(0, np.float32)
    size = 800
    left = (size - WINDOW) // 2
    padded = np.pad(samples.astype(np.float32), (left, size))
    windows = np.lib.stride_tricks.sliding_window_view(padded, size)[:: HOP][:frames]
    windows = windows - windows.mean(1, keepdims=True)
    window = np.hanning(size).astype(np.float32)
    spectrum = np.fft.rfft(windows * window, 2048)
    correlation = np.fft.irfft(np.abs(spectrum) ** 2)[:, :400]
    own = np.fft.irfft(np.abs(np.fft.rfft(window, 2048)) ** 2)[:400]
    energy = correlation[:, 0]
    correlation = correlation / (energy[:, None] + 1e-9) / (own / own[0])
    shortest, longest = int(SAMPLE_RATE / high_hz), int(SAMPLE_RATE / low_hz)
    lags = np.arange(shortest, longest)
    candidates = correlation[:, shortest:longest] - 0.03 * np.log2(lags * low_hz / SAMPLE_RATE + 1e-9)[None, :] * 0.3
    peaks = (correlation[:, shortest:longest] >= correlation[:, shortest - 1 : longest - 1]) & (
        correlation[:, shortest:longest] >= correlation[:, shortest + 1 : longest + 1]
    )
    candidates = np.where(peaks, candidates, -1.0)
    best = candidates.argmax(1)
    strength = np.clip(np.take_along_axis(correlation[:, shortest:longest], best[:, None], 1)[:, 0], 0, 1)
    quiet = energy < 1e-4 * np.percentile(energy, 95)
    strength = np.where(quiet, 0, strength)
    f0 = np.where(strength > 0.5, SAMPLE_RATE / lags[best], 0).astype(np.float32)
    smooth = median_filter(f0, 3)
    return np.where((f0 > 0) & (smooth > 0), smooth, 0).astype(np.float32), strength.astype(np.float32)
