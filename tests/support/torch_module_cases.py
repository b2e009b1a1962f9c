"""PyTorch modules inside Keras models: names, kernels, maps, errors and geometry; on other backends there are none."""

from __future__ import annotations

import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
from keras import layers

import tb_cnnviz
from tb_cnnviz.capture.backends.host import to_numpy
from tb_cnnviz.eventlog.reader import Run
from tests.support.fits import identical, run_of

SHAPE = (3, 13, 13)


def on_torch(case: Callable[[Path], None]) -> Callable[[Path], None]:
    return case if keras.config.backend() == "torch" else lambda folder: None


def network() -> Any:
    """One module of several: strided, residual and grouped, transposed and grouped, linear."""
    from torch import nn

    class Block(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv1 = nn.Conv2d(4, 6, 3, padding=1)
            self.bn = nn.BatchNorm2d(6)
            self.conv2 = nn.Conv2d(6, 6, 3, padding=2, dilation=2, groups=2)

        def forward(self, x: Any) -> Any:
            y = self.bn(self.conv1(x)).relu()
            return y + self.conv2(y)

    return nn.Sequential(
        nn.Conv2d(3, 4, 5, stride=2, padding=1),
        nn.ReLU(),
        nn.MaxPool2d(3, 2, padding=1),
        Block(),
        nn.ConvTranspose2d(6, 4, 3, stride=2, padding=1, groups=2),
        nn.Flatten(),
        nn.Linear(4 * 25, 2),
    )


def data() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    return rng.random((4, *SHAPE), dtype=np.float32), rng.random((4, 2), dtype=np.float32)


def trained(folder: Path, maker: Callable[[Any], Any], module: Any) -> tuple[Any, Run]:
    """A model around a copy of the module trained for two steps with us, the same bits as without us, and its log."""
    x, y = data()
    twins = []
    for is_bare in (True, False):
        keras.utils.set_random_seed(1)
        model = maker(copy.deepcopy(module))
        model(x[:1], training=False)
        model.compile(keras.optimizers.SGD(0.05), "mse")
        callbacks = [] if is_bare else [tb_cnnviz.CNNViz(folder, probe=(x, y), every=1)]
        model.fit(x, y, batch_size=4, epochs=2, shuffle=False, verbose=0, callbacks=callbacks)
        twins.append(model)
    assert identical(*twins), "the weights are not the same bits as without the callback"
    buffers = zip(twins[0].buffers(), twins[1].buffers(), strict=True)
    assert all(np.array_equal(a.numpy(), b.numpy()) for a, b in buffers)
    assert not any("forward" in vars(each) for each in twins[1].modules()), "a hook was left"
    return twins[1], run_of(folder)


def wrapped(module: Any) -> Any:
    inputs = layers.Input(SHAPE)
    return keras.Model(inputs, layers.TorchModuleWrapper(module, name="net", output_shape=(None, 2))(inputs))


def scattered(kernel: np.ndarray, groups: int) -> np.ndarray:
    """PyTorch's transposed weight [in, out/groups, …] as [out, in/groups, …], weight by weight."""
    into, per_group, *space = kernel.shape
    found = np.zeros((per_group * groups, into // groups, *space), np.float32)
    for i in range(into):
        for o in range(per_group):
            group = i // (into // groups)
            found[group * per_group + o, i % (into // groups)] = kernel[i, o]
    return found


def names_and_kernels(folder: Path) -> None:
    model, run = trained(folder, wrapped, network())
    assert run.notices == [], run.notices
    module = model.get_layer("net").module
    parameters = dict(module.named_parameters())
    assert [v.path for v in run.model.variables] == [f"net/{name}" for name in parameters]
    assert [v.layer for v in run.model.variables] == [f"net/{name.rpartition('.')[0]}" for name in parameters]
    table = {layer.path: layer for layer in run.layers}
    reads = {
        "net/0": ["input_layer"],
        "net/1": ["net/0"],
        "net/2": ["net/1"],
        "net/3.conv1": ["net/2"],
        "net/3.bn": ["net/3.conv1"],
        "net/3.conv2": ["net/3.bn"],
        "net/4": ["net/3.bn", "net/3.conv2"],
        "net/5": ["net/4"],
        "net/6": ["net/5"],
    }
    first = next(path for path, layer in table.items() if layer.role == "input")
    assert {path: sorted(table[path].inbound) for path in table if path != first} == {
        path: [first] if path == "net/0" else sorted(inbound) for path, inbound in reads.items()
    }
    kernels = {
        "net/0": parameters["0.weight"],
        "net/3.conv1": parameters["3.conv1.weight"],
        "net/3.conv2": parameters["3.conv2.weight"],
        "net/4": parameters["4.weight"],
    }
    for path, weight in kernels.items():
        expected = weight.detach().numpy()
        found = run.read("filters", path, 2)
        np.testing.assert_array_equal(found["kernel"], scattered(expected, 2) if path == "net/4" else expected)
    stem, dilated, spread = table["net/0"], table["net/3.conv2"], table["net/4"]
    assert (stem.kernel_size, stem.strides, stem.padding, stem.filters) == ([5, 5], [2, 2], "1", 4)
    assert (dilated.dilation, dilated.groups, dilated.padding) == ([2, 2], 2, "same")
    assert (spread.transposed, spread.groups, spread.type) == (True, 2, "ConvTranspose2d")
    assert [table[f"net/{name}"].role for name in ("1", "2", "3.bn", "5", "6")] == [
        "activation",
        "pooling",
        "normalization",
        "reshape",
        "dense",
    ]
    assert sum(layer.parameters for layer in run.layers) == sum(p.numel() for p in parameters.values())


def maps_and_numbers(folder: Path) -> None:
    """Maps, activations, errors and gradients against what PyTorch's own hooks and autograd see."""
    import torch

    module = network()
    _, run = trained(folder, wrapped, module)
    x, y = (torch.from_numpy(each) for each in data())

    def outputs(net: Any) -> dict[str, Any]:
        seen: dict[str, Any] = {}
        handles = [
            each.register_forward_hook(lambda m, i, o, n=name: seen.setdefault(n, o))
            for name, each in net.named_modules()
            if not list(each.children())
        ]
        made = net(x)
        for handle in handles:
            handle.remove()
        torch.nn.functional.mse_loss(made, y)
        return {**seen, "loss": torch.mean((made - y) ** 2)}

    net = copy.deepcopy(module).train()
    seen = outputs(net)
    seen["loss"].backward()
    for name, parameter in net.named_parameters():
        found = run.read("gradients", f"net/{name}", 0)["norm"]
        np.testing.assert_allclose(found, parameter.grad.norm().item(), rtol=1e-4, atol=1e-6, err_msg=name)
    for name in ("0", "1", "2", "3.conv1", "3.bn", "3.conv2", "4", "6"):
        found, made = run.read("activations", f"net/{name}", 0), seen[name].detach().numpy()
        assert found["count"] == made.size
        np.testing.assert_allclose([found["mean"], found["std"]], [made.mean(), made.std()], rtol=1e-3, atol=1e-6)
    seen = outputs(copy.deepcopy(module).eval())
    names = [name for name in seen if name not in ("loss", "5")]
    exact = dict(zip(names, torch.autograd.grad(seen["loss"], [seen[name] for name in names]), strict=True))
    for name in names:
        found = run.read("errors", f"net/{name}", 0)
        assert found["connected"], name
        np.testing.assert_allclose(found["norm"], exact[name].norm().item(), rtol=1e-3, err_msg=name)
    for name in ("0", "2", "3.conv1", "3.conv2", "4"):
        maps, made = run.read("feature_maps", f"net/{name}", 0)["maps"], seen[name].detach().numpy()
        np.testing.assert_allclose(maps, made, atol=np.abs(made).max() / 200, err_msg=name)


def fields(folder: Path) -> None:
    """A receptive field holds every pixel that changes a cell, and no row beyond."""
    import torch

    module = network()[:3]
    with torch.no_grad():
        module[0].weight.fill_(1.0)
    inputs = layers.Input(SHAPE)
    model = keras.Model(inputs, layers.TorchModuleWrapper(module, name="net", output_shape=(None, 4, 3, 3))(inputs))
    tb_cnnviz.snapshot(model, folder, data()[0])
    table = {layer.path: layer for layer in run_of(folder).layers}
    x = torch.from_numpy(data()[0][:1]).requires_grad_()
    for path, part in (("net/0", module[:1]), ("net/2", module)):
        field = table[path].receptive_field
        touched: set[int] = set()
        for channel in range(4):
            made = part(x)[0, channel, 1, 1]
            (change,) = torch.autograd.grad(made, x)
            touched |= set(np.flatnonzero(change[0].abs().sum(dim=(0, 2)).numpy()).tolist())
        span = range(field.offset[0] + field.stride[0], field.offset[0] + field.stride[0] + field.size[0])
        assert touched <= set(span), (path, field, touched)
        if path == "net/0":
            assert touched == set(span), (path, field, touched)


def attributes_of_a_model(folder: Path) -> None:
    """Modules that Keras wraps by itself, of one and three axes; and one whose weights are no convolution's."""
    import torch
    from torch import nn

    class Own(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.table = nn.Parameter(torch.randn(2, 3, 3))

        def forward(self, x: Any) -> Any:
            return x + self.table.sum()

    class Model(keras.Model):  # type: ignore[misc]
        def __init__(self, parts: Any) -> None:
            super().__init__()
            self.line, self.cube, self.own, self.head = parts

        def call(self, x: Any, training: Any = None) -> Any:
            lines = self.line(x.flatten(2)).mean(dim=2)
            cubes = self.cube(x[:, None]).mean(dim=(2, 3, 4))
            return self.head(self.own(torch.cat([lines, cubes], dim=1)))

    torch.manual_seed(0)
    parts = nn.ModuleList([nn.Conv1d(3, 2, 5), nn.Conv3d(1, 2, 3), Own(), nn.Linear(4, 2)])
    model, run = trained(folder, Model, parts)
    by_type = {layer.type: layer for layer in run.layers}
    for kind, wrapper in (("Conv1d", model.line), ("Conv3d", model.cube)):
        path = by_type[kind].path
        np.testing.assert_array_equal(run.read("filters", path, 2)["kernel"], to_numpy(wrapper.module.weight))
        named = {v.path for v in run.model.variables if v.layer == path}
        assert named == {f"{path}/weight", f"{path}/bias"}
    assert by_type["Linear"].filters == 2
    said = [each.reason for each in run.notices]
    assert len(said) == 1, said
    assert by_type["Own"].path in said[0]
    assert "kernels are not shown" in said[0]


def copies_inside_a_step(folder: Path) -> None:
    """A module that is copied while a step runs has its own `forward`, and still computes the same."""
    import pickle

    import torch

    class Copying(keras.Model):  # type: ignore[misc]
        def __init__(self, module: Any) -> None:
            super().__init__()
            self.net = module
            self.copies: list[Any] = []

        def call(self, x: Any, training: Any = None) -> Any:
            self.copies = [copy.deepcopy(self.net.module), pickle.loads(pickle.dumps(self.net.module))]
            return self.net(x, training=training)

    torch.manual_seed(0)
    model, _ = trained(folder, Copying, torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(507, 2)))
    x = torch.from_numpy(data()[0])
    for each in model.copies:
        assert not any("tb_cnnviz" in repr(value) for part in each.modules() for value in vars(part).values())
        each.load_state_dict(model.net.module.state_dict())
        assert torch.equal(each(x), model.net.module(x))


TORCH_MODULE_CASES: dict[str, Callable[[Path], None]] = {
    "names and kernels of PyTorch modules": on_torch(names_and_kernels),
    "maps and numbers of PyTorch modules": on_torch(maps_and_numbers),
    "receptive fields of PyTorch modules": on_torch(fields),
    "PyTorch modules as attributes": on_torch(attributes_of_a_model),
    "copies of PyTorch modules inside a step": on_torch(copies_inside_a_step),
}
