"""`mail_ros export`: a trained network for another runtime."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from mail_ros.cli.console import console, print_json
from mail_ros.cli.options import AsJson


def export(
    model: Annotated[Path, typer.Argument(help="The model file, as written by `mail_ros train`.")],
    onnx: Annotated[Path, typer.Option(help="The ONNX file to write, as in models/network.onnx.")],
    as_json: AsJson = False,
) -> None:
    """Write a trained network as one ONNX file, for phones and other runtimes; a robot uses the model file itself.

    The model card, the map and the golden window are in its metadata.

    Example: `mail_ros export models/network.safetensors --onnx models/network.onnx`
    """
    from mail_ros.training.export import export_onnx

    export_onnx(model, onnx)
    console.print(f"network: {onnx} ({onnx.stat().st_size / 1e6:.1f} MB)")
    if as_json:
        print_json({"model": onnx})
