"""What computes a model: ours, in numpy and from sample to sample, or onnxruntime, window by window."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple

from mail_ros.core.config import Engine
from mail_ros.core.errors import ModelError
from mail_ros.core.models.model import Model
from mail_ros.core.models.model_file import ModelCard, read_model
from mail_ros.core.models.onnx_engine import read_onnx
from mail_ros.core.types import Float32Array


class Loaded(NamedTuple):
    """A model that was read and checked."""

    model: Model
    card: ModelCard
    golden_field_ut: Float32Array  # (n + lag, 3): the window for `checkpoint.check_golden`


class _Files(NamedTuple):
    """What an engine reads."""

    suffix: str
    verb: str  # of `mail_ros`, that writes them
    load: Callable[[Path], Loaded]


def _numpy(path: Path) -> Loaded:
    file = read_model(path)
    return Loaded(file.model, file.card, file.golden_field_ut)


ENGINES: Mapping[Engine, _Files] = {
    "numpy": _Files(".safetensors", "train", _numpy),
    "onnx": _Files(".onnx", "export", lambda path: Loaded(*read_onnx(path))),
}


def load(path: Path, engine: Engine) -> Loaded:
    """A model to localize with, its card and its golden window.

    Args:
        path: of the engine's kind of file.
        engine: what is to compute it.

    Raises:
        ModelError: a file of another engine, or one that cannot be used.
    """
    wanted = ENGINES[engine]
    for other, files in ENGINES.items():
        if other != engine and path.suffix == files.suffix:
            raise ModelError(
                path,
                wanted=f"a {wanted.suffix} file of `mail_ros {wanted.verb}` for engine {engine}",
                found=f"a {files.suffix} file, which is for engine {other}",
                fix=f"set engine to {other}, or give the {wanted.suffix} file",
            )
    return wanted.load(path)
