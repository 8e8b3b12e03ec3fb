"""What happens to a clean batch before the encoder hears it: rooms, channels, noise, a second voice, coarse coding."""

from __future__ import annotations

import numpy as np
from scipy.fft import irfft, next_fast_len, rfft

from targets import SAMPLE_RATE


def _equaliser(rng: np.random.Generator, bins: np.ndarray, depth_db: float) -> np.ndarray:
    knots = np.log2([50, 150, 400, 1000, 2500, 5000, 8000])
    gains = rng.uniform(-depth_db, depth_db, len(knots))
    return 10 ** (np.interp(np.log2(np.maximum(bins, 50)), knots, gains) / 20)


def _room(rng: np.random.Generator, size: int) -> np.ndarray:
    length = int(0.4 * SAMPLE_RATE)
    decay = rng.uniform(0.08, 0.6)
    time = np.arange(length) / SAMPLE_RATE
    response = rng.standard_normal(length) * 10 ** (-3 * time / decay)
    response[: int(rng.uniform(0.002, 0.02) * SAMPLE_RATE)] = 0
    response *= 10 ** (rng.uniform(-18, 0) / 20) / (np.sqrt(np.square(response).sum()) + 1e-9)
    response[0] = 1
    return rfft(response.astype(np.float32), size)


def augment(waves: np.ndarray, lengths: np.ndarray, rng: np.random.Generator, strength: dict[str, float]) -> np.ndarray:
    """Returns a changed copy of ``waves [B, n]``; nothing is shifted in time.

    ``strength``: ``clean`` is the share of rows left as they were, ``equalise`` the share of the others whose spectrum is tilted
    and bent by up to ``depth_db`` either way.
    """
    rows, samples = waves.shape
    size = next_fast_len(samples + 6400, real=True)
    spectra = rfft(waves, size, axis=1)
    bins = np.arange(spectra.shape[1]) * SAMPLE_RATE / size
    clean = rng.random(rows) < strength["clean"]
    out = np.empty_like(waves)
    levels = np.array([np.sqrt(np.square(waves[row, : lengths[row]]).mean()) + 1e-6 for row in range(rows)])
    for row in range(rows):
        if clean[row]:
            out[row] = waves[row]
            continue
        spectrum = spectra[row].copy()
        if rng.random() < 0.35:
            spectrum *= _room(rng, size)
        mixed = np.zeros_like(spectrum)
        if rng.random() < 0.2 and rows > 1:
            other = (row + 1 + rng.integers(rows - 1)) % rows
            shift = np.exp(-2j * np.pi * bins * rng.uniform(0, samples / SAMPLE_RATE))
            mixed += spectra[other] * shift * (levels[row] / levels[other] * 10 ** (-rng.uniform(4, 20) / 20))
        if rng.random() < 0.7:
            slope = rng.uniform(-1.2, 0.3)
            noise = rng.standard_normal(len(bins)) + 1j * rng.standard_normal(len(bins))
            noise *= np.maximum(bins, 60) ** slope * _equaliser(rng, bins, 6)
            power = np.sqrt(2 * np.square(np.abs(noise)).sum()) / size
            mixed += noise * (levels[row] / power * 10 ** (-rng.uniform(5, 40) / 20))
        spectrum = spectrum + mixed
        if rng.random() < strength["equalise"]:
            spectrum *= _equaliser(rng, bins, strength["depth_db"])
        if rng.random() < 0.35:
            top = rng.uniform(3300, 4000)
            spectrum *= 1 / (1 + np.exp(np.clip((bins - top) / 40, -50, 50)))
            if rng.random() < 0.3:
                spectrum *= 1 / (1 + (rng.uniform(100, 300) / np.maximum(bins, 1)) ** 4)
        wave = irfft(spectrum, size)[:samples].astype(np.float32)
        coding = rng.random()
        peak = np.abs(wave).max() + 1e-9
        if coding < 0.1:
            scaled = wave / peak
            coded = np.round(np.sign(scaled) * np.log1p(255 * np.abs(scaled)) / np.log(256) * 127) / 127
            wave = np.sign(coded) * (256 ** np.abs(coded) - 1) / 255
        elif coding < 0.15:
            wave = np.clip(wave, -0.5 * peak, 0.5 * peak)
        elif coding < 0.2:
            wave = np.round(wave / peak * 128)
        out[row] = wave
    for row in range(rows):
        out[row, lengths[row] :] = 0
    return out
