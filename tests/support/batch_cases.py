"""Statistics of training batches held to numpy, over the very batches that the data yielded."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import keras
import numpy as np

import tb_cnnviz
from tests.support.fits import identical, run_of

CLASSES, BATCH = 5, 8
Batch = tuple[dict[str, np.ndarray], np.ndarray]


def drawn(seed: int, *, one_hot: bool) -> list[Batch]:
    """Batches of an image and a mask, one smaller than the others, with NaN and Inf in some, and offsets far from zero."""
    rng = np.random.default_rng(seed)
    batches = []
    for size in (BATCH, BATCH, BATCH, BATCH, BATCH - 3):
        image = rng.normal(rng.choice([-1e3, 0.0, 130.0]), 10.0 ** rng.integers(-3, 3), (size, 6, 6, 2))
        for value in rng.choice([np.nan, np.inf, -np.inf], rng.integers(0, 3)):
            image[tuple(rng.integers(0, n) for n in image.shape)] = value
        y = rng.integers(0, CLASSES, size)
        x = {"image": image.astype(np.float32), "mask": rng.integers(0, 255, (size, 6, 6, 1)).astype(np.uint8)}
        batches.append((x, np.eye(CLASSES, dtype=np.float32)[y] if one_hot else y.astype(np.int32)))
    return batches


def _model(*, one_hot: bool, **options: Any) -> Any:
    keras.utils.set_random_seed(0)
    image, mask = keras.Input((6, 6, 2), name="image"), keras.Input((6, 6, 1), name="mask")
    joined = keras.layers.Concatenate()([image, keras.layers.Rescaling(1 / 255)(mask)])
    z = keras.layers.Conv2D(3, 3, activation="relu")(joined)
    out = keras.layers.Dense(CLASSES, activation="softmax")(keras.layers.Flatten()(z))
    model = keras.Model({"image": image, "mask": mask}, out)
    loss = "categorical_crossentropy" if one_hot else "sparse_categorical_crossentropy"
    model.compile(keras.optimizers.SGD(1e-3), loss, **options)
    return model


def try_batches(folder: Path, seed: int = 0, *, one_hot: bool = False, **options: Any) -> None:
    """The records are what numpy says of each batch, and the weights the same bits as without them."""
    batches = drawn(seed, one_hot=one_hot)

    def again() -> Iterator[Batch]:
        yield from batches

    models = []
    probe = {name: array[:2] for name, array in batches[0][0].items()}
    for callbacks in ([], [tb_cnnviz.CNNViz(folder, probe, every=1, errors=False)]):
        model = _model(one_hot=one_hot, **options)
        model.fit(again(), steps_per_epoch=len(batches), verbose=0, callbacks=callbacks)
        models.append(model)
    assert identical(*models)
    run = run_of(folder)
    assert [each.message for each in run.notices if each.part == "batches"] == []
    assert run.steps("batches") == list(range(len(batches)))
    for step, (x, y) in enumerate(batches):
        check_batch(
            run.read("batches", None, step),
            [("image", "input", x["image"]), ("mask", "input", x["mask"]), ("y", "label", y)],
        )
        counted = np.bincount(y.argmax(1) if one_hot else y, minlength=CLASSES)
        np.testing.assert_array_equal(run.read("batches", None, step)["class_counts"], counted)


def check_batch(record: dict[str, Any], tensors: list[tuple[str, str, np.ndarray]]) -> None:
    """A record of these tensors: name, part and content of each."""
    assert record["names"] == [name for name, _, _ in tensors]
    assert record["parts"] == [part for _, part, _ in tensors]
    for i, (_, _, tensor) in enumerate(tensors):
        wide = np.asarray(tensor, np.float64)
        finite = wide[np.isfinite(wide)]
        with np.errstate(all="ignore"):
            exact = {"mean": wide.mean(), "std": wide.std(), "min": finite.min(), "max": finite.max()}
        largest = abs(finite).max()
        for name, value in exact.items():
            np.testing.assert_allclose(record[name][i], value, rtol=1e-5, atol=1e-6 * largest, err_msg=name)
        assert record["count"][i] == wide.size
        assert record["nan"][i] == np.isnan(wide).sum()
        assert record["inf"][i] == np.isinf(wide).sum()


def try_others(folder: Path) -> None:
    """Labels that are no classes are counted in none; every third step alone is recorded."""
    keras.utils.set_random_seed(1)
    rng = np.random.default_rng(1)
    x, y = rng.random((12, 4), dtype=np.float32), rng.random((12, 2), dtype=np.float32)
    model = keras.Sequential([keras.Input((4,), name="given"), keras.layers.Dense(2)])
    model.compile(keras.optimizers.SGD(0.1), "mse")
    model.fit(x, y, batch_size=2, shuffle=False, verbose=0, callbacks=[tb_cnnviz.CNNViz(folder, x[:2], every=3)])
    run = run_of(folder)
    assert run.steps("batches") == [0, 3]
    record = run.read("batches", None, 3)
    assert "class_counts" not in record
    check_batch(record, [(record["names"][0], "input", x[6:8]), ("y", "label", y[6:8])])


if __name__ == "__main__":
    import sys

    at = Path(sys.argv[1])
    try_batches(at / "numbers")
    try_batches(at / "one_hot", 1, one_hot=True, run_eagerly=True)
    try_others(at / "others")
