"""The subject decoder learns alone: all else stands still, is computed once a photo, and is the same in the export."""

from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

import export
import subject
from multiplane.perception.network import PerceptionNet
from multiplane.perception.packing import read_packed
from multiplane.perception.perceive import WEIGHTS


@pytest.fixture
def places(tmp_path: Path) -> list[str]:
    """Twenty photos of a bright disc on noise with its map, one photo without a map; the command line's folders."""
    rng = np.random.default_rng(0)
    y, x = np.mgrid[:48, :64]
    for name in ("photos", "maps"):
        (tmp_path / name).mkdir()
    for index in range(20):
        disc = np.hypot(y - 24, x - rng.uniform(20, 44)) < 14
        noise = rng.integers(0, 120, (48, 64, 3), np.uint8)
        cv2.imwrite(str(tmp_path / "photos" / f"{index}.png"), np.where(disc[..., None], 255 - noise, noise))
        cv2.imwrite(str(tmp_path / "maps" / f"{index}.png"), disc * np.uint8(255))
    cv2.imwrite(str(tmp_path / "photos" / "unknown.png"), noise)
    data = f"{tmp_path / 'photos'}:{tmp_path / 'maps'}"
    return ["--data", data, "--start", str(WEIGHTS), "--kept", str(tmp_path / "kept"), "--run", str(tmp_path / "run")]


def test_it_learns_from_what_is_kept_and_the_rest_is_as_it_was(places, tmp_path: Path, monkeypatch, capsys) -> None:
    monkeypatch.setattr("sys.argv", ["x", *places, "--minutes", "0"])
    assert subject.main() == 0
    kept = sorted((tmp_path / "kept").rglob("*.pt"))
    assert len(kept) == 20
    stamps = [path.stat().st_mtime_ns for path in kept]
    monkeypatch.setattr("sys.argv", ["x", *places, "--minutes", "0.05"])
    assert subject.main() == 0
    assert [path.stat().st_mtime_ns for path in kept] == stamps
    assert "mean IoU" in capsys.readouterr().out
    out = tmp_path / "weights.safetensors"
    told = ["--packed", str(WEIGHTS), "--run", str(tmp_path / "run"), "--steps", "10", "--out", str(out)]
    monkeypatch.setattr("sys.argv", ["x", *told])
    assert export.main() == 0
    before, after = read_packed(WEIGHTS), read_packed(out)
    assert not PerceptionNet().load_state_dict(after).missing_keys
    changed = {name.split(".")[0] for name in before if not torch.equal(before[name], after[name])}
    assert changed == {"subject"}
    learned = torch.load(tmp_path / "run" / "last.pt", weights_only=True)["average"]["subject.taps.0.weight"]
    step = float(learned.std()) / 10
    assert float((after["subject.taps.0.weight"] - learned).abs().max()) <= 0.51 * step
