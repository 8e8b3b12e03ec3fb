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


class Channel:
    """What stands between a mouth and the encoder, the same for every row that is heard through it."""

    def __init__(self, rng: np.random.Generator, bins: np.ndarray, size: int, strength: dict[str, float]) -> None:
        self.clean = rng.random() < strength["clean"]
        self.response = np.ones(len(bins), np.complex64)
        if rng.random() < 0.35:
            self.response = self.response * _room(rng, size)
        self.noise_colour = np.maximum(bins, 60) ** rng.uniform(-1.2, 0.3) * _equaliser(rng, bins, 6) if rng.random() < 0.7 else None
        self.noise_db = -rng.uniform(5, 40)
        self.shape = _equaliser(rng, bins, strength["depth_db"]) if rng.random() < strength["equalise"] else np.ones(len(bins))
        if rng.random() < 0.35:
            self.shape = self.shape / (1 + np.exp(np.clip((bins - rng.uniform(3300, 4000)) / 40, -50, 50)))
            if rng.random() < 0.3:
                self.shape = self.shape / (1 + (rng.uniform(100, 300) / np.maximum(bins, 1)) ** 4)
        self.coding = rng.random()

    def noise(self, rng: np.random.Generator, size: int, level: float) -> np.ndarray:
        colour = self.noise_colour
        noise = (rng.standard_normal(len(colour)) + 1j * rng.standard_normal(len(colour))) * colour
        power = np.sqrt(2 * np.square(np.abs(noise)).sum()) / size
        return noise * (level / power * 10 ** (self.noise_db / 20))

    def code(self, wave: np.ndarray) -> np.ndarray:
        peak = np.abs(wave).max() + 1e-9
        if self.coding < 0.1:
            scaled = wave / peak
            coded = np.round(np.sign(scaled) * np.log1p(255 * np.abs(scaled)) / np.log(256) * 127) / 127
            return np.sign(coded) * (256 ** np.abs(coded) - 1) / 255
        if self.coding < 0.15:
            return np.clip(wave, -0.5 * peak, 0.5 * peak)
        if self.coding < 0.2:
            return np.round(wave / peak * 128)
        return wave


def augment(
    waves: np.ndarray, lengths: np.ndarray, pairs: np.ndarray, rng: np.random.Generator, strength: dict[str, float]
) -> tuple[np.ndarray, np.ndarray]:
    """Returns a changed copy of ``waves [B, n]`` (nothing is shifted in time) and the channel each row was heard through, ``[B]``.

    A batch has few channels, so that voices are compared within one as well as across; rows of one number in ``pairs [B]`` share
    theirs. ``strength``: ``clean`` is the share of channels that change nothing, ``equalise`` the share of the others whose spectrum
    is tilted and bent by up to ``depth_db`` either way.
    """
    rows, samples = waves.shape
    size = next_fast_len(samples + 6400, real=True)
    spectra = rfft(waves, size, axis=1)
    bins = np.arange(spectra.shape[1]) * SAMPLE_RATE / size
    channels = [Channel(rng, bins, size, strength) for _ in range(max(2, rows // 4))]
    used = rng.integers(len(channels), size=int(pairs.max()) + 1)[pairs]
    out = np.empty_like(waves)
    levels = np.array([np.sqrt(np.square(waves[row, : lengths[row]]).mean()) + 1e-6 for row in range(rows)])
    for row in range(rows):
        channel = channels[used[row]]
        if channel.clean:
            out[row] = waves[row]
            continue
        spectrum = spectra[row] * channel.response
        if rng.random() < 0.2 and rows > 1:
            other = (row + 1 + rng.integers(rows - 1)) % rows
            shift = np.exp(-2j * np.pi * bins * rng.uniform(0, samples / SAMPLE_RATE))
            spectrum += spectra[other] * shift * (levels[row] / levels[other] * 10 ** (-rng.uniform(4, 20) / 20))
        if channel.noise_colour is not None:
            spectrum += channel.noise(rng, size, levels[row])
        out[row] = channel.code(irfft(spectrum * channel.shape, size)[:samples].astype(np.float32))
    for row in range(rows):
        out[row, lengths[row] :] = 0
    return out, used
