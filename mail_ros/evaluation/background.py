"""A floor's plan behind what is drawn over it, in pictures and in pages."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from matplotlib.axes import Axes

from mail_ros.data.floor_plan import FloorPlan

NO_PLANS: Mapping[int, FloorPlan] = MappingProxyType({})  # by floor


def draw_plan(axes: Axes, plan: FloorPlan | None) -> None:
    """Draw it at its place, or nothing; axes that keep their limits must set them afterwards."""
    if plan is not None:
        axes.imshow(
            plan.faded, cmap="gray", vmin=0, vmax=255, extent=plan.extent_m, interpolation="antialiased", zorder=-1
        )


def plan_image(plan: FloorPlan | None) -> list[dict[str, Any]]:
    """The images of a plotly layout: the plan, inside the page itself, or none."""
    if plan is None:
        return []
    left_m, right_m, low_m, high_m = plan.extent_m
    return [
        {
            "source": f"data:image/png;base64,{b64encode(plan.faded_png()).decode()}",
            "x": left_m,
            "y": high_m,
            "sizex": right_m - left_m,
            "sizey": high_m - low_m,
            "xref": "x",
            "yref": "y",
            "sizing": "stretch",
            "layer": "below",
        }
    ]
