"""The network while it is being trained; `device/listen/by_sound.py` is what runs on the device."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import nn

from device.listen.by_sound import KINDS

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

HIDDEN, FEATURES, SPAN = 64, 96, 5
"""Of the states' projection; of what is looked for in them; and over how many of them, 24 ms apart."""
EPOCHS, BATCH = 14, 128


class Network(nn.Module):
    """A projection, a convolution over time, the mean and the maximum over time, and a decision."""

    def __init__(self, states: int) -> None:
        super().__init__()
        self.project = nn.Linear(states, HIDDEN)
        self.look = nn.Conv1d(HIDDEN, FEATURES, SPAN, padding=SPAN // 2)
        self.decide = nn.Linear(2 * FEATURES, len(KINDS))
        self.drop = nn.Dropout(0.35)

    def forward(self, states: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        """Return the kinds' logits for (batch, time, state); `mask`, (batch, time), is 0 where nothing is."""
        hidden = self.drop(torch.relu(self.project(states))) * mask[..., None]
        found = torch.relu(self.look(hidden.transpose(1, 2))) * mask[:, None]
        pooled = torch.cat([found.sum(2) / mask.sum(1, keepdim=True), found.amax(2)], 1)
        return self.decide(self.drop(pooled))


def train(states: list[NDArray[np.float16]], kinds: NDArray[np.int64], seed: int) -> dict[str, NDArray[np.float32]]:
    """Return the weights."""
    torch.manual_seed(seed)
    torch.set_num_threads(1)
    longest = max(map(len, states))
    x = torch.zeros(len(states), longest, states[0].shape[1], dtype=torch.float16)
    mask = torch.zeros(len(states), longest)
    for i, one in enumerate(states):
        x[i, : len(one)] = torch.from_numpy(one)
        mask[i, : len(one)] = 1
    y = torch.from_numpy(kinds)
    share = torch.bincount(y, minlength=len(KINDS)) / len(y)
    network = Network(x.shape[2])
    loss_of = nn.CrossEntropyLoss(weight=(share * len(KINDS)) ** -0.5, label_smoothing=0.05)
    steps = EPOCHS * (len(y) // BATCH + 1)
    optimiser = torch.optim.AdamW(network.parameters(), 2e-3, weight_decay=0.05)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, 2e-3, total_steps=steps)
    for epoch in range(EPOCHS):
        total = 0.0
        for batch in torch.randperm(len(y)).split(BATCH):
            noisy = x[batch].float()
            noisy = noisy + 0.15 * torch.randn_like(noisy)
            loss = loss_of(network(noisy, mask[batch]), y[batch])
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            schedule.step()
            total += loss.item() * len(batch)
        print(f"epoch {epoch + 1}: {total / len(y):.3f}", flush=True)
    return {name: value.detach().numpy() for name, value in network.state_dict().items()}
