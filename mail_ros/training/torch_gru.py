"""The last state of a gated recurrent unit, and its gradient: as `torch.nn.GRU`, in half of its time.

    [r  z  q  n'] = A [h  x  1]      r, z = σ(r), σ(z)      n = tanh(n' + r ∘ q)      h' = n + z ∘ (h - n)

One product per step computes all gates: A holds the weights of states and inputs and the biases side by side. States
lie as (hidden, rows), so that each gate is contiguous, and the backward pass reads two arrays that hold all steps.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable


def last_state(gru: nn.GRU, x: Tensor) -> Tensor:
    """Read sequences from h = 0 (equations 2 to 5).

    Args:
        gru: the weights: one layer, one direction, with biases, `batch_first`.
        x: (steps, inputs, rows).

    Returns:
        (hidden, rows) after the last step.
    """
    if x.is_cuda or not torch.is_grad_enabled():  # torch's own is as fast there, or faster
        last: Tensor = gru(x.permute(2, 0, 1))[1][0].t()
        return last
    hidden, inputs = gru.hidden_size, gru.input_size
    w, u, b, c = gru.all_weights[0]  # weights of input and state, and their biases
    gates = 2 * hidden  # r and z
    rz = torch.cat([u[:gates], w[:gates], (b + c)[:gates, None]], dim=1)
    q = torch.cat([u[gates:], x.new_zeros(hidden, inputs), c[gates:, None]], dim=1)
    n = torch.cat([x.new_zeros(hidden, hidden), w[gates:], b[gates:, None]], dim=1)
    state: Tensor = _LastState.apply(x, torch.cat([rz, q, n]))  # type: ignore[no-untyped-call]
    return state


class _LastState(torch.autograd.Function):
    """(steps, inputs, rows) and A (4 hidden, hidden + inputs + 1) -> (hidden, rows); differentiable in A."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, a: Tensor) -> Tensor:
        """Keeps [h x 1] and [r z q n] of every step."""
        steps, inputs, rows = x.shape
        hidden = len(a) // 4
        read = x.new_ones(steps + 1, hidden + inputs + 1, rows)
        read[0, :hidden] = 0.0
        read[:steps, hidden:-1] = x
        gates = x.new_empty(steps, 4 * hidden, rows)
        for step in range(steps):
            torch.mm(a, read[step], out=gates[step])
            gates[step, : 2 * hidden].sigmoid_()
            r, z, q, n = torch.split(gates[step], hidden)
            n.addcmul_(r, q).tanh_()
            torch.lerp(n, read[step, :hidden], z, out=read[step + 1, :hidden])
        ctx.save_for_backward(a, read, gates)
        return read[steps, :hidden].clone()

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, of_last: Tensor) -> tuple[None, Tensor]:
        """Gradient of A, in place: a step has a dozen small operations, and allocation costs as much."""
        a, read, gates = ctx.saved_tensors
        hidden = len(a) // 4
        of_h, spare = of_last.clone(memory_format=torch.contiguous_format), torch.empty_like(gates[0, :hidden])
        of_gates, of_a, back = torch.empty_like(gates[0]), torch.zeros_like(a), a[:, :hidden].t().contiguous()
        of_r, of_z, of_q, of_n = torch.split(of_gates, hidden)
        sigmoid, tanh = torch.ops.aten.sigmoid_backward.grad_input, torch.ops.aten.tanh_backward.grad_input
        for step in reversed(range(len(gates))):
            r, z, q, n = torch.split(gates[step], hidden)
            torch.sub(read[step, :hidden], n, out=spare)
            sigmoid(spare.mul_(of_h), z, grad_input=of_z)
            torch.mul(of_h, z, out=spare)  # gradient that bypasses the gates
            tanh(of_h.sub_(spare), n, grad_input=of_n)
            torch.mul(of_n, r, out=of_q)
            torch.mul(of_n, q, out=of_h)
            sigmoid(of_h, r, grad_input=of_r)
            torch.addmm(spare, back, of_gates, out=of_h)
            of_a.addmm_(of_gates, read[step].t())
        return None, of_a
