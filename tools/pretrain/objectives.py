"""The heads and losses that teach the encoder; none of them is exported.

- conv features: the log-mel energies and low harmonics of what was heard (alone at first, as it costs a third of a step);
- the echo layer: the same, as heard, so that room, channel and voice are not thrown away for good;
- an acoustic layer: the *clean* log-mel energies, their slope, F0 and voicing, whatever was added to the input;
- the session layer, mean and standard deviation over time: which rows are one voice through one channel (supervised contrast,
  Khosla et al. 2020), as two recordings of a person in one room are;
- the voice layer, likewise pooled: whose voice it is through any channel (additive margin softmax, Wang et al. 2018), and on
  synthetic speech its rate, pitch and range;
- the last layer: phones, per frame where they are aligned, by CTC where only the text is known;
- the layer before it, at masked frames: the k-means unit of the clean MFCCs (as in HuBERT).
"""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from model import EncoderConfig
from prepare import PHONES, UNKNOWN_PHONE
from targets import MEL_BANDS, log_mel, low_bins

ACOUSTIC = 2 * MEL_BANDS + 2
VOICE_MARGIN = 0.15


class Heads(nn.Module):
    def __init__(self, config: EncoderConfig, voices: int, units: int) -> None:
        super().__init__()
        dim = config.hidden_size
        self.heard = nn.Linear(config.conv_dim[-1], MEL_BANDS + 36)
        self.acoustic = nn.Linear(dim, ACOUSTIC)
        self.phones = nn.Linear(dim, len(PHONES))
        self.units = nn.Linear(dim, units)
        self.session = nn.Linear(2 * dim, 128)
        self.embed = nn.Linear(2 * dim, 192)
        self.voices = nn.Parameter(torch.randn(voices, 192) * 0.1)
        self.traits = nn.Linear(2 * dim, 3)
        self.echo = nn.Linear(dim, MEL_BANDS + 36)


def standard(log_energies: torch.Tensor) -> torch.Tensor:
    """Log energies of normalised speech to about zero mean and unit variance."""
    return (log_energies + 3) / 2.5


def spectrum(waves: torch.Tensor) -> torch.Tensor:
    """Log-mel energies and low harmonics as targets, ``[B, T, 76]``."""
    return standard(torch.cat([log_mel(waves), low_bins(waves)], -1))


def slope(mel: torch.Tensor, reach: int = 2) -> torch.Tensor:
    """Difference of the frames ``reach`` later and earlier, edges repeated."""
    padded = F.pad(mel.transpose(1, 2), (reach, reach), mode="replicate").transpose(1, 2)
    return (padded[:, 2 * reach :] - padded[:, : -2 * reach]) / 2


def pooled(states: torch.Tensor, valid: torch.Tensor) -> torch.Tensor:
    """Mean and standard deviation over the valid frames, ``[B, 2·D]``."""
    weight = valid[..., None].float()
    count = weight.sum(1).clamp(min=1)
    mean = (states * weight).sum(1) / count
    variance = ((states - mean[:, None]).square() * weight).sum(1) / count
    return torch.cat([mean, (variance + 1e-5).sqrt()], 1)


def contrast(embedded: torch.Tensor, voices: torch.Tensor, channels: torch.Tensor, temperature: float = 0.1) -> torch.Tensor:
    """Supervised contrastive loss of ``[B, E]``: rows of one known voice through one channel attract, all others repel."""
    embedded = F.normalize(embedded, dim=-1)
    itself = torch.eye(len(voices), dtype=torch.bool)
    same = (voices[:, None] == voices) & (channels[:, None] == channels) & (voices[:, None] >= 0) & ~itself
    odds = (embedded @ embedded.T / temperature).masked_fill(itself, -1e9).log_softmax(1)
    each = -(odds * same).sum(1) / same.sum(1).clamp(min=1)
    return each[same.any(1)].mean() if same.any() else embedded.sum() * 0


def losses(
    heads: Heads,
    states: list[torch.Tensor],
    features: torch.Tensor,
    clean_mel: torch.Tensor,
    waves: torch.Tensor,
    valid: torch.Tensor,
    masked: torch.Tensor,
    units: torch.Tensor,
    batch,
    channels: torch.Tensor,
    layers: dict[str, int],
) -> dict[str, torch.Tensor]:
    """Every loss of one batch, unweighted, as scalars."""
    out: dict[str, torch.Tensor] = {}
    heard = spectrum(waves)
    out["heard"] = (heads.heard(features).float() - heard)[valid].abs().mean()
    seen = valid & ~masked
    out["echo"] = (heads.echo(states[layers["echo"]]).float() - heard)[seen].abs().mean()

    predicted = heads.acoustic(states[layers["acoustic"]]).float()
    wanted = torch.cat([standard(clean_mel), slope(standard(clean_mel))], -1)
    out["acoustic"] = (predicted[..., : 2 * MEL_BANDS] - wanted)[valid].abs().mean()
    f0 = torch.from_numpy(batch.f0)
    speech = torch.from_numpy(batch.speech)[:, None]
    voiced = (f0 > 0) & valid & speech
    tune = (predicted[..., -2] - torch.log2(f0.clamp(min=40) / 150) * 2)[voiced].abs()
    out["f0"] = tune.mean() if voiced.any() else predicted.sum() * 0
    heard_speech = valid & speech
    flat = F.binary_cross_entropy_with_logits(predicted[..., -1], voiced.float(), reduction="none")
    out["voicing"] = flat[heard_speech].mean() if heard_speech.any() else predicted.sum() * 0

    logits = heads.phones(states[layers["phones"]]).float()
    phones = torch.from_numpy(batch.phones.astype(np.int64))
    known = (phones != UNKNOWN_PHONE) & valid
    out["phones"] = F.cross_entropy(logits[known], phones[known], label_smoothing=0.05) if known.any() else logits.sum() * 0
    if known.any():
        out["phone_accuracy"] = (logits[known].argmax(-1) == phones[known]).float().mean().detach()

    said = [row for row, tokens in enumerate(batch.tokens) if tokens]
    out["ctc"] = logits.sum() * 0
    if said:
        tokens = [[t for i, t in enumerate(batch.tokens[row]) if i == 0 or t != batch.tokens[row][i - 1]] for row in said]
        counts = torch.tensor([len(line) for line in tokens])
        frames = valid[said].sum(1)
        flat = torch.tensor([token for line in tokens for token in line])
        each = F.ctc_loss(logits[said].log_softmax(-1).transpose(0, 1), flat, frames, counts, blank=0, reduction="none", zero_infinity=True)
        out["ctc"] = (each / counts).mean()

    hidden = masked & valid
    guesses = heads.units(states[layers["units"]]).float()
    out["units"] = F.cross_entropy(guesses[hidden], units[hidden]) if hidden.any() else guesses.sum() * 0

    voices = torch.from_numpy(batch.voices)
    named = voices >= 0
    whole = pooled(states[layers["voice"]].float(), valid)
    similarity = F.normalize(heads.embed(whole[named]), dim=-1) @ F.normalize(heads.voices, dim=-1).T
    margin = VOICE_MARGIN * F.one_hot(voices[named], len(heads.voices))
    out["voice"] = F.cross_entropy(24 * (similarity - margin), voices[named]) if named.any() else whole.sum() * 0
    out["session"] = contrast(heads.session(pooled(states[layers["session"]].float(), valid)), voices, channels)

    traits = torch.from_numpy(batch.traits)
    known = ~traits[:, 0].isnan()
    out["traits"] = (heads.traits(whole[known]) - traits[known]).abs().mean() if known.any() else whole.sum() * 0
    return out
