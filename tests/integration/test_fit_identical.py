"""Training is the same bit for bit with the callback and without it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

import tb_cnnviz
from tests.support.fits import SHAPE, compiled, identical, images, make, run_of, train
from tests.support.mode_table import outcome, start

OPTIMIZERS: dict[str, Any] = {
    "sgd": lambda: keras.optimizers.SGD(0.05, momentum=0.9),
    "adam": lambda: keras.optimizers.Adam(1e-3),
    "clipped": lambda: keras.optimizers.RMSprop(1e-3, clipnorm=0.1, weight_decay=1e-3),
}


@pytest.mark.parametrize(
    ("seed", "optimizer", "options"),
    [
        (1, "adam", {}),
        (2, "sgd", {}),  # the gradient of this one's gamma is a chain of products that TensorFlow reorders
        (3, "clipped", {"steps_per_execution": 4}),
        (4, "adam", {"jit_compile": True}),
        (5, "sgd", {"run_eagerly": True}),
        *(pytest.param(seed, "sgd", {"jit_compile": True}, marks=pytest.mark.full) for seed in range(6, 10)),
        *(pytest.param(seed, name, {}, marks=pytest.mark.full) for seed in range(10, 16) for name in OPTIMIZERS),
    ],
)
def test_weights_and_optimizer_state_are_the_same(
    tmp_path: Path, seed: int, optimizer: str, options: dict[str, Any]
) -> None:
    """With augmentation, dropout and batch normalization; the probe is the first batch, looked at before training."""
    results = []
    for callbacks in ([], [tb_cnnviz.CNNViz(tmp_path, every=2)]):
        # XLA has no kernel for the augmentation layers.
        model = make(seed, OPTIMIZERS[optimizer](), noisy="jit_compile" not in options, **options)
        history = train(model, callbacks, epochs=2, validation_data=images(16, seed=9))
        results.append((model, history.history))
    assert identical(results[0][0], results[1][0])
    assert results[0][1] == results[1][1]
    run = run_of(tmp_path)
    assert run.notices == []
    assert run.steps("gradients") == list(range(0, 12, 2))
    by_name = {layer.name: layer.path for layer in run.layers}
    for layer in results[1][0].layers:
        if not isinstance(layer, keras.layers.Conv2D | keras.layers.MaxPooling2D | keras.layers.AveragePooling2D):
            continue
        assert run.steps("operations", by_name[layer.name]) == [0, 6, 12]
        last = run.read("operations", by_name[layer.name], 12)
        again = np.asarray(layer(np.moveaxis(last["input"], 0, -1)[None]))[0]
        np.testing.assert_allclose(np.moveaxis(again, -1, 0), last["output"], rtol=1e-5, atol=1e-5)


def test_nan_that_a_fused_kernel_turns_into_zero(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Read as it was, what enters the ReLU kept TensorFlow from fusing it, and training went on with NaN."""
    monkeypatch.setenv("TF_ENABLE_ONEDNN_OPTS", "1")  # of Intel's kernels, which are the default on some processors
    results = tmp_path / "nan.json"
    found = outcome(start("tensorflow", "tests.support.nan_cases", results), results)
    assert not any(case["text"] for case in found.values()), found


def test_random_numbers_that_are_drawn_again_under_xla_change_no_bit(tmp_path: Path) -> None:
    """Drawn in the same shape again, the dropout's numbers left its loop, and the sums of the normalization rounded differently."""
    rng = np.random.default_rng(0)
    x, y = rng.random((4, 14, 12, 3), dtype=np.float32), rng.random((4, 3), dtype=np.float32)
    models = []
    for callbacks in ([], [tb_cnnviz.FeatureMapLogger(tmp_path, every=1, feature_maps=False)]):
        keras.utils.set_random_seed(3)
        stack = [keras.layers.Conv2D(4, 3, padding="same"), keras.layers.UnitNormalization(), keras.layers.Dropout(0.3)]
        tail = [keras.layers.UnitNormalization(), keras.layers.GlobalAveragePooling2D(), keras.layers.Dense(3)]
        model = keras.Sequential([keras.Input((14, 12, 3)), *stack, *tail])
        model.compile(keras.optimizers.SGD(0.01), "mse", jit_compile=True)
        model.fit(x, y, batch_size=2, epochs=4, shuffle=False, verbose=0, callbacks=callbacks)
        models.append(model)
    assert identical(*models)
    assert run_of(tmp_path).steps("activations") == list(range(8))


def test_shuffled_data_and_random_layers_draw_the_same_numbers(tmp_path: Path) -> None:
    x, y = images(60)  # the last batch is smaller
    models = []
    for callbacks in ([], [tb_cnnviz.CNNViz(tmp_path, x[:3], every=1)]):
        model = make(8, noisy=True)
        model.fit(x, y, batch_size=8, epochs=2, verbose=0, callbacks=callbacks)
        models.append(model)
    assert identical(*models)


def test_a_layer_that_draws_and_counts_in_every_pass_is_not_disturbed_by_the_probe(tmp_path: Path) -> None:
    class Restless(keras.layers.Layer):  # type: ignore[misc]
        """Draws noise and counts its calls, also with training=False."""

        def build(self, shape: Any) -> None:
            self.draw = keras.random.SeedGenerator(5)
            self.calls = self.add_weight(shape=(), initializer="zeros", trainable=False, name="calls")

        def call(self, x: Any) -> Any:
            self.calls.assign_add(1.0)
            return x + 0.1 * keras.random.normal(keras.ops.shape(x), seed=self.draw)

    models = []
    for callbacks in ([], [tb_cnnviz.CNNViz(tmp_path, images(3)[0], every=1)]):
        keras.utils.set_random_seed(0)
        convolution, restless = keras.layers.Conv2D(3, 3), Restless()
        layers = [keras.Input(SHAPE), convolution, restless, keras.layers.Flatten(), keras.layers.Dense(5)]
        model = compiled(keras.Sequential(layers))
        train(model, callbacks)
        models.append(model)
    assert identical(*models)
    assert float(models[1].layers[1].calls) == 6


@pytest.mark.parametrize("options", [{"steps_per_execution": 3}, {"run_eagerly": True}])
def test_a_model_that_is_built_by_its_first_batch(tmp_path: Path, options: dict[str, Any]) -> None:
    models = []
    for callbacks in ([], [tb_cnnviz.CNNViz(tmp_path, every=1)]):
        keras.utils.set_random_seed(3)
        layers = [
            keras.layers.Conv2D(4, 3, activation=keras.layers.LeakyReLU()),
            keras.layers.BatchNormalization(),
            keras.layers.GlobalMaxPooling2D(),
            keras.layers.Dropout(0.2),
            keras.layers.Dense(5),
        ]
        model = keras.Sequential(layers)
        compiled(model, "adam", **options)
        train(model, callbacks, steps=7)
        models.append(model)
    assert identical(*models)
    run = run_of(tmp_path)
    np.testing.assert_array_equal(run.read("probe", None, 0)["x"], images(56)[0][:8])
    assert 0 in run.steps("feature_maps", models[1].layers[0].path)


@pytest.mark.filterwarnings("ignore:Your input ran out of data")
def test_generators_and_datasets_give_every_batch_once(tmp_path: Path) -> None:
    import tensorflow as tf

    x, y = images(48)

    def generator() -> Any:
        for i in range(0, 48, 8):
            yield x[i : i + 8], y[i : i + 8]

    class Pieces(keras.utils.PyDataset):  # type: ignore[misc]
        def __len__(self) -> int:
            return 6

        def __getitem__(self, i: int) -> Any:
            return x[8 * i : 8 * i + 8], y[8 * i : 8 * i + 8]

    sources = [generator, Pieces, lambda: tf.data.Dataset.from_tensor_slices((x, y)).batch(8).prefetch(2)]
    for i, source in enumerate(sources):
        bare, model = make(2), make(2)
        bare.fit(source(), verbose=0, shuffle=False)
        model.fit(source(), verbose=0, shuffle=False, callbacks=[tb_cnnviz.CNNViz(tmp_path / str(i), every=1)])
        assert identical(bare, model)
        rows = run_of(tmp_path / str(i)).read("losses", None, 5)
        assert rows["examples"].tolist() == [8, 16, 24, 32, 40, 48]
        assert rows["step"].tolist() == list(range(6))
