"""Networks on the disk keep the inpaint stage's contract, see only the far side, and say what is wrong with them."""

import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from multiplane.arrays import Floats, Ints, Mask
from multiplane.errors import BackendError, MissingDependency, MissingWeights
from multiplane.inpaint import load_inpaint
from multiplane.inpaint.network import Network, inpaint_with
from tolerances import ROUNDING

MAGENTA = np.array([1, 0, 1], np.float32)


class Halfway(torch.nn.Module):
    """Half the known mean and half of what stands where pixels are missing: it peeks."""

    def forward(self, image: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        known = 1 - mask
        mean = (image * known).sum((2, 3), keepdim=True) / known.sum((2, 3), keepdim=True).clamp(min=1)
        return image * known + mask * 0.5 * (mean + image)


class Loud(torch.nn.Module):
    """Levels up to 255, as some exports give them."""

    def forward(self, image: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        return 255 * image


class Lonely(torch.nn.Module):
    """No inpainter: it takes no mask."""

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        return image


def scripted(module: torch.nn.Module, folder: Path) -> str:
    file = folder / f"{type(module).__name__}.pt"
    torch.jit.script(module).save(str(file))
    return str(file)


@pytest.fixture(scope="module")
def halfway(tmp_path_factory: pytest.TempPathFactory) -> str:
    return scripted(Halfway(), tmp_path_factory.mktemp("script"))


def scene(height: int = 90, width: int = 120) -> tuple[Floats, Mask, Ints]:
    """Green far side with a hole in it, beside a blue surface and a thing in front (-1) that the hole touches."""
    rng = np.random.default_rng(0)
    rgb = rng.normal(0, 0.02, (height, width, 3)) + np.array([0.2, 0.6, 0.2])
    surface = np.zeros((height, width), np.int32)
    surface[:, : width // 4] = 1
    rgb[:, : width // 4] += np.array([0, -0.4, 0.6])
    y, x = np.mgrid[:height, :width]
    hole = np.hypot(y - height / 2, x - width / 2) < height / 4
    surface[(x > 0.7 * width) & ~hole] = -1
    return np.clip(rgb, 0, 1).astype(np.float32), np.asarray(hole), surface


def contract(fill) -> None:
    """Nothing changes outside; neither the hole, nor what is nearer, nor another surface comes in; it repeats."""
    rgb, hole, surface = scene()
    out = fill(rgb, hole, surface, 3)
    assert out.dtype == np.float32 and np.array_equal(out[~hole], rgb[~hole])
    assert out.min() >= 0 and out.max() <= 1
    painted = np.where((hole | (surface != 0))[..., None], MAGENTA, rgb).astype(np.float32)
    assert np.array_equal(out[hole], fill(painted, hole, surface, 3)[hole])
    full = np.ones_like(hole)
    assert np.all(fill(rgb, full, surface, 0) == 0.5)


def test_a_torchscript_file_keeps_the_contract(halfway: str) -> None:
    contract(load_inpaint(halfway))


def test_its_answer_is_what_comes_into_the_hole(halfway: str) -> None:
    rgb, hole, surface = scene()
    out = load_inpaint(halfway)(rgb, hole, surface, 0)
    assert np.abs(out[hole].mean(axis=0) - rgb[(surface == 0) & ~hole].mean(axis=0)).max() < 0.02


@pytest.mark.parametrize(("side", "enlarge", "seen"), [(64, False, 64), (64, True, 64), (512, True, 512)])
def test_a_network_sees_the_size_it_was_made_for(side: int, enlarge: bool, seen: int) -> None:
    shapes = []

    def answer(rgb: Floats, missing: Mask, seed: int) -> Floats:
        shapes.append(missing.shape)
        assert rgb.shape == (*missing.shape, 3)
        return np.full_like(rgb, 0.25)

    rgb, hole, surface = scene(180, 240)
    out = inpaint_with(Network("net", answer, side, 16, enlarge))(rgb, hole, surface, 0)
    assert np.abs(out[hole] - 0.25).max() < ROUNDING
    assert shapes
    assert all(max(shape) == seen and shape[0] % 16 == shape[1] % 16 == 0 for shape in shapes)


def test_a_hole_too_thin_for_a_texture_and_one_with_nothing_around_it_need_no_network() -> None:
    def never(rgb: Floats, missing: Mask, seed: int) -> Floats:
        raise AssertionError("asked")

    rgb, hole, surface = scene()
    fill = inpaint_with(Network("net", never, 64, 8))
    line = np.zeros_like(hole)
    line[40:43, 40:80] = True
    assert np.abs(fill(rgb, line, surface, 0)[line] - np.array([0.2, 0.6, 0.2])).max() < 0.2
    assert np.all(fill(rgb, np.ones_like(hole), surface, 0) == 0.5)


@pytest.mark.parametrize(
    ("module", "complaint"),
    [(Loud(), r"from .* to .*, not in \[0, 1\]"), (Lonely(), "does not take an image and a mask")],
)
def test_a_file_that_is_no_inpainter_is_told(module: torch.nn.Module, complaint: str, tmp_path: Path) -> None:
    fill = load_inpaint(scripted(module, tmp_path))
    with pytest.raises(BackendError, match=complaint) as caught:
        fill(*scene(), 0)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_an_answer_that_is_no_number_is_told(value: float) -> None:
    fill = inpaint_with(Network("net", lambda rgb, *_: np.full_like(rgb, value), 64, 8))
    with pytest.raises(BackendError, match="'net' answers with values"):
        fill(*scene(), 0)


def test_an_answer_of_another_size_is_told() -> None:
    fill = inpaint_with(Network("net", lambda rgb, *_: rgb[::2], 64, 8))
    with pytest.raises(BackendError, match="it is no inpainter that fits here"):
        fill(*scene(), 0)


def test_a_file_that_is_no_torchscript_is_told(tmp_path: Path) -> None:
    (tmp_path / "lama.pt").write_bytes(b"no zip")
    with pytest.raises(BackendError, match=r"is no TorchScript file.*pass one like big-lama\.pt") as caught:
        load_inpaint(str(tmp_path / "lama.pt"))
    assert "\n" not in str(caught.value)


def test_lama_is_looked_for_in_the_hub_and_told_with_size_and_licence(
    halfway: str, tmp_path: Path, monkeypatch
) -> None:
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    with pytest.raises(MissingWeights, match=r"big-lama\.pt, 206 MB, licence Apache-2\.0.*download https"):
        load_inpaint("lama")
    kept = tmp_path / "hub" / "checkpoints"
    kept.mkdir(parents=True)
    (kept / "big-lama.pt").write_bytes(Path(halfway).read_bytes())
    contract(load_inpaint("lama"))


def test_a_folder_without_a_pipeline_is_told(tmp_path: Path) -> None:
    with pytest.raises(MissingWeights, match=r"holds no model_index\.json"):
        load_inpaint(str(tmp_path))


@pytest.fixture
def folder(tmp_path: Path) -> str:
    (tmp_path / "model_index.json").write_text("{}")
    return str(tmp_path)


def test_without_diffusers_the_command_that_installs_it_is_told(folder: str, monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "diffusers", None)
    with pytest.raises(MissingDependency, match=r"pip install 'multiplane\[diffusion\]'"):
        load_inpaint(folder)


class FakePipeline:
    """Stands in for one of diffusers': takes what they take, and answers the generator's noise."""

    unet = SimpleNamespace(config=SimpleNamespace(sample_size=16))
    vae_scale_factor = 8
    flagged = False

    def set_progress_bar_config(self, disable: bool) -> None:
        self.quiet = disable

    def to(self, device: str) -> None:
        self.device = device

    def __call__(self, image, mask_image, height, width, generator, output_type, **rest):
        assert image.shape == (1, 3, height, width) and mask_image.shape == (1, 1, height, width)
        assert max(height, width) == 128 and output_type == "np" and self.quiet
        assert rest["strength"] == 1.0
        noise = torch.rand((1, height, width, 3), generator=generator).numpy()
        return SimpleNamespace(images=noise, nsfw_content_detected=[self.flagged])


def faked(monkeypatch, load) -> None:
    auto = SimpleNamespace(from_pretrained=load)
    monkeypatch.setitem(sys.modules, "diffusers", SimpleNamespace(AutoPipelineForInpainting=auto))


def test_a_pipeline_keeps_the_contract_and_follows_the_seed(folder: str, monkeypatch) -> None:
    faked(monkeypatch, lambda *_, **__: FakePipeline())
    fill = load_inpaint(folder)
    contract(fill)
    rgb, hole, surface = scene()
    first, second = (fill(rgb, hole, surface, seed)[hole] for seed in (1, 2))
    assert np.abs(first - second).max() > 0.1


def test_a_fill_that_the_safety_checker_blacked_out_is_told(folder: str, monkeypatch) -> None:
    pipeline = FakePipeline()
    pipeline.flagged = True
    faked(monkeypatch, lambda *_, **__: pipeline)
    with pytest.raises(BackendError, match="safety checker"):
        load_inpaint(folder)(*scene(), 0)


def test_a_pipeline_that_does_not_inpaint_is_told(folder: str, monkeypatch) -> None:
    def refuse(*_, **__):
        raise ValueError("AutoPipeline can't find a pipeline\nlinked to X")

    faked(monkeypatch, refuse)
    with pytest.raises(BackendError, match="cannot be loaded as an inpainting pipeline: AutoPipeline can't find"):
        load_inpaint(folder)


def test_a_tiny_random_stable_diffusion_runs(tmp_path: Path) -> None:
    diffusers = pytest.importorskip("diffusers", reason="it is optional, and runs a real pipeline of random weights")
    from transformers import CLIPTextConfig, CLIPTextModel, CLIPTokenizer

    torch.manual_seed(0)
    words = ["<|startoftext|>", "<|endoftext|>", "a", "a</w>"]
    (tmp_path / "vocab.json").write_text("{" + ", ".join(f'"{word}": {n}' for n, word in enumerate(words)) + "}")
    (tmp_path / "merges.txt").write_text("#version: 0.2\n")
    tokenizer = CLIPTokenizer(str(tmp_path / "vocab.json"), str(tmp_path / "merges.txt"), model_max_length=8)
    text = CLIPTextConfig(
        vocab_size=8, hidden_size=16, intermediate_size=16, num_hidden_layers=1, num_attention_heads=2,
        max_position_embeddings=8, bos_token_id=0, eos_token_id=1, pad_token_id=1,
    )  # fmt: skip
    unet = diffusers.UNet2DConditionModel(
        sample_size=16, in_channels=9, out_channels=4, block_out_channels=(8, 8), norm_num_groups=4,
        layers_per_block=1, cross_attention_dim=16, attention_head_dim=4,
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"), up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"),
    )  # fmt: skip
    vae = diffusers.AutoencoderKL(
        block_out_channels=(4, 4, 4, 4), norm_num_groups=2, latent_channels=4,
        down_block_types=("DownEncoderBlock2D",) * 4, up_block_types=("UpDecoderBlock2D",) * 4,
    )  # fmt: skip
    pipeline = diffusers.StableDiffusionInpaintPipeline(
        vae=vae, text_encoder=CLIPTextModel(text), tokenizer=tokenizer, unet=unet,
        scheduler=diffusers.DDIMScheduler(), safety_checker=None, feature_extractor=None, requires_safety_checker=False,
    )  # fmt: skip
    pipeline.save_pretrained(tmp_path / "pipeline")
    contract(load_inpaint(str(tmp_path / "pipeline")))
