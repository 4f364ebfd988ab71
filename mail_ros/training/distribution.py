"""One run on several processes, which `torchrun` starts on one machine or more.

    batch ─┬─ rows of process 0 ─> gradient × weight ─┐
           └─ rows of process 1 ─> gradient × weight ─┴─ sum ─> the same step everywhere

All read the same walks and draw the same random numbers; each computes its own rows of a batch. The model is that of
one process, up to the rounding of sums. Process 0 leads: it alone reads and writes the run's folder.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from mail_ros.core.errors import ConfigError, MailError

if TYPE_CHECKING:  # a single process that trains no network does not load torch
    from torch import Tensor, nn

T = TypeVar("T")


@dataclass(frozen=True)
class Processes:
    """Rank of this process among those of the run; by default it is alone, and all rows are its own."""

    rank: int = 0
    count: int = 1
    device: str = "cpu"  # this process computes there

    @property
    def leads(self) -> bool:
        """Whether this process reads and writes files, and prints."""
        return self.rank == 0

    def rows(self, size: int) -> slice:
        """Rows of this process among `size`; every row belongs to one process, and a process may have none."""
        return slice(size * self.rank // self.count, size * (self.rank + 1) // self.count)

    def sum(self, values: Tensor) -> Tensor:
        """The sum over all processes, to the last bit the same on each of them."""
        if self.count == 1:
            return values
        import torch.distributed as dist

        total = values.detach().to(self.device, copy=True)
        dist.all_reduce(total)
        return total.to(values.device)

    def sum_gradients(self, module: nn.Module, loss: Tensor) -> Tensor:
        """Replace the gradients by their sums over all processes, None as 0; returns the sum of the losses ().

        All go in one message, since they are many and small.
        """
        if self.count == 1:
            return loss
        import torch

        parameters = [parameter for parameter in module.parameters() if parameter.requires_grad]
        gradients = [torch.zeros_like(p) if p.grad is None else p.grad for p in parameters]
        total = self.sum(torch.cat([loss.reshape(1), *(gradient.flatten() for gradient in gradients)]))
        parts = torch.split(total[1:], [parameter.numel() for parameter in parameters])
        for parameter, part in zip(parameters, parts, strict=True):
            parameter.grad = part.view_as(parameter)
        return total[0]

    def from_leader(self, read: Callable[[], T]) -> T:
        """The result of `read` on process 0, on all processes; its MailError likewise."""
        found = [self.attempt(lambda: read() if self.leads else None)]
        if self.count > 1:
            import torch.distributed as dist

            dist.broadcast_object_list(found, src=0)
        return found[0]  # type: ignore[return-value]

    def attempt(self, action: Callable[[], T]) -> T:
        """Run it on every process; a MailError of one is raised on all, so that none waits for one that stopped."""
        try:
            result, error = action(), None
        except MailError as raised:
            if self.count == 1:
                raise
            error = raised
        if self.count > 1:
            import torch.distributed as dist

            errors: list[MailError | None] = [None] * self.count
            dist.all_gather_object(errors, error)
            for found in errors:
                if found is not None:
                    raise found
        return result


@contextmanager
def joined(device: str = "cpu") -> Iterator[Processes]:
    """The processes of this run: those of `torchrun`, by its environment variables; else this one alone.

    Args:
        device: "cpu", which communicates by gloo, or "cuda": one GPU per process, which communicate by nccl.

    Raises:
        ConfigError: another device, or an unavailable one.
    """
    alone = not {"RANK", "WORLD_SIZE", "MASTER_ADDR", "MASTER_PORT"} <= os.environ.keys()
    if alone and device == "cpu":
        yield Processes()
        return
    import torch
    import torch.distributed as dist

    if device not in ("cpu", "cuda") or (device == "cuda" and not torch.cuda.is_available()):
        raise ConfigError("device", wanted="cpu, or cuda where torch has it", found=device, fix="leave it out")
    if device == "cuda":
        torch.cuda.set_device(int(os.environ.get("LOCAL_RANK", "0")))
    if alone:
        yield Processes(device=device)
        return
    dist.init_process_group("nccl" if device == "cuda" else "gloo")
    try:
        yield Processes(dist.get_rank(), dist.get_world_size(), device)
    finally:
        dist.destroy_process_group()
