"""Small trainings of known health, on gratings: images of stripes whose orientation is the class. Seconds each.

Healthy ones that look sick, and sick ones of every kind. `CASES[name]()` gives a compiled model, its data and what fit takes.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

CLASSES = 6
SIDE = 16


@dataclass
class Training:
    """`expected`: kinds of verdict of which one has to be said, none for a healthy one; `layer`: where, if anywhere."""

    model: Any
    x: Any
    y: Any
    validation: Any
    fit: dict[str, Any]
    expected: set[str] = field(default_factory=set)
    layer: tuple[str, ...] = ()
    callbacks: list[Any] = field(default_factory=list)


CASES: dict[str, Callable[[], Training]] = {}


def case(make: Callable[[], Training]) -> Callable[[], Training]:
    CASES[make.__name__] = make
    return make


def gratings(count: int, seed: int = 0, noise: float = 0.25) -> tuple[np.ndarray, np.ndarray]:
    """Images [n, 16, 16, 1] around 0 with deviation 0.75, and the number of their orientation."""
    rng = np.random.default_rng(seed)
    y = rng.integers(0, CLASSES, count)
    rows, columns = np.mgrid[:SIDE, :SIDE]
    angle = (np.pi * y / CLASSES)[:, None, None]
    wave = np.cos(angle) * columns + np.sin(angle) * rows
    x = np.cos(rng.uniform(0.9, 1.3, (count, 1, 1)) * wave + rng.uniform(0, 2 * np.pi, (count, 1, 1)))
    return (x + rng.normal(0, noise, x.shape))[..., None].astype(np.float32), y


def training(
    layers: Callable[[Any], list[Any]],
    optimizer: Any,
    *,
    loss: Any = "sparse_categorical_crossentropy",
    change: Callable[[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]] | None = None,
    count: int = 1200,
    epochs: int = 4,
    batch: int = 32,
    metrics: tuple[str, ...] = ("accuracy",),
    fit: dict[str, Any] | None = None,
    also: tuple[np.ndarray, np.ndarray] | None = None,
    **more: Any,
) -> Training:
    """A sequential model on gratings, or on the data of `also`, after `change`."""
    import keras

    keras.utils.clear_session()
    keras.utils.set_random_seed(21)
    x, y = also or gratings(count + 300)
    if change is not None:
        x, y = change(x, y)
    model = keras.Sequential([keras.layers.Input(x.shape[1:]), *layers(keras.layers)])
    model.compile(optimizer(keras.optimizers) if callable(optimizer) else optimizer, loss, metrics=list(metrics))
    held = len(x) - min(300, len(x) // 4)
    given = {"epochs": epochs, "batch_size": batch, "verbose": 0, **(fit or {})}
    return Training(model, x[:held], y[:held], (x[held:], y[held:]), given, **more)


def small_cnn(
    classes: int = CLASSES, act: str = "relu", out: str | None = "softmax", **keywords: Any
) -> Callable[[Any], list[Any]]:
    return lambda K: [
        K.Conv2D(8, 5, activation=act, padding="same", **keywords),
        K.MaxPooling2D(),
        K.Conv2D(12, 3, activation=act, padding="same", **keywords),
        K.GlobalAveragePooling2D(),
        K.Dense(classes, activation=out),
    ]


# Healthy ------------------------------------------------------------------------------------------------------------------


@case
def plain_with_momentum() -> Training:
    return training(small_cnn(), lambda of: of.SGD(0.05, momentum=0.9), epochs=6)


@case
def raw_pixels_normalised_inside() -> Training:
    layers = small_cnn()
    return training(
        lambda K: [K.BatchNormalization(), *layers(K)], lambda of: of.Adam(0.005), change=lambda x, y: (128 + 60 * x, y)
    )


@case
def two_epochs_of_batch_norm() -> Training:
    def layers(K: Any) -> list[Any]:
        made = []
        for width in (8, 12, 16):
            made += [
                K.Conv2D(width, 3, padding="same", use_bias=False),
                K.BatchNormalization(),
                K.ReLU(),
                K.MaxPooling2D(),
            ]
        return [*made, K.Flatten(), K.Dense(CLASSES, activation="softmax")]

    return training(layers, lambda of: of.Adam(0.003), epochs=2)


@case
def warm_up_and_decay() -> Training:
    import keras

    rate = keras.optimizers.schedules.CosineDecay(0.0, 110, warmup_target=0.01, warmup_steps=40)
    return training(small_cnn(), lambda of: of.Adam(rate))


@case
def a_spike_that_recovers() -> Training:
    import keras

    class Spike(keras.callbacks.Callback):
        def on_train_batch_begin(self, batch: int, logs: Any = None) -> None:
            self.model.optimizer.learning_rate = 0.3 if self.model.optimizer.iterations == 12 else 0.01

    return training(small_cnn(), lambda of: of.Adam(0.01), epochs=6, callbacks=[Spike()])


@case
def recurrent() -> Training:
    def layers(K: Any) -> list[Any]:
        return [K.Reshape((SIDE, SIDE)), K.GRU(24), K.Dense(CLASSES, activation="softmax")]

    return training(layers, lambda of: of.Adam(0.01), epochs=6)


@case
def separable_swish_logits() -> Training:
    import keras

    def layers(K: Any) -> list[Any]:
        return [
            K.Conv2D(12, 3, strides=2, padding="same", activation="swish"),
            K.SeparableConv2D(24, 3, padding="same", activation="swish"),
            K.SpatialDropout2D(0.1),
            K.SeparableConv2D(24, 3, padding="same", activation="swish"),
            K.GlobalMaxPooling2D(),
            K.Dense(CLASSES),
        ]

    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    return training(layers, lambda of: of.Adam(0.004), loss=loss, epochs=6)


@case
def mean_absolute_error() -> Training:
    def change(x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        power = np.abs(np.diff(x, axis=2)).mean((1, 2)) - np.abs(np.diff(x, axis=1)).mean((1, 2))
        return x, (5 * power / power.std()).astype(np.float32)

    return training(small_cnn(1, out=None), lambda of: of.Adam(0.005), loss="mae", metrics=(), change=change, epochs=8)


@case
def masks_by_a_small_u_net() -> Training:
    import keras

    keras.utils.clear_session()
    keras.utils.set_random_seed(3)
    K = keras.layers
    x, _ = gratings(800, seed=4)
    masks = (np.abs(x) > 0.6).astype(np.float32)
    inputs = keras.Input(x.shape[1:])
    fine = K.Conv2D(8, 3, padding="same", activation="relu")(inputs)
    coarse = K.Conv2D(16, 3, padding="same", activation="relu")(K.MaxPooling2D()(fine))
    joined = K.Concatenate()([fine, K.UpSampling2D()(coarse)])
    model = keras.Model(inputs, K.Conv2D(1, 1, activation="sigmoid")(joined))
    model.compile(keras.optimizers.Adam(0.01), "binary_crossentropy")
    return Training(model, x[:600], masks[:600], (x[600:], masks[600:]), {"epochs": 4, "batch_size": 16, "verbose": 0})


@case
def one_in_twenty() -> Training:
    def change(x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        keep = (y == 0) | (np.arange(len(y)) % 4 != 0)
        keep &= (y != 0) | (np.arange(len(y)) % 3 == 0)
        return x[keep], (y[keep] == 0).astype(np.float32)[:, None]

    return training(
        small_cnn(1, out="sigmoid"),
        lambda of: of.Adam(0.01),
        loss="binary_crossentropy",
        change=change,
        count=2400,
        epochs=6,
    )


@case
def fine_tuned_by_small_steps() -> Training:
    import keras

    made = training(small_cnn(), lambda of: of.Adam(0.01), epochs=3)
    made.model.fit(made.x, made.y, epochs=5, batch_size=32, verbose=0)
    made.model.compile(keras.optimizers.SGD(1e-4), "sparse_categorical_crossentropy", metrics=["accuracy"])
    return made


@case
def strong_penalty() -> Training:
    import keras

    return training(small_cnn(kernel_regularizer=keras.regularizers.L2(3e-3)), lambda of: of.Adam(0.01), epochs=6)


@case
def a_fifth_of_labels_wrong() -> Training:
    def change(x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        wrong = np.random.default_rng(1).random(len(y)) < 0.2
        return x, np.where(wrong, (y + 1) % CLASSES, y)

    return training(small_cnn(), lambda of: of.Adam(0.01), change=change, epochs=5)


@case
def selu_without_norm() -> Training:
    def layers(K: Any) -> list[Any]:
        hidden = [K.Dense(48, activation="selu", kernel_initializer="lecun_normal") for _ in range(6)]
        return [K.Flatten(), *hidden, K.Dense(CLASSES, activation="softmax")]

    return training(layers, lambda of: of.SGD(0.02, momentum=0.9), epochs=6)


# Sick ---------------------------------------------------------------------------------------------------------------------


@case
def adam_half() -> Training:
    kinds = {"rate_too_high", "update_too_large", "dead_units", "constant_output", "exploding"}
    return training(small_cnn(), lambda of: of.Adam(0.5), expected=kinds)


@case
def creeping() -> Training:
    return training(small_cnn(), lambda of: of.RMSprop(1e-6), expected={"rate_too_low", "update_too_small"})


@case
def ten_sigmoids() -> Training:
    def layers(K: Any) -> list[Any]:
        return [
            K.Flatten(),
            *[K.Dense(32, activation="sigmoid") for _ in range(10)],
            K.Dense(CLASSES, activation="softmax"),
        ]

    return training(
        layers, lambda of: of.SGD(0.1), expected={"vanishing"}, layer=("dense", "dense_1", "dense_2", "dense_3")
    )


@case
def biases_below() -> Training:
    def layers(K: Any) -> list[Any]:
        return [
            K.Conv2D(8, 5, activation="relu"),
            K.Flatten(),
            K.Dense(32, activation="relu", bias_initializer={"class_name": "Constant", "config": {"value": -30.0}}),
            K.Dense(CLASSES, activation="softmax"),
        ]

    return training(layers, lambda of: of.Adam(0.001), expected={"dead_units"}, layer=("dense",))


@case
def inputs_in_thousands() -> Training:
    kinds = {"unscaled_input"}
    return training(small_cnn(), lambda of: of.SGD(0.01), change=lambda x, y: (x * 3000, y), expected=kinds)


@case
def no_softmax() -> Training:
    kinds = {"wrong_output"}
    return training(small_cnn(out=None), lambda of: of.SGD(0.05), expected=kinds, layer=("dense",))


@case
def tanh_for_large_targets() -> Training:
    def change(x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        return x, (20 + 5 * y).astype(np.float32)[:, None]

    return training(
        small_cnn(1, out="tanh"),
        lambda of: of.Adam(0.01),
        loss="mse",
        metrics=(),
        change=change,
        expected={"wrong_output", "saturated"},
        layer=("dense",),
    )


@case
def labels_of_other_images() -> Training:
    def change(x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        return x, np.random.default_rng(2).permutation(y)

    return training(small_cnn(), lambda of: of.Adam(0.005), change=change, expected={"label_or_data", "not_learning"})


@case
def learnt_by_heart() -> Training:
    """Every third label is wrong, and the network learns these too."""

    def layers(K: Any) -> list[Any]:
        hidden = [K.Dense(256, activation="relu"), K.Dense(256, activation="relu")]
        return [K.Flatten(), *hidden, K.Dense(CLASSES, activation="softmax")]

    def change(x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        wrong = np.random.default_rng(3).random(len(y)) < 0.33
        return x, np.where(wrong, (y + 2) % CLASSES, y)

    data = gratings(400)
    return training(
        layers, lambda of: of.Adam(0.001), also=data, change=change, epochs=25, batch=16, expected={"overfitting"}
    )


@case
def a_label_that_is_missing() -> Training:
    def change(x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        target = x.mean((1, 2)).astype(np.float32)
        target[777] = np.nan
        return x, target

    return training(
        small_cnn(1, out=None),
        lambda of: of.Adam(0.005),
        loss="mse",
        metrics=(),
        change=change,
        expected={"non_finite", "label_or_data"},
    )


@case
def all_weights_alike() -> Training:
    """With the last layer too: were its weights drawn, the filters before it would part by themselves."""
    alike = {"kernel_initializer": {"class_name": "Constant", "config": {"value": 0.05}}}

    def layers(K: Any) -> list[Any]:
        return [
            K.Conv2D(8, 5, activation="relu", padding="same", **alike),
            K.Conv2D(12, 3, activation="relu", padding="same", **alike),
            K.GlobalAveragePooling2D(),
            K.Dense(CLASSES, activation="softmax", **alike),
        ]

    return training(layers, lambda of: of.SGD(0.05), expected={"bad_init"}, layer=("conv2d", "conv2d_1"))


@case
def one_class_after_the_other() -> Training:
    def change(x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        held = len(x) - 300
        order = np.argsort(y[:held], kind="stable")
        return np.concatenate([x[:held][order], x[held:]]), np.concatenate([y[:held][order], y[held:]])

    kinds = {"label_or_data", "not_learning", "constant_output"}
    return training(
        small_cnn(), lambda of: of.SGD(0.1, momentum=0.9), change=change, fit={"shuffle": False}, expected=kinds
    )


@case
def weights_far_too_large() -> Training:
    normal = {"class_name": "RandomNormal", "config": {"stddev": 1.0}}
    kinds = {"bad_init", "exploding", "non_finite", "dead_units", "update_too_large"}
    return training(
        lambda K: [
            K.Flatten(),
            *[K.Dense(64, activation="relu", kernel_initializer=normal) for _ in range(5)],
            K.Dense(CLASSES, activation="softmax"),
        ],
        lambda of: of.SGD(0.01),
        expected=kinds,
    )


@case
def rounded_in_between() -> Training:
    import keras

    class Round(keras.layers.Layer):
        def call(self, x: Any) -> Any:
            return keras.ops.round(x)

    def layers(K: Any) -> list[Any]:
        return [
            K.Conv2D(8, 5, activation="relu"),
            Round(),
            K.Flatten(),
            K.Dense(32, activation="relu"),
            K.Dense(CLASSES, activation="softmax"),
        ]

    return training(layers, lambda of: of.Adam(0.003), expected={"frozen"}, layer=("conv2d",))


def run(name: str, folder: Any) -> Training:
    """Train a case with the logger on."""
    import tb_cnnviz

    made = CASES[name]()
    probe = (made.x[:8], made.y[:8])
    made.model.fit(
        made.x,
        made.y,
        validation_data=made.validation,
        callbacks=[tb_cnnviz.CNNViz(folder, probe=probe), *made.callbacks],
        **made.fit,
    )
    return made
