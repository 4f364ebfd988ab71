"""One run on several processes, on one machine or more: those that `torchrun` starts.

    batch ─┬─ rows of process 0 ─> gradient × share ─┐
           └─ rows of process 1 ─> gradient × share ─┴─ sum ─> the same step everywhere

All read the same walks and draw the same random numbers; of each batch a process computes its own rows. So the model
is that of one process, up to the rounding of sums. Process 0 leads: it alone reads and writes the run's folder.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from mail_ros.core.errors import ConfigError, MailError

if TYPE_CHECKING:  # a run alone that trains no network does not load torch
    from torch import Tensor, nn

T = TypeVar("T")


@dataclass(frozen=True)
class Processes:
    """What one process knows of the run's others; by default there are none, and all that is shared is its own."""

    rank: int = 0
    count: int = 1
    device: str = "cpu"  # where this one computes

    @property
    def leads(self) -> bool:
        """Whether this is the one that reads and writes files, and talks."""
        return self.rank == 0

    def share(self, size: int) -> slice:
        """Which of `size` rows are this process's; all of them are somebody's, and some may have none."""
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
        """Replace the gradients by their sums over all processes, None being nothing; the sum of the losses ().

        One message for all of them: there are many, and small.
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
        """What `read` gives on process 0, on all of them; its MailError likewise."""
        found = [self.attempt(lambda: read() if self.leads else None)]
        if self.count > 1:
            import torch.distributed as dist

            dist.broadcast_object_list(found, src=0)
        return found[0]  # type: ignore[return-value]

    def attempt(self, action: Callable[[], T]) -> T:
        """Do it on every process; a MailError of one is raised on all, so that none waits for one that gave up."""
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
    """The processes of this run: those of `torchrun`, whose environment says which of them this is; else one alone.

    Args:
        device: "cpu", which talks by gloo, or "cuda", which takes one GPU per process and talks by nccl.

    Raises:
        ConfigError: another device, or one that is not there.
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
