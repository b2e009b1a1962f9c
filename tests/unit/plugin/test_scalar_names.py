"""What becomes of TensorBoard's runs and tags."""

from __future__ import annotations

import pytest

from tb_cnnviz.plugin.scalar_names import MAX_NAME, MAX_TAGS, Naming, columns_of


@pytest.mark.parametrize(
    ("run", "folded"),
    [
        ("x/train", ("x", "train")),
        ("x/validation", ("x", "validation")),
        ("train", (".", "train")),
        ("validation", (".", "validation")),
        ("a/b/train", ("a/b", "train")),
        ("spec/train", ("spec/.", "train")),
        ("spec/x/train", ("spec/x", "train")),
        ("spec/.", ("spec/.", "")),
        (".", (".", "")),
        ("x", ("x", "")),
        ("x/test", ("x/test", "")),
        ("x/trains", ("x/trains", "")),
        ("ours/train", ("ours/train", "")),
        ("ours/train/train", ("ours/train", "train")),
    ],
)
def test_folders_of_a_run_are_folded_into_it(run: str, folded: tuple[str, str]) -> None:
    assert Naming(prefixes={"spec"}, recorded={"ours/train"}).fold(run) == folded


def test_keras_tags_become_its_metrics() -> None:
    seen = columns_of(
        {
            "train": ["epoch_loss", "epoch_learning_rate", "batch_loss", "batch_accuracy", "mine"],
            "validation": ["epoch_loss", "evaluation_loss_vs_iterations", "mine"],
            "": ["note", "loss", "step", "wall_time", "epoch"],
        }
    )
    assert seen.epochs == {
        "loss": ("train", "epoch_loss"),
        "learning_rate": ("train", "epoch_learning_rate"),
        "val_loss": ("validation", "epoch_loss"),
        "mine": ("train", "mine"),
        "val_mine": ("validation", "mine"),
        "note": ("", "note"),
    }
    assert seen.losses == {"loss": ("train", "batch_loss")}
    assert seen.plain == ("mine", "val_mine", "note")
    assert seen.is_keras
    assert seen.updates == ("validation", "evaluation_loss_vs_iterations")
    # batch_accuracy, and the root's loss, step, wall_time and epoch, whose names are taken
    assert seen.left_out == 5


def test_a_metric_named_like_a_column_of_ours_has_another_one() -> None:
    named = ["epoch_step", "epoch_epoch", "epoch_wall_time", "epoch_updates", "epoch_loss"]
    seen = columns_of({"train": named, "validation": named})
    assert seen.epochs["metric:step"] == ("train", "epoch_step")
    assert seen.epochs["val_step"] == ("validation", "epoch_step")
    assert {"step", "epoch", "wall_time", "updates"}.isdisjoint(seen.epochs)
    assert (len(seen.epochs), seen.left_out, seen.plain) == (10, 0, ())


def test_other_tools_keep_their_tags() -> None:
    seen = columns_of({"": ["Loss/train", "epoch", "batch_loss", "epoch_loss"]})
    assert set(seen.epochs) == set(seen.plain) == {"Loss/train", "epoch", "batch_loss", "epoch_loss"}
    assert (seen.is_keras, seen.left_out, seen.losses) == (False, 0, {})


def test_hostile_numbers_and_lengths_of_tags_are_bounded_and_counted() -> None:
    tags = [f"t{number:05}" for number in range(10_000)] + ["x" * (MAX_NAME + 1), "epoch_", "\n", "a\0b"]
    seen = columns_of({"train": ["epoch_loss", "epoch_a\nb"], "": tags})
    assert len(seen.epochs) == MAX_TAGS
    assert seen.left_out == len(tags) + 2 - MAX_TAGS
    assert list(seen.epochs)[:2] == ["a\nb", "loss"], "Keras' own come first"
