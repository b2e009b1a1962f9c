"""Networks as lists of nodes, and the backpropagated error of each node a second way.

The second way: the network is run node by node, each layer without its activation and then the activation; the loss is
written out. A node's pre-activation output is handed in as an argument, and the loss differentiated by it with the
backend's own autodiff.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import keras
import numpy as np
from keras import layers, ops

from tb_cnnviz.capture.backends.host import to_numpy

IMAGES, SIZE, CLASSES = 3, 8, 5


@dataclass(frozen=True)
class Node:
    """A layer and the nodes that it reads; "x" is the input."""

    name: str
    layer: Any
    parents: tuple[str, ...]


@dataclass
class Network:
    """`loss` is what is compiled, `formula` the same written out: (labels, outputs by name) -> number."""

    nodes: list[Node]
    outputs: list[str]
    loss: Any
    labels: Any
    formula: Callable[[Any, Mapping[str, Any]], Any]
    loss_weights: Any = None
    shape: tuple[int, ...] = (SIZE, SIZE, 3)
    model: Any = field(init=False)
    _bare: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        tensors = {"x": layers.Input(self.shape)}
        for node in self.nodes:
            given = [tensors[parent] for parent in node.parents]
            tensors[node.name] = node.layer(given if len(given) > 1 else given[0])
        made = [tensors[name] for name in self.outputs]
        self.model = keras.Model(tensors["x"], made if len(made) > 1 else made[0])
        self.model.compile("sgd", self.loss, self.loss_weights)

    def images(self) -> np.ndarray:
        return np.random.default_rng(7).normal(size=(IMAGES, *self.shape)).astype(np.float32)

    def run(self, x: Any, cut: str | None = None, z: Any = None) -> tuple[dict[str, Any], dict[str, Any]]:
        """Each node's pre-activation output and output; `z` stands in for that of the node `cut`."""
        bare = self._bare = self._bare or {node.name: without_activation(node.layer) for node in self.nodes}
        before: dict[str, Any] = {}
        after: dict[str, Any] = {"x": x}
        for node in self.nodes:
            linear, activation = bare[node.name]
            given = [after[parent] for parent in node.parents]
            if node.name == cut:
                before[node.name] = z
            else:
                before[node.name] = linear(given if len(given) > 1 else given[0], training=False)
            after[node.name] = activation(before[node.name])
        return before, after

    def loss_at(self, x: Any, cut: str, z: Any) -> Any:
        return self.value(self.run(x, cut, z)[1])

    def value(self, outputs: Mapping[str, Any]) -> Any:
        return self.formula(keras.tree.map_structure(ops.convert_to_tensor, self.labels), outputs)

    def errors(self) -> dict[str, np.ndarray]:
        """By node: the derivative of the loss by its pre-activation output, in the layer's own layout."""
        x = ops.convert_to_tensor(self.images())
        return by_autodiff(lambda cut, z: self.loss_at(x, cut, z), self.run(x)[0])


def without_activation(layer: Any) -> tuple[Any, Callable[[Any], Any]]:
    """A layer of the same weights that gives its pre-activation output, and the activation to follow."""
    config = layer.get_config()
    if isinstance(layer, layers.Activation) or "activation" not in config:
        return layer, lambda z: z
    twin = type(layer).from_config({**config, "activation": None})
    twin.build(layer.input.shape if isinstance(layer.input, keras.KerasTensor) else layer.input[0].shape)
    twin.set_weights([to_numpy(w) for w in layer.weights])
    activation = layer.activation
    return twin, lambda z: activation(z)


def by_autodiff(loss: Callable[[str, Any], Any], points: Mapping[str, Any]) -> dict[str, np.ndarray]:
    """The derivative of loss(name, z) by z at each point, by the plain means of each backend."""
    backend = keras.config.backend()
    if backend == "jax":
        import jax

        every = jax.jit(lambda zs: {name: jax.grad(lambda z, n=name: loss(n, z))(z) for name, z in zs.items()})
        return {name: np.asarray(found) for name, found in every(dict(points)).items()}
    found = {}
    for name, z in points.items():
        if backend == "tensorflow":
            import tensorflow as tf

            at = tf.constant(z)
            with tf.GradientTape() as tape:
                tape.watch(at)
                value = loss(name, at)
            found[name] = tape.gradient(value, at).numpy()
        else:
            at = z.detach().clone().requires_grad_()
            loss(name, at).backward(inputs=[at])
            found[name] = at.grad.numpy()
    return found


# Losses: what is compiled, labels, the last layer's activation, and the formula.

RNG = np.random.default_rng(11)
CLASS = RNG.integers(0, CLASSES, IMAGES).astype(np.int32)
ONE_HOT = np.eye(CLASSES, dtype=np.float32)[CLASS]
MANY_HOT = RNG.integers(0, 2, (IMAGES, CLASSES)).astype(np.float32)
NUMBERS = RNG.normal(size=(IMAGES, CLASSES)).astype(np.float32)
SMOOTH = (0.9 * ONE_HOT + 0.1 / CLASSES).astype(np.float32)


def fourth_power(y: Any, p: Any) -> Any:
    """A loss of a user's own."""
    return ops.mean((p - y) ** 4, axis=-1)


def _cross_entropy(y: Any, p: Any) -> Any:
    return -ops.mean(ops.sum(ops.convert_to_tensor(y) * ops.log(p), axis=-1))


def _binary(y: Any, p: Any) -> Any:
    y = ops.convert_to_tensor(y)
    return -ops.mean(y * ops.log(p) + (1 - y) * ops.log(1 - p))


def _huber(y: Any, p: Any) -> Any:
    far = ops.abs(p - ops.convert_to_tensor(y))
    return ops.mean(ops.where(far <= 1, 0.5 * far**2, far - 0.5))


@dataclass(frozen=True)
class Loss:
    compiled: Callable[[], Any]
    labels: np.ndarray
    activation: Any
    formula: Callable[[Any, Any], Any]


LOSSES: dict[str, Loss] = {
    "sparse cross-entropy of softmax": Loss(
        lambda: "sparse_categorical_crossentropy", CLASS, "softmax", lambda _, p: _cross_entropy(ONE_HOT, p)
    ),
    "sparse cross-entropy of logits": Loss(
        lambda: keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        CLASS,
        None,
        lambda _, p: _cross_entropy(ONE_HOT, ops.softmax(p)),
    ),
    "smoothed cross-entropy of logits": Loss(
        lambda: keras.losses.CategoricalCrossentropy(from_logits=True, label_smoothing=0.1),
        ONE_HOT,
        None,
        lambda _, p: _cross_entropy(SMOOTH, ops.softmax(p)),
    ),
    "cross-entropy of softmax": Loss(lambda: "categorical_crossentropy", ONE_HOT, "softmax", _cross_entropy),
    "binary cross-entropy of sigmoid": Loss(lambda: "binary_crossentropy", MANY_HOT, "sigmoid", _binary),
    "binary cross-entropy of logits": Loss(
        lambda: keras.losses.BinaryCrossentropy(from_logits=True),
        MANY_HOT,
        None,
        lambda y, p: _binary(y, ops.sigmoid(p)),
    ),
    "mean squared error": Loss(lambda: "mse", NUMBERS, None, lambda y, p: ops.mean((p - y) ** 2)),
    "mean squared error of tanh": Loss(lambda: "mse", NUMBERS, "tanh", lambda y, p: ops.mean((p - y) ** 2)),
    "Huber": Loss(lambda: keras.losses.Huber(), NUMBERS, None, _huber),
    "Dice": Loss(
        lambda: keras.losses.Dice(),
        MANY_HOT,
        "sigmoid",
        lambda y, p: 1 - 2 * ops.sum(y * p) / (ops.sum(y) + ops.sum(p)),
    ),
    "a function": Loss(lambda: fourth_power, NUMBERS, None, lambda y, p: ops.mean((p - y) ** 4)),
}


def squashed(z: Any) -> Any:
    """An activation of a user's own."""
    return z / (1 + ops.abs(z))


ACTIVATIONS: Sequence[Any] = (
    "relu",
    "tanh",
    "elu",
    "gelu",
    "swish",
    "sigmoid",
    "softplus",
    squashed,
    "leaky_relu",
    None,
)

#: Layers for an image of four channels that keep both its size and its channels.
KEEPING: Mapping[str, Callable[[Any], Any]] = {
    "convolution": lambda a: layers.Conv2D(4, 3, padding="same", activation=a),
    "dilated": lambda a: layers.Conv2D(4, 3, padding="same", dilation_rate=2, activation=a),
    "depthwise": lambda a: layers.DepthwiseConv2D(3, padding="same", activation=a),
    "separable": lambda a: layers.SeparableConv2D(4, 3, padding="same", activation=a),
    "transposed": lambda a: layers.Conv2DTranspose(4, 3, padding="same", activation=a),
    "normalized": lambda a: layers.BatchNormalization(),
    "average pooling": lambda a: layers.AveragePooling2D(2, strides=1, padding="same"),
    "activation layer": lambda a: layers.Activation(a or "relu"),
}
SHRINKING: Mapping[str, Callable[[Any], Any]] = {
    "max pooling": lambda a: layers.MaxPooling2D(),
    "strided": lambda a: layers.Conv2D(4, 3, strides=2, activation=a),
    "average pooling": lambda a: layers.AveragePooling2D(3, strides=2),
}
ENDS: Mapping[str, Callable[[Any], Any]] = {
    "flat": lambda a: layers.Flatten(),
    "mean": lambda a: layers.GlobalAveragePooling2D(),
    "maximum": lambda a: layers.GlobalMaxPooling2D(),
}
JOINS: Mapping[str, Callable[[], Any]] = {
    "sum": lambda: layers.Add(),
    "channels": lambda: layers.Concatenate(),
    "product": lambda: layers.Multiply(),
}


def drawn(seed: int) -> Network:
    """A network of two branches that join again, all of it drawn; consecutive seeds go through every choice."""
    rng = np.random.default_rng(seed)
    turn = iter(range(100))

    def pick(choices: Any) -> Any:
        names = list(choices)
        chosen = names[(seed * 2 + next(turn)) % len(names)] if len(names) > 3 else names[int(rng.integers(len(names)))]
        return choices[chosen] if isinstance(choices, Mapping) else chosen

    keras.utils.set_random_seed(seed)
    loss = list(LOSSES.values())[seed % len(LOSSES)]
    nodes = [
        Node("stem", layers.Conv2D(4, 3, padding="same", activation=pick(ACTIVATIONS)), ("x",)),
        Node("left", pick(KEEPING)(pick(ACTIVATIONS)), ("stem",)),
        Node("lefter", pick(KEEPING)(pick(ACTIVATIONS)), ("left",)),
        Node("right", pick(KEEPING)(pick(ACTIVATIONS)), ("stem",)),
        Node("join", pick(JOINS)(), ("lefter", "right")),
        Node("shrunk", pick(SHRINKING)(pick(ACTIVATIONS)), ("join",)),
        Node("normalized", layers.BatchNormalization(), ("shrunk",)),
        Node("end", pick(ENDS)(None), ("normalized",)),
        Node("hidden", layers.Dense(6, activation=pick(ACTIVATIONS)), ("end",)),
        Node("last", layers.Dense(CLASSES, activation=loss.activation), ("hidden",)),
    ]
    made = Network(nodes, ["last"], loss.compiled(), loss.labels, lambda y, out: loss.formula(y, out["last"]))
    unsettle(made.model, rng)
    return made


def unsettle(model: Any, rng: np.random.Generator) -> None:
    """Moving statistics, scales and biases that a training has left behind."""
    for variable in model.variables:
        if variable.name in ("bias", "beta", "moving_mean"):
            variable.assign(rng.normal(size=variable.shape) * 0.3)
        elif variable.name in ("gamma", "moving_variance"):
            variable.assign(rng.uniform(0.5, 2, size=variable.shape))


def u_shaped() -> Network:
    """Down and up again with a skip, and two outputs with losses and weights by name."""
    keras.utils.set_random_seed(0)
    mask = (RNG.random((IMAGES, SIZE, SIZE, 1)) > 0.6).astype(np.float32)
    nodes = [
        Node("down", layers.Conv2D(4, 3, padding="same", activation="relu"), ("x",)),
        Node("pool", layers.MaxPooling2D(), ("down",)),
        Node("deep", layers.Conv2D(6, 3, padding="same", activation="elu"), ("pool",)),
        Node("up", layers.Conv2DTranspose(4, 2, strides=2, activation="tanh"), ("deep",)),
        Node("skip", layers.Concatenate(), ("down", "up")),
        Node("mask", layers.Conv2D(1, 1, activation="sigmoid", name="mask"), ("skip",)),
        Node("mean", layers.GlobalAveragePooling2D(), ("deep",)),
        Node("class", layers.Dense(CLASSES, name="class"), ("mean",)),
    ]

    def formula(y: Any, out: Mapping[str, Any]) -> Any:
        dice = 1 - 2 * ops.sum(y["mask"] * out["mask"]) / (ops.sum(y["mask"]) + ops.sum(out["mask"]))
        return 2 * dice + 0.3 * _cross_entropy(ONE_HOT, ops.softmax(out["class"]))

    losses = {"mask": keras.losses.Dice(), "class": keras.losses.SparseCategoricalCrossentropy(from_logits=True)}
    labels = {"mask": mask, "class": CLASS}
    return Network(nodes, ["mask", "class"], losses, labels, formula, {"mask": 2.0, "class": 0.3})


def shared() -> Network:
    """One layer called on two branches, and a list of losses with their weights."""
    keras.utils.set_random_seed(0)
    twice = layers.Conv2D(4, 3, padding="same", activation="tanh")
    nodes = [
        Node("one", layers.Conv2D(4, 3, padding="same", activation="relu"), ("x",)),
        Node("two", layers.Conv2D(4, 3, padding="same", activation="swish"), ("x",)),
        Node("first", twice, ("one",)),
        Node("second", twice, ("two",)),
        Node("join", layers.Subtract(), ("first", "second")),
        Node("mean", layers.GlobalAveragePooling2D(), ("join",)),
        Node("a", layers.Dense(CLASSES), ("mean",)),
        Node("b", layers.Dense(CLASSES, activation="sigmoid"), ("mean",)),
    ]

    def formula(y: Any, out: Mapping[str, Any]) -> Any:
        return 0.5 * ops.mean((out["a"] - y[0]) ** 2) + 4 * _binary(y[1], out["b"])

    return Network(nodes, ["a", "b"], ["mse", "binary_crossentropy"], [NUMBERS, MANY_HOT], formula, [0.5, 4.0])


def of_any_rank(rank: int) -> Network:
    """Convolution, transposed convolution and pooling of a line or of a volume."""
    keras.utils.set_random_seed(0)
    line = rank == 1
    nodes = [
        Node("conv", (layers.Conv1D if line else layers.Conv3D)(3, 2, activation="tanh"), ("x",)),
        Node(
            "up", (layers.Conv1DTranspose if line else layers.Conv3DTranspose)(2, 2, activation="softplus"), ("conv",)
        ),
        Node("pool", (layers.MaxPooling1D if line else layers.AveragePooling3D)(2), ("up",)),
        Node("end", layers.Flatten(), ("pool",)),
        Node("last", layers.Dense(CLASSES), ("end",)),
    ]
    return Network(
        nodes,
        ["last"],
        "mse",
        NUMBERS,
        lambda y, out: ops.mean((out["last"] - y) ** 2),
        shape=(9, 3) if line else (5, 5, 5, 2),
    )
