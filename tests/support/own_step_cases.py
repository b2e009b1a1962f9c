"""Models whose train_step is their own: several optimizers, none, no `call`. Run as a module, on one backend.

Every case trains three times: with the callback, without it, and without it step by step in Python, where the model
itself notes what each call of an optimizer changed.
"""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import keras
import numpy as np
from keras import layers, ops

import tb_cnnviz
from tb_cnnviz.capture.backends.host import to_numpy
from tb_cnnviz.eventlog.reader import Run
from tests.support.case_runner import run_cases

BACKEND = keras.config.backend()
STEPS, EPOCHS = 3, 2
RATES = {"d": 2.0**-4, "g": 2.0**-3}
Move = tuple[Callable[[Any], Any], Any, list[Any]]


def sgd(name: str, **options: Any) -> Any:
    return keras.optimizers.SGD(RATES[name], **options)


def generator() -> keras.Model:
    stack = [layers.Input((4,)), layers.Dense(16), layers.Reshape((4, 4, 1))]
    stack += [layers.Conv2DTranspose(2, 3, strides=2, padding="same"), layers.LeakyReLU()]
    return keras.Sequential([*stack, layers.Conv2D(1, 3, padding="same", name="to_image")], name="generator")


def discriminator() -> keras.Model:
    stack = [layers.Input((8, 8, 1)), layers.Conv2D(3, 3, strides=2, name="look"), layers.LeakyReLU()]
    return keras.Sequential([*stack, layers.Flatten(), layers.Dense(1)], name="discriminator")


class OwnStep(keras.Model):  # type: ignore[misc]
    """Updates weights by `moves`: a loss of the images, an optimizer, and the variables it updates."""

    def __init__(self, *, is_built: bool = True) -> None:
        super().__init__()
        self.noted: list[list[tuple[Any, list[tuple[Any, np.ndarray]]]]] = []
        self.is_noting = False
        self.make()
        self.meters = {name: keras.metrics.Mean(name=name) for name in self.names}
        if BACKEND == "jax":  # an optimizer's state is one of the model's variables, and so rides in fit's
            for _, optimizer, variables in self.moves():
                if not optimizer.built and variables:
                    optimizer.build(self.all_of(optimizer))
            self.carried = [v for each in self.own_optimizers() for v in each.variables]
        if is_built or BACKEND != "tensorflow":
            self.built = True

    names: Sequence[str] = ("d_loss", "g_loss")

    def make(self) -> None:
        raise NotImplementedError

    def moves(self) -> list[Move]:
        raise NotImplementedError

    def own_optimizers(self) -> list[Any]:
        return list({id(o): o for _, o, _ in self.moves() if o is not getattr(self, "optimizer", None)}.values())

    def all_of(self, optimizer: Any) -> list[Any]:
        found = [v for _, used, variables in self.moves() if used is optimizer for v in variables]
        return list({id(v): v for v in found}.values())

    @property
    def metrics(self) -> list[Any]:
        return list(self.meters.values())

    def logs_of(self, losses: Sequence[Any]) -> dict[str, Any]:
        """Guides return what their metrics say: a mean over the epoch."""
        last = dict(zip(self.loss_names(), losses, strict=True))
        for name, meter in self.meters.items():
            meter.update_state(last[name])
        return {name: meter.result() for name, meter in self.meters.items()}

    def loss_names(self) -> list[str]:
        return list(self.names)

    def train_step(self, *given: Any) -> Any:
        self.noted.append([])
        return self.step_on_jax(*given) if BACKEND == "jax" else self.step_with_state(given[0])

    def step_with_state(self, images: Any) -> Any:
        images = images[0] if isinstance(images, tuple) else images
        losses = []
        for loss_of, optimizer, variables in self.moves():
            if BACKEND == "tensorflow":
                import tensorflow as tf

                with tf.GradientTape() as tape:
                    loss = loss_of(images)
                    scaled = optimizer.scale_loss(loss)
                gradients = tape.gradient(scaled, variables)
                with self.noting(optimizer, variables):
                    optimizer.apply_gradients(zip(gradients, variables, strict=True))
            else:
                import torch

                self.zero_grad()
                loss = loss_of(images)
                optimizer.scale_loss(loss).backward()
                with torch.no_grad(), self.noting(optimizer, variables):
                    optimizer.apply([v.value.grad for v in variables], variables)
                loss = loss.detach()
            losses.append(loss)
        return self.logs_of(losses)

    def step_on_jax(self, state: Any, images: Any) -> Any:
        import jax

        images = images[0] if isinstance(images, tuple) else images
        owners = [
            self.trainable_variables,
            self.non_trainable_variables,
            self.optimizer.variables,
            self.metrics_variables,
        ]
        everything = [v for own in owners for v in own]
        values = {
            id(v): value for own, given in zip(owners, state, strict=True) for v, value in zip(own, given, strict=True)
        }

        def of(variables: Sequence[Any]) -> list[Any]:
            return [values[id(v)] for v in variables]

        losses = []
        for loss_of, optimizer, variables in self.moves():
            trained = self.all_of(optimizer)

            def compute(
                weights: Any, loss_of: Any = loss_of, trained: Any = trained, optimizer: Any = optimizer
            ) -> Any:
                pairs = {**{id(v): (v, values[id(v)]) for v in everything}}
                pairs |= {id(v): (v, w) for v, w in zip(trained, weights, strict=True)}
                with keras.StatelessScope(state_mapping=list(pairs.values())):
                    loss = loss_of(images)
                    return optimizer.scale_loss(loss), loss

            (_, loss), gradients = jax.value_and_grad(compute, has_aux=True)(of(trained))
            before = of(variables)
            weights, new = optimizer.stateless_apply(of(optimizer.variables), gradients, of(trained))
            values.update(zip(map(id, [*trained, *optimizer.variables]), [*weights, *new], strict=True))
            if self.is_noting:
                changes = [
                    (v, np.array(b) - np.array(a)) for v, a, b in zip(variables, before, of(variables), strict=True)
                ]
                self.noted[-1].append((optimizer, changes))
            losses.append(loss)
        with keras.StatelessScope(state_mapping=[(v, values[id(v)]) for v in owners[3]]) as scope:
            logs = self.logs_of(losses)
        new = [scope.get_current_value(v) for v in owners[3]]
        values.update({id(v): n for v, n in zip(owners[3], new, strict=True) if n is not None})
        return logs, tuple(of(own) for own in owners)

    def noting(self, optimizer: Any, variables: Sequence[Any]) -> Any:
        return Noting(self, optimizer, variables)


class Noting:
    """Inside, a step that runs in Python: what an optimizer changes is noted."""

    def __init__(self, model: OwnStep, optimizer: Any, variables: Sequence[Any]) -> None:
        self.model, self.optimizer, self.variables = model, optimizer, variables

    def __enter__(self) -> None:
        if self.model.is_noting:
            self.before = [np.array(to_numpy(v)) for v in self.variables]

    def __exit__(self, *raised: Any) -> None:
        if self.model.is_noting:
            pairs = zip(self.variables, self.before, strict=True)
            self.model.noted[-1].append((self.optimizer, [(v, to_numpy(v) - old) for v, old in pairs]))


def logits_loss(real: Any, fake: Any) -> Any:
    return ops.mean(ops.softplus(-real)) + ops.mean(ops.softplus(fake))


class GAN(OwnStep):
    """As Keras' guide writes it: two networks, two optimizers, no call."""

    def make(self) -> None:
        self.generator, self.discriminator = generator(), discriminator()
        self.d_optimizer, self.g_optimizer = sgd("d"), sgd("g")

    def noise(self, images: Any) -> Any:
        return ops.reshape(ops.mean(images, axis=(1, 2, 3)), (-1, 1)) * ops.ones((1, 4))

    def d_loss(self, images: Any) -> Any:
        return logits_loss(self.discriminator(images), self.discriminator(self.generator(self.noise(images))))

    def g_loss(self, images: Any) -> Any:
        return ops.mean(ops.softplus(-self.discriminator(self.generator(self.noise(images)))))

    def moves(self) -> list[Move]:
        return [
            (self.d_loss, self.d_optimizer, self.discriminator.trainable_variables),
            (self.g_loss, self.g_optimizer, self.generator.trainable_variables),
        ]


class Critic(GAN):
    """The discriminator is updated three times in a step, as in WGAN."""

    def moves(self) -> list[Move]:
        d, g = super().moves()
        return [d, d, d, g]

    def loss_names(self) -> list[str]:
        return ["d_loss", "d_loss", "d_loss", "g_loss"]


class Held(GAN):
    """Optimizers in a dict of a tuple; the second one is given the first one's variables, too."""

    def make(self) -> None:
        self.generator, self.discriminator = generator(), discriminator()
        self.own = {"both": (sgd("d"), [sgd("g")])}

    def moves(self) -> list[Move]:
        d, (g,) = self.own["both"]
        networks = [*self.discriminator.trainable_variables, *self.generator.trainable_variables]
        return [(self.d_loss, d, self.discriminator.trainable_variables), (self.g_loss, g, networks)]


class Scaled(GAN):
    """One of the optimizers scales its loss."""

    def make(self) -> None:
        super().make()
        self.d_optimizer = keras.optimizers.LossScaleOptimizer(sgd("d"))


class SubModels(GAN):
    """Each network was compiled with an optimizer of its own."""

    def make(self) -> None:
        self.generator, self.discriminator = generator(), discriminator()
        self.discriminator.compile(optimizer=sgd("d"))
        self.generator.compile(optimizer=sgd("g"))

    def moves(self) -> list[Move]:
        return [
            (self.d_loss, self.discriminator.optimizer, self.discriminator.trainable_variables),
            (self.g_loss, self.generator.optimizer, self.generator.trainable_variables),
        ]


class Penalised(GAN):
    """The discriminator's loss holds the norm of a gradient, as in WGAN-GP."""

    def d_loss(self, images: Any) -> Any:
        norms = ops.sqrt(ops.sum(ops.square(input_gradient(self.discriminator, images)), axis=(1, 2, 3)) + 1e-12)
        return super().d_loss(images) + 10 * ops.mean(ops.square(norms - 1))


def input_gradient(network: Any, images: Any) -> Any:
    """Of the sum of a network's outputs, so that it can be derived once more."""
    if BACKEND == "tensorflow":
        import tensorflow as tf

        with tf.GradientTape() as tape:
            tape.watch(images)
            out = ops.sum(network(images))
        return tape.gradient(out, images)
    if BACKEND == "jax":
        import jax

        return jax.grad(lambda x: ops.sum(network(x)))(images)
    import torch

    inputs = images.detach().clone().requires_grad_(True)
    return torch.autograd.grad(network(inputs).sum(), inputs, create_graph=True)[0]


class VAE(OwnStep):
    """Encoder and decoder, the optimizer of compile, no call; the loss is one of three that the step returns."""

    names = ("loss", "reconstruction_loss")

    def make(self) -> None:
        self.encoder = keras.Sequential(
            [
                layers.Input((8, 8, 1)),
                layers.Conv2D(2, 3, strides=2, activation="relu", name="conv1"),
                layers.Flatten(),
                layers.Dense(4),
            ],
            name="encoder",
        )
        self.decoder = generator()
        self.own = [None]

    def moves(self) -> list[Move]:
        variables = [*self.encoder.trainable_variables, *self.decoder.trainable_variables]
        return [(self.total, self.optimizer, variables)] if getattr(self, "optimizer", None) is not None else []

    def total(self, images: Any) -> Any:
        code = self.encoder(images)
        return ops.mean(ops.square(self.decoder(code) - images)) + 1e-2 * ops.mean(ops.square(code))

    def logs_of(self, losses: Sequence[Any]) -> dict[str, Any]:
        self.meters["loss"].update_state(losses[0])
        self.meters["reconstruction_loss"].update_state(losses[0] / 2)
        return {name: meter.result() for name, meter in self.meters.items()}


class TwoNetworks(VAE):
    """A pair of networks in a list, a call that takes two arguments."""

    def make(self) -> None:
        super().make()
        self.pair = [self.encoder, self.decoder]
        del self.encoder, self.decoder

    def __getattr__(self, name: str) -> Any:
        if name in ("encoder", "decoder") and "pair" in vars(self):
            return self.pair[name == "decoder"]
        return super().__getattr__(name) if hasattr(super(), "__getattr__") else object.__getattribute__(self, name)

    def call(self, images: Any, times: Any) -> Any:
        return self.pair[1](self.pair[0](images)) * times


def images() -> np.ndarray:
    return np.random.default_rng(0).random((4 * STEPS, 8, 8, 1), dtype=np.float32)


class Weights(keras.callbacks.Callback):
    def __init__(self) -> None:
        super().__init__()
        self.end: list[np.ndarray] = []

    def on_train_end(self, logs: Any = None) -> None:
        self.end = [to_numpy(v) for v in self.model.variables]


def fit(model: OwnStep, callbacks: Sequence[Any] = (), **options: Any) -> OwnStep:
    model.fit(images(), batch_size=4, epochs=EPOCHS, shuffle=False, verbose=0, callbacks=list(callbacks), **options)
    return model


def made(kind: type[OwnStep], optimizer: Any = None, *, is_built: bool = True, **options: Any) -> OwnStep:
    keras.backend.clear_session()
    keras.utils.set_random_seed(1)
    model = kind(is_built=is_built)
    model.compile(**({} if optimizer is None else {"optimizer": optimizer()}), **options)
    return model


def places(model: OwnStep) -> dict[str, tuple[str, ...]]:
    """What stands on the model, its layers, its metrics and its optimizers in the place of a method."""
    hooked = ("apply", "stateless_apply", "call", "train_step", "compute_loss", "update_state", "result")
    things = [model, *model._flatten_layers(include_self=False), *model.meters.values(), *model.own_optimizers()]
    things += [model.optimizer, *(o.inner_optimizer for o in model.own_optimizers() if hasattr(o, "inner_optimizer"))]
    return {
        f"{i} {type(thing).__name__}": tuple(n for n in hooked if n in vars(thing)) for i, thing in enumerate(things)
    }


def trained(kind: type[OwnStep], folder: Path, *args: Any, **options: Any) -> tuple[Run, OwnStep]:
    """With the callback; the weights are those without it, and nothing stays behind."""
    model = made(kind, *args, **options)
    before = places(model)
    ours = Weights()
    with warnings.catch_warnings():
        warnings.simplefilter("error", RuntimeWarning)
        fit(model, [tb_cnnviz.CNNViz(folder, every=1), ours])
    assert places(model) == before
    bare = Weights()
    fit(made(kind, *args, **options), [bare])
    assert len(ours.end) == len(bare.end)
    assert all(np.array_equal(a, b, equal_nan=True) for a, b in zip(ours.end, bare.end, strict=True))
    return tb_cnnviz.open_log(folder)["."], model


def noted(kind: type[OwnStep], *args: Any, **options: Any) -> OwnStep:
    model = made(kind, *args, **options, run_eagerly=True)
    model.is_noting = True
    return fit(model)


def check_gradients(run: Run, oracle: OwnStep) -> None:
    """Of each variable the last call in each step: its change, its gradient under SGD, and how many calls there were."""
    assert run.steps("gradients") == list(range(STEPS * EPOCHS))
    variables = oracle.trainable_variables
    for step, calls in enumerate(oracle.noted):
        record = run.read("gradients", None, step)
        change, gradient, count = (np.zeros(len(variables)) for _ in range(3))
        for optimizer, changes in calls:
            rate = float(to_numpy(getattr(optimizer, "inner_optimizer", optimizer).learning_rate))
            for variable, moved in changes:
                i = next(i for i, v in enumerate(variables) if v is variable)
                change[i], gradient[i] = np.linalg.norm(moved), np.linalg.norm(moved) / rate
                count[i] += 1
        for name, expected in (("update_norm", change), ("norm", gradient)):
            assert np.abs(record[name] - expected).max() <= 1e-3 * expected.max(), (step, name, record[name], expected)
        if "calls" in record:
            assert record["calls"].tolist() == count.tolist()
        samples = run.read("gradient_samples", None, step)
        if len(oracle.noted[0]) > 1:
            assert np.isfinite(samples["gradient"]).all()
    for record in (run.read("gradients", v.path, 0) for v in run.model.variables):
        assert int(record["histogram"].sum()) > 0


def check_filters_move(run: Run, layer: str) -> None:
    steps = run.steps("filters", layer)
    assert steps == list(range(STEPS * EPOCHS + 1))
    kernels = [run.read("filters", layer, step)["kernel"] for step in steps]
    assert all(not np.array_equal(a, b) for a, b in pairwise(kernels))


def check_losses(run: Run, oracle: OwnStep, names: Sequence[str]) -> None:
    rows = run.read("losses")
    assert rows["step"].tolist() == list(range(STEPS * EPOCHS))
    np.testing.assert_array_equal(rows["loss"], rows.get(names[0], rows["loss"]))
    # A mean over the epoch is that of its batches.
    epochs = run.read("epochs")
    for name in names:
        values = rows["loss"] if name == names[0] else rows[name]
        np.testing.assert_allclose(values.reshape(EPOCHS, STEPS).mean(1), epochs[name], rtol=1e-5)
        assert len(set(values.tolist())) > STEPS


def check_said(run: Run, *, steps: str, optimizer: str) -> None:
    assert run.read("session")["steps"] == run.model.steps == steps
    assert run.model.optimizer == run.model.hparams["optimizer"] == optimizer
    assert not any(name.startswith("rho") for name in run.model.hparams)  # of RMSprop, which nobody calls


def gan(kind: type[OwnStep], folder: Path, d: str = "d_optimizer", g: str = "g_optimizer", **options: Any) -> None:
    run, _ = trained(kind, folder, **options)
    oracle = noted(kind, **options)
    check_gradients(run, oracle)
    check_filters_move(run, "discriminator/look")
    check_filters_move(run, "generator/to_image")
    check_losses(run, oracle, ["d_loss", "g_loss"])
    check_said(run, steps="train steps", optimizer="SGD")
    assert run.model.hparams[f"{g}/learning_rate"] == RATES["g"]
    rows = run.read("losses")
    assert set(rows[f"learning_rate/{d}"]) == {RATES["d"]}
    labels = {v.path: v.optimizers for v in run.model.variables}
    wanted = {v.path: [] for v in oracle.trainable_variables}
    for optimizer, changes in oracle.noted[0]:
        name = d if optimizer is oracle.moves()[0][1] else g
        for variable, _ in changes:
            wanted[variable.path] += [name] if name not in wanted[variable.path] else []
    assert labels == wanted
    found = {layer.path: layer for layer in run.layers}
    assert found["discriminator/look"].output_shape == [3, 3, 3]
    assert found["discriminator/look"].receptive_field.size == [3, 3]
    assert "feature_maps" not in run.kinds
    told = [notice.reason for notice in run.notices]
    assert sum("no call of its own" in text for text in told) == 1, told
    if BACKEND == "jax":
        assert any("apart from it" in text for text in told), told
    else:
        assert len(told) == 1, told
        assert run.steps("activations", "discriminator/look") == list(range(STEPS * EPOCHS))


def vae(kind: type[OwnStep], folder: Path, reason: str, **options: Any) -> None:
    run, _ = trained(kind, folder, lambda: sgd("g"), **options)
    oracle = noted(kind, lambda: sgd("g"), **options)
    check_gradients(run, oracle)
    check_filters_move(run, "encoder/conv1")
    check_losses(run, oracle, ["loss", "reconstruction_loss"])
    check_said(run, steps="optimizer updates", optimizer="SGD")
    found = {layer.path: layer for layer in run.layers}
    assert found["encoder/conv1"].output_shape == [3, 3, 2]
    assert found["generator/to_image"].inbound == ["generator/leaky_re_lu"]
    told = [notice.reason for notice in run.notices]
    assert sum(reason in text for text in told) == 1, told


def mirrored(folder: Path) -> None:
    """Two replicas: one call of each optimizer a step, so the weights' change between batches is the oracle."""
    import tensorflow as tf

    class Seen(keras.callbacks.Callback):
        def __init__(self) -> None:
            super().__init__()
            self.steps: list[list[np.ndarray]] = []

        def on_train_begin(self, logs: Any = None) -> None:
            self.steps.append([to_numpy(v) for v in self.model.trainable_variables])

        def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
            self.on_train_begin()

    def run_of(callbacks: Sequence[Any]) -> OwnStep:
        keras.backend.clear_session()
        keras.utils.set_random_seed(1)
        with tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"]).scope():
            model = GAN()
            model.compile()
        return fit(model, callbacks)

    seen, bare = Seen(), Seen()
    with warnings.catch_warnings():
        warnings.simplefilter("error", RuntimeWarning)
        model = run_of([tb_cnnviz.CNNViz(folder, every=1), seen])
    run_of([bare])
    for ours, theirs in zip(seen.steps, bare.steps, strict=True):
        assert all(np.array_equal(a, b) for a, b in zip(ours, theirs, strict=True))
    run = tb_cnnviz.open_log(folder)["."]
    assert run.steps("gradients") == list(range(STEPS * EPOCHS))
    discriminated = {v.path for v in model.discriminator.trainable_variables}
    rates = [RATES["d" if v.path in discriminated else "g"] for v in model.trainable_variables]
    for step, (before, after) in enumerate(pairwise(seen.steps)):
        record = run.read("gradients", None, step)
        change = np.array([np.linalg.norm(b - a) for a, b in zip(before, after, strict=True)])
        np.testing.assert_allclose(record["update_norm"], change, rtol=1e-3, atol=1e-3 * change.max())
        np.testing.assert_allclose(record["norm"], change / rates, rtol=1e-3, atol=1e-3 * (change / rates).max())
    check_filters_move(run, "discriminator/look")


class ByHand(VAE):
    """The weights are changed without any optimizer; compile made one that is never called."""

    def step_with_state(self, images: Any) -> Any:
        for variable in self.encoder.trainable_variables:
            variable.assign(ops.convert_to_tensor(variable) * 0.5)
        return self.logs_of([self.total(images[0] if isinstance(images, tuple) else images)])

    def step_on_jax(self, state: Any, images: Any) -> Any:
        own = {id(v) for v in self.encoder.trainable_variables}
        trainable = [x * 0.5 if id(v) in own else x for v, x in zip(self.trainable_variables, state[0], strict=True)]
        return {"loss": ops.sum(trainable[0]), "reconstruction_loss": ops.sum(trainable[1])}, (trainable, *state[1:])


def by_hand(folder: Path) -> None:
    model = made(ByHand)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        fit(model, [tb_cnnviz.CNNViz(folder, every=1)])
    ours = [str(w.message) for w in caught if "tb_cnnviz: gradients" in str(w.message)]
    assert len(ours) == 1, ours
    assert "never called" in ours[0]
    run = tb_cnnviz.open_log(folder)["."]
    check_filters_move(run, "encoder/conv1")
    assert run.read("losses")["step"].tolist() == list(range(STEPS * EPOCHS))
    assert run.read("session")["steps"] == "train steps"
    assert run.model.optimizer is None
    assert "optimizer" not in run.model.hparams


def interrupted(folder: Path) -> None:
    class Stop(keras.callbacks.Callback):
        def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
            if batch == 1:
                raise KeyboardInterrupt

    model = made(GAN)
    before = places(model)
    try:
        fit(model, [tb_cnnviz.CNNViz(folder, every=1), Stop()])
    except KeyboardInterrupt:
        assert places(model) == before
    else:
        raise AssertionError("not interrupted")
    run = tb_cnnviz.open_log(folder)["."]
    assert run.steps("gradients") == [0, 1]
    assert run.read("losses")["step"].tolist() == [0, 1]
    assert run.model.optimizer == "SGD"


def goes_on(folder: Path) -> None:
    model = made(GAN)
    for _ in range(2):
        fit(model, [tb_cnnviz.GradientLogger(folder, every=1), tb_cnnviz.LossLogger(folder)])
    run = tb_cnnviz.open_log(folder)["."]
    assert run.steps("gradients") == list(range(2 * STEPS * EPOCHS))
    assert run.read("losses")["step"].tolist() == list(range(2 * STEPS * EPOCHS))
    elsewhere = folder.with_name(f"{folder.name} elsewhere")
    fit(model, [tb_cnnviz.GradientLogger(elsewhere, every=1)])
    assert tb_cnnviz.open_log(elsewhere)["."].steps("gradients") == list(range(STEPS * EPOCHS))


def under_xla(folder: Path) -> None:
    """Gradients are given up and said to be; weights are the same bits, and losses are logged."""
    run, _ = trained(Critic, folder, jit_compile=True)
    assert "gradients" not in run.kinds
    assert [n.reason for n in run.notices if n.reason.startswith("gradients: not recorded under XLA")]
    assert run.steps("losses")


CASES: dict[str, Callable[[Path], None]] = {
    "a GAN": lambda folder: gan(GAN, folder),
    "the discriminator three times": lambda folder: gan(Critic, folder),
    "optimizers in a dict, variables of both": lambda folder: gan(Held, folder, "own/both/0", "own/both/1/0"),
    "optimizers of sub-models": lambda folder: gan(SubModels, folder, "discriminator/optimizer", "generator/optimizer"),
    "a gradient penalty": lambda folder: gan(Penalised, folder),
    "loss scaling": lambda folder: gan(Scaled, folder),
    "a VAE": lambda folder: vae(VAE, folder, "no call of its own"),
    "a call of two arguments": lambda folder: vae(TwoNetworks, folder, "takes images, times"),
    "no optimizer is called": by_hand,
    "interrupted": interrupted,
    "a fit goes on": goes_on,
}
if BACKEND == "tensorflow":
    CASES["a GAN that is not built"] = lambda folder: gan(GAN, folder, is_built=False)
    CASES["a VAE that is not built"] = lambda folder: vae(VAE, folder, "no call of its own", is_built=False)
    CASES["under XLA"] = under_xla
    CASES["two replicas"] = mirrored


if __name__ == "__main__":
    if BACKEND == "tensorflow":
        import tensorflow as tf

        (cpu,) = tf.config.list_physical_devices("CPU")
        tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
    run_cases(CASES, Path(sys.argv[1]), sys.argv[2:])
