"""The task of colours: what it sees, how it is examined, and that it can be learnt."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from models.colour_network import ColourNetwork, chroma, luma
from pipeline.arms import run_arm, run_baselines
from pipeline.design import Arm, Design
from pipeline.pictures import Pictures, as_tensor
from pipeline.registry import configured
from pipeline.schedule import Schedule
from pipeline.splits import Split
from pipeline.tasks.colour import Colour, _errors

SPLIT = Split(("0000", "0001"), ("0003",), ("0004", "0005"), look=("0002",))
SHORT = {"steps": 3, "batch": 4, "width": 4, "halvings": 2}


def test_luma_and_chroma_together_are_the_picture(toy_pictures: Pictures) -> None:
    images = as_tensor(toy_pictures.image[:2])
    grey, beyond = luma(images), chroma(images)
    red, blue = (beyond + grey).unbind(1)
    torch.testing.assert_close(red, images[:, 0])
    torch.testing.assert_close(blue, images[:, 2])
    torch.testing.assert_close((0.299 * red + 0.587 * images[:, 1] + 0.114 * blue), grey[:, 0])


def test_the_network_sees_no_colour() -> None:
    network = ColourNetwork(4, 2, generator=torch.Generator().manual_seed(0))
    images = torch.rand(2, 3, 8, 8, generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        torch.testing.assert_close(network(images), network(luma(images).expand(-1, 3, -1, -1)))


def test_colours_that_depend_on_the_shade_are_told_exactly_by_the_baseline_that_knows_them() -> None:
    """A red pixel (255, 0, 0) has luma 76.245: red 178.755 and blue -76.245 beyond it, 127.5 on average."""
    count = 4
    image = np.zeros((count, 8, 8, 3), np.uint8)
    image[:, :4, :, 0] = 255
    pictures = Pictures(
        image, np.zeros((count, 0, 4), np.float32), np.zeros((count, 0), int), np.zeros((count, 0), np.float32),
        np.zeros((count, 0), int), np.array(["a", "a", "b", "b"]), np.arange(count), np.full(count, "real"),
    )  # fmt: skip
    found = Colour().examine_baselines(pictures, pictures)
    assert found["grey"]["chroma_error"].tolist() == pytest.approx([127.5 / 2] * count, abs=1e-3)
    assert found["colour_of_shade"]["chroma_error"].tolist() == pytest.approx([0] * count, abs=1e-3)
    assert found["grey"]["colour_agreement"].tolist() == [0] * count
    assert found["colour_of_shade"]["colour_agreement"].tolist() == pytest.approx([1] * count, abs=1e-3)


def test_agreement_asks_which_colour_and_not_how_much_of_it(toy_pictures: Pictures) -> None:
    true = chroma(as_tensor(toy_pictures.image))
    for factor, agreement in ((1.0, 1), (0.1, 1), (-2.0, -1)):
        found = _errors(factor * true, toy_pictures)
        assert found["colour_agreement"].tolist() == pytest.approx([agreement] * len(toy_pictures), abs=1e-5)


def test_it_is_learnt_and_stored_weights_say_the_same(toy_pictures: Pictures) -> None:
    image = toy_pictures.image.copy()
    image[image[..., 0] == 230] = [255, 160, 20]  # cars are brighter than the street now, and orange
    pictures = replace(toy_pictures, image=image)
    task = configured(Colour(), {**SHORT, "steps": 40, "learning_rate": 1e-2}, "task")
    train, held_out = (pictures.take(np.isin(pictures.drive, part)) for part in (SPLIT.train, SPLIT.held_out))
    model = task.train(train, None, Schedule(), held_out, np.random.default_rng(0))
    errors = task.evaluate(model, held_out)
    assert errors["colour_agreement"].mean() > 0.5
    assert errors["chroma_error"].mean() < 0.8 * task.examine_baselines(train, held_out)["grey"]["chroma_error"].mean()
    assert task.evaluate(task.from_arrays(task.to_arrays(model)), held_out).equals(errors)


@pytest.mark.parametrize("strategy", ["colour_match", "looked"])
def test_an_arm_learns_from_what_may_be_looked_at_and_from_nothing_that_is_held_out(
    toy_pictures: Pictures, strategy: str
) -> None:
    """Looked-at drives decide the samples; held-out ones may be anything."""
    design = Design(task="colour", held_out_stride=1, options={"task": SHORT})

    def samples(changed: str | None) -> np.ndarray:
        image = toy_pictures.image.copy()
        image[toy_pictures.drive == changed] = 255 - image[toy_pictures.drive == changed]
        result = run_arm(Arm(strategy, 1.0, 0, 0), design, SPLIT, replace(toy_pictures, image=image))
        assert result.synthetic is not None
        return result.synthetic.image

    np.testing.assert_array_equal(samples(None), samples("0004"))
    assert not np.array_equal(samples(None), samples("0002"))


def test_an_arm_leaves_one_row_a_drive_and_its_baselines(toy_pictures: Pictures) -> None:
    design = Design(task="colour", held_out_stride=1, options={"task": SHORT})
    result = run_arm(Arm("none", 1.0, 0, 0), design, SPLIT, toy_pictures)
    assert result.errors[["drive", "n"]].to_numpy().tolist() == [["0004", 8], ["0005", 8]]
    assert set(run_baselines(design, SPLIT, 0, toy_pictures)["strategy"]) == {"grey", "colour_of_shade"}
