"""Every setting of MAIL's network, with its default: here and nowhere else."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from mail_ros.core.config import Range, Settings
from mail_ros.core.errors import ConfigError
from mail_ros.core.signal.window import GradientKind

AttentionKind = Literal["adaptive", "uniform", "constant"]
HeadKind = Literal["regression", "heatmap"]
Width = Annotated[int, Range(1, 4096)]


@dataclass(frozen=True)
class MailConfig(Settings, prefix="mail."):
    """What the network reads (Section 5.2 of the paper), its variants, and the widths that the paper leaves open.

    Times are seconds: a network at 10 Hz instead of the paper's 50 Hz keeps its lag and its scales.
    """

    gradient: GradientKind = "lag"  # "first": the paper's text; "mean": its figure 4b
    lag_s: Annotated[float, Range(1e-3, 10.0)] = 0.5  # lag of gradient "lag": long enough to rise above the noise
    scale_ut: Annotated[float, Range(1e-3, 1e3)] = 5.0  # the gradient is divided by this, to be of order one
    scales_s: tuple[Annotated[float, Range(1e-3, 600.0)], ...] = (
        1.0,
        2.0,
        3.0,
        4.0,
        5.0,
        10.0,
    )  # 50 to 500 rows at 50 Hz
    hidden: Width = 32  # width of each scale's GRU
    feature: Width = 32  # width of each scale's feature vector
    attention: AttentionKind = "adaptive"  # "uniform": the paper's ablation; "constant": learned, the same everywhere
    attention_hidden: Width = 64  # width of the attention's hidden layer
    head: HeadKind = "heatmap"  # softmax over map cells; "regression": the paper's equation 14

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.scales_s:
            raise ConfigError(
                "mail.scales_s", wanted="one scale or more", found="none", fix="give seconds, as in [1, 10]"
            )
