"""A run of the training: what is the teacher's stands still, the rest moves, and a run goes on where it stopped."""

from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from safetensors.torch import save_file

import export
import train
from losses import steps_of
from multiplane.perception.network import PerceptionNet
from multiplane.perception.packing import pack, read_packed


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twenty drawn photos with labels, and a network to begin with, one of its matrices packed."""
    folder = tmp_path_factory.mktemp("training")
    rng = np.random.default_rng(0)
    for name in ("photos", "labels"):
        (folder / name).mkdir()
    for index in range(20):
        cv2.imwrite(str(folder / "photos" / f"{index}.png"), rng.integers(0, 255, (48, 64, 3), np.uint8))
        classes = np.where(np.arange(48)[:, None] < 24, 0, 1).repeat(64, axis=1).astype(np.uint8)
        np.savez(folder / "labels" / f"{index}.npz", classes=classes, saliency=classes * 255)
    torch.manual_seed(0)
    begin = {name: value for name, value in PerceptionNet().state_dict().items() if name.startswith(("enc", "dep"))}
    begin |= pack("depth.to2.weight", begin.pop("depth.to2.weight").sign(), 0.01)
    save_file(begin, folder / "packed.safetensors")
    return folder


def run(folder: Path, monkeypatch: pytest.MonkeyPatch) -> dict:
    """One short slice; its checkpoint."""
    options = ["--batch", "2", "--area", "4096", "--minutes", "0.05", "--workers", "0"]
    places = ["--data", f"{folder / 'photos'}:{folder / 'labels'}", "--run", str(folder / "run")]
    monkeypatch.setattr("sys.argv", ["x", *places, "--start", str(folder / "packed.safetensors"), *options])
    assert train.main() == 0
    stored: dict = torch.load(folder / "run" / "last.pt", weights_only=True)
    return stored


def test_a_run_goes_on_and_its_export_holds_both_parts(folder: Path, monkeypatch, capsys) -> None:
    first = run(folder, monkeypatch)
    assert first["step"] > 0
    assert not any(name.startswith(("encoder", "depth")) for name in first["learned"])
    then = run(folder, monkeypatch)
    assert then["step"] > first["step"]
    assert not torch.equal(then["learned"]["head.weight"], first["learned"]["head.weight"])
    assert "class mIoU" in capsys.readouterr().out
    out = folder / "weights.safetensors"
    places = ["--packed", str(folder / "packed.safetensors"), "--run", str(folder / "run"), "--out", str(out)]
    monkeypatch.setattr("sys.argv", ["x", *places])
    assert export.main() == 0
    found = read_packed(out)
    assert not PerceptionNet().load_state_dict(found).missing_keys
    torch.testing.assert_close(found["head.weight"], then["average"]["head.weight"], rtol=1e-3, atol=1e-4)
    assert found["depth.to2.weight"].abs().unique().tolist() == pytest.approx([0.01])


def test_steps_of_depth_are_sure_or_unknown() -> None:
    disparity = torch.zeros(1, 20, 30)
    disparity[:, :, 10:] = 1.0
    disparity[:, 10:, 20:] = 1.07
    steps = steps_of(disparity)[0]
    assert steps[5, 9:11].tolist() == [1, 1]
    assert steps[5, 5] == steps[15, 25] == 0
    assert steps[15, 20] == -1
