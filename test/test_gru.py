"""The gated recurrent unit that training runs is torch's own, forwards and backwards."""

import pytest
import torch
from torch import nn

from mail_ros.training.torch_gru import last_state


@pytest.mark.parametrize(("steps", "rows"), [(1, 1), (7, 1), (9, 5)])
def test_states_and_gradients_are_those_of_torch(steps: int, rows: int) -> None:
    torch.manual_seed(0)
    gru = nn.GRU(3, 4, batch_first=True).double()
    x = torch.randn(rows, steps, 3, dtype=torch.float64)
    matters = torch.randn(rows, 4, dtype=torch.float64)
    theirs, ours = gru(x)[1][0], last_state(gru, x.permute(1, 2, 0)).t()
    assert torch.allclose(theirs, ours, atol=1e-12)
    wanted = torch.autograd.grad((theirs * matters).sum(), list(gru.parameters()))
    found = torch.autograd.grad((ours * matters).sum(), list(gru.parameters()))
    assert all(torch.allclose(a, b, atol=1e-12) for a, b in zip(wanted, found, strict=True))
