"""A network as an ONNX file: the same answers, whatever computes them, and refused where they would differ."""

from __future__ import annotations

import dataclasses
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
import torch
from helpers import offline_estimates, synthetic_walk, tiny_config, tiny_model

pytest.importorskip("onnx", reason="needs onnx: an installation with the extra tools")
pytest.importorskip("onnxruntime", reason="needs onnxruntime: an installation with the extra tools or onnx")

import onnx
from onnx import ModelProto
from simulated_tracks import surveys
from typer.testing import CliRunner

from mail_ros.cli.main import app
from mail_ros.core.config import AttentionKind, Engine, GradientKind, HeadKind, MailConfig
from mail_ros.core.errors import ModelError
from mail_ros.core.localizer.reader import WindowReader
from mail_ros.core.localizer.tracked import localizer_of
from mail_ros.core.models.engine import load
from mail_ros.core.models.model_file import CARD_KEY, ModelCard, load_model, read_model, save_model
from mail_ros.core.models.onnx_engine import ARRAYS_KEY, load_onnx
from mail_ros.data.dataset import WindowSet
from mail_ros.training import export
from mail_ros.training.export import export_onnx
from mail_ros.training.matching import fit_matching
from mail_ros.training.network import restored_network
from mail_ros.training.run_config import run_config


def config(
    head: HeadKind = "heatmap", attention: AttentionKind = "adaptive", gradient: GradientKind = "lag"
) -> MailConfig:
    plain = tiny_config(head)
    return dataclasses.replace(
        plain,
        features=dataclasses.replace(plain.features, gradient=gradient),
        network=dataclasses.replace(plain.network, attention=attention),
    )


def exported(folder: Path, of: MailConfig | None = None) -> tuple[Path, Path]:
    """A model file and the ONNX file of it."""
    model = tiny_model(folder / "site.safetensors", of or config(), map_frame="hall", floor=-2)
    export_onnx(model, folder / "site.onnx")
    return model, folder / "site.onnx"


def windows_ut(of: MailConfig, count: int) -> npt.NDArray[np.float32]:
    field_ut = synthetic_walk((of.samples + count) / 50.0, 50.0, seed=4).field_ut.astype(np.float32)
    return np.stack([field_ut[start : start + of.samples] for start in range(count)])


@pytest.mark.parametrize(
    "of",
    [
        *(config(head, attention) for head in ("heatmap", "regression") for attention in ("adaptive", "constant")),
        *(config("regression", "uniform", gradient) for gradient in ("first", "mean")),
        config("heatmap", "adaptive", "mean"),
    ],
    ids=lambda of: f"{of.network.head}-{of.network.attention}-{of.features.gradient}",
)
def test_onnxruntime_answers_as_torch_and_as_numpy(tmp_path: Path, of: MailConfig) -> None:
    model, out = exported(tmp_path, of)
    by_onnx, _ = load_onnx(out)
    by_numpy, _ = load_model(model)
    by_torch = restored_network(of, read_model(model).state)
    for count in (1, 5):
        field_ut = windows_ut(of, count)
        found = by_onnx(field_ut)
        with torch.no_grad():
            raw, attention = (answer.numpy() for answer in by_torch.explained(torch.from_numpy(field_ut)))
        for wanted in (by_numpy(field_ut), (raw, attention)):
            np.testing.assert_allclose(found.raw, wanted[0], atol=1e-4, rtol=0.0)
            np.testing.assert_allclose(found.attention, wanted[1], atol=1e-4, rtol=0.0)


@pytest.mark.parametrize("head", ["heatmap", "regression"])
def test_one_file_is_enough(tmp_path: Path, head: HeadKind) -> None:
    model, out = exported(tmp_path, config(head))
    by_numpy, card = load_model(model)
    model.unlink()
    by_onnx, same = load_onnx(out)
    assert same == card
    field_ut = windows_ut(card.config, 1)
    a, b = (each.head.posterior(each(field_ut).raw[0]) for each in (by_numpy, by_onnx))
    np.testing.assert_allclose(a.position_m, b.position_m, atol=1e-4)
    np.testing.assert_allclose(a.covariance_m2, b.covariance_m2, atol=1e-4)
    assert a.floor == b.floor == -2
    assert [path.name for path in tmp_path.iterdir()] == ["site.onnx"]


def test_the_localizer_says_the_same_by_either_engine(tmp_path: Path) -> None:
    """Numpy carries the network from sample to sample, onnxruntime reads whole windows."""
    files = dict(zip(("numpy", "onnx"), exported(tmp_path), strict=True))
    bag = synthetic_walk(6.0).write(tmp_path / "walk")

    def estimates(engine: Engine) -> list[npt.NDArray[np.float64]]:
        localizer = localizer_of(load(files[engine], engine)[0], 0.2, "walking")
        assert isinstance(localizer.reader, WindowReader) == (engine == "onnx")
        said = offline_estimates(localizer, bag)
        return [np.array([one.stamp_ns, *one.position_m, *one.attention, one.floor]) for one in said]

    by_numpy, by_onnx = estimates("numpy"), estimates("onnx")
    assert len(by_numpy) > 15
    np.testing.assert_allclose(by_numpy, by_onnx, atol=1e-4, rtol=0.0)


@pytest.mark.process
def test_localizing_by_onnxruntime_needs_no_torch(tmp_path: Path) -> None:
    _, out = exported(tmp_path)
    walk = synthetic_walk(3.0)
    np.savez(tmp_path / "walk.npz", stamp_ns=walk.stamp_ns, field_ut=walk.field_ut)
    script = f"""
import sys
from pathlib import Path
import numpy as np
from mail_ros.core.models.engine import load
from mail_ros.core.localizer.localizer import MailLocalizer
from mail_ros.core.localizer.interface import Sample
localizer = MailLocalizer(load(Path({str(out)!r}), "onnx")[0])
walk = np.load({str(tmp_path / "walk.npz")!r})
said = [localizer.push(Sample(int(at), field)) for at, field in zip(walk["stamp_ns"], walk["field_ut"])]
print(sum(estimate is not None for estimate in said), *({{"torch", "onnx", "onnxruntime"}} & sys.modules.keys()))
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    count, *loaded = done.stdout.split()
    assert int(count) > 5
    assert loaded == ["onnxruntime"]


def altered(path: Path, change: Callable[[ModelProto], None]) -> Path:
    """An ONNX file that somebody changed since."""
    proto = onnx.load(path)
    change(proto)
    onnx.save(proto, path)
    return path


def with_metadata(key: str, value: str) -> Callable[[ModelProto], None]:
    def change(proto: ModelProto) -> None:
        kept = {prop.key: prop.value for prop in proto.metadata_props}
        onnx.helper.set_model_props(proto, kept | {key: value})

    return change


def scale_weights(factor: float) -> Callable[[ModelProto], None]:
    def change(proto: ModelProto) -> None:
        for array in proto.graph.initializer:
            if array.name.endswith("head.fc.weight"):
                array.CopyFrom(onnx.numpy_helper.from_array(onnx.numpy_helper.to_array(array) * factor, array.name))

    return change


def without_metadata(proto: ModelProto) -> None:
    del proto.metadata_props[:]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (scale_weights(1.1), "wanted the golden window at"),
        (scale_weights(np.nan), "wanted the golden window at"),
        (without_metadata, "wanted a mail_ros model card in its metadata, found keys"),
        (with_metadata(CARD_KEY, '{"format": "mail_ros/9"}'), "wanted format mail_ros/1, found mail_ros/9"),
        (with_metadata(ARRAYS_KEY, "?"), "wanted arrays in its metadata mail_ros_arrays, found none"),
        (with_metadata(ARRAYS_KEY, ""), "wanted arrays in its metadata mail_ros_arrays, found none"),
    ],
)
def test_an_altered_file_is_refused_with_the_reason(
    tmp_path: Path, change: Callable[[ModelProto], None], message: str
) -> None:
    _, out = exported(tmp_path, config("regression"))
    with pytest.raises(ModelError, match=message):
        load_onnx(altered(out, change))


def test_a_card_of_another_network_is_refused(tmp_path: Path) -> None:
    _, out = exported(tmp_path)
    card = dataclasses.asdict(load_onnx(out)[1])
    card["config"]["window"]["length_s"] = 3.0
    with pytest.raises(ModelError, match=r"wanted a graph of .*\(160, 3\).*found .*\(110, 3\).* export it anew"):
        load_onnx(altered(out, with_metadata(CARD_KEY, json.dumps(card))))


def test_what_is_no_onnx_file_is_refused(tmp_path: Path) -> None:
    model, out = exported(tmp_path)
    out.write_bytes(out.read_bytes()[:-1000])
    for path in (out, model.rename(tmp_path / "renamed")):
        with pytest.raises(ModelError, match="wanted an ONNX file, as written by `mail_ros export`, found something"):
            load(path, "onnx")
    with pytest.raises(ModelError, match="wanted a model file, found nothing"):
        load(tmp_path / "none.onnx", "onnx")


def test_a_file_of_the_other_engine_is_refused_with_the_fix(tmp_path: Path) -> None:
    model, out = exported(tmp_path)
    with pytest.raises(ModelError, match=r"found a .onnx file, which is for engine onnx; set engine to onnx, or give"):
        load(out, "numpy")
    with pytest.raises(ModelError, match=r"wanted a .onnx file of `mail_ros export` for engine onnx, found a .safe"):
        load(model, "onnx")


def test_a_robot_without_onnxruntime_is_told_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    model, out = exported(tmp_path)
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(ModelError, match=r"wanted the package onnxruntime.*pip install 'mail_ros\[onnx\]'"):
        load(out, "onnx")
    load(model, "numpy")


def test_a_graph_that_answers_otherwise_is_not_left_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(export, "TOLERANCE", -1.0)
    with pytest.raises(ModelError, match="wanted answers of onnxruntime within"):
        exported(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["site.safetensors"]


def test_matching_needs_no_export(tmp_path: Path) -> None:
    of = run_config(["network.kind=matching", "features.rate_hz=10", "matching.speeds=[1]"])
    windows, model = WindowSet(surveys(), of.mail, 1.0), tmp_path / "site.safetensors"
    save_model(model, fit_matching(of, windows), ModelCard(config=of.mail), windows.fields(windows.ends[:1])[0])
    with pytest.raises(ModelError, match="found a model of kind matching; give it to the localizer as it is"):
        export_onnx(model, tmp_path / "site.onnx")
    assert not (tmp_path / "site.onnx").exists()


def test_the_verb_says_how_close_both_are_and_where_the_file_is(tmp_path: Path) -> None:
    model, out = tiny_model(tmp_path / "site.safetensors"), tmp_path / "deep" / "site.onnx"
    done = CliRunner().invoke(app, ["export", str(model), "--onnx", str(out)])
    said = done.output.splitlines()
    assert done.exit_code == 0, done.output
    assert said[0].startswith("onnxruntime and torch: 11 windows, at most ")
    assert said[-1].startswith(f"model: {out} (0.")
    assert load_onnx(out)[1] == load_model(model)[1]
