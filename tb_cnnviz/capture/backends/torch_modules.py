"""PyTorch modules inside a Keras model, each seen with the attributes of a Keras layer.

Keras wraps a module as one layer and names its weights `variable`, `variable_1`, …. Here they have the names of
`named_modules()` and `named_parameters()`, below the wrapper's path.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from math import prod
from typing import Any

import keras
import numpy as np

#: By the name of a class of torch.nn, of which others may be subclasses.
_ROLES = {
    "convolution": "Conv1d Conv2d Conv3d ConvTranspose1d ConvTranspose2d ConvTranspose3d",
    "pooling": (
        "MaxPool1d MaxPool2d MaxPool3d AvgPool1d AvgPool2d AvgPool3d AdaptiveMaxPool1d AdaptiveMaxPool2d "
        "AdaptiveMaxPool3d AdaptiveAvgPool1d AdaptiveAvgPool2d AdaptiveAvgPool3d"
    ),
    "dense": "Linear",
    "normalization": (
        "BatchNorm1d BatchNorm2d BatchNorm3d SyncBatchNorm InstanceNorm1d InstanceNorm2d InstanceNorm3d GroupNorm LayerNorm"
    ),
    "activation": (
        "ReLU ReLU6 LeakyReLU PReLU ELU CELU SELU GELU SiLU Mish Sigmoid Tanh Softplus Softsign Softmax LogSoftmax "
        "Hardtanh Hardsigmoid Hardswish Threshold"
    ),
    "dropout": "Dropout Dropout1d Dropout2d Dropout3d AlphaDropout FeatureAlphaDropout",
    "reshape": "Flatten Unflatten",
}


class TorchModule:
    """One PyTorch module that computes something itself.

    Attributes:
        module: itself.
        name: where it lies in what Keras wraps, as `named_modules()` says it; of the wrapped module the wrapper's name.
        weights: Keras' variables of its parameters.
    """

    built = True
    activation = None
    _remat_mode = None

    def __init__(self, module: Any, name: str, weights: Sequence[Any], dtype: str) -> None:
        self.module = module
        self.name = name
        self.weights = self.variables = list(weights)
        self.compute_dtype = dtype
        self.type_name = type(module).__name__
        self.role, self._class = _kind(module)
        self.axes = int(self._class[-2]) if self._class[-2:] in ("1d", "2d", "3d") else 0
        self.trainable = not self.weights or any(variable.trainable for variable in self.weights)
        if self.axes and self.role in ("convolution", "pooling", "normalization"):
            self.data_format = "channels_first"
        if self.role in ("convolution", "dense"):
            self.use_bias = module.bias is not None
        if self.role == "convolution":
            self.filters, self.groups = int(module.out_channels), int(module.groups)
        if self.role == "dense":
            self.units = int(module.out_features)
        if self.is_adaptive:
            self.output_size = module.output_size
        elif self.role in ("convolution", "pooling"):
            self.kernel_size = self._by_axis(module.kernel_size)
            self.strides = self._by_axis(module.stride)
            self.dilation_rate = self._by_axis(getattr(module, "dilation", 1))

    @property
    def is_transposed(self) -> bool:
        return self._class.startswith("ConvTranspose")

    @property
    def is_adaptive(self) -> bool:
        return self._class.startswith("Adaptive")

    @property
    def pool(self) -> str | None:
        if self.role != "pooling":
            return None
        return "max" if "Max" in self._class else "average"

    @property
    def has_own_forward(self) -> bool:
        """Does a class of the user's own say what it computes?"""
        return not str(type(self.module).forward.__module__).startswith("torch.nn.")

    @property
    def padded(self) -> list[int]:
        """Cells of padding in front, on each axis; of a transposed convolution, cells of the full result cut off."""
        given = self.module.padding
        if given == "valid":
            return [0] * self.axes
        if given == "same":
            return [(k - 1) * d // 2 for k, d in zip(self.kernel_size, self.dilation_rate, strict=True)]
        return self._by_axis(given)

    @property
    def padding(self) -> str:
        """Keras' word where it means the same; else as the module was given it, such as "1" or "1×2 reflect"."""
        mode = getattr(self.module, "padding_mode", "zeros")
        beside = [mode] * (mode != "zeros") + ["ceil"] * bool(getattr(self.module, "ceil_mode", False))
        if beside:
            return " ".join([_in_words(self.padded), *beside])
        if not any(self.padded) and self.module.padding != "same":
            return "valid"
        reach = [(k - 1) * d for k, d in zip(self.kernel_size, self.dilation_rate, strict=True)]
        is_even = [2 * p for p in self.padded] == reach and set(self.strides) == {1}
        if (is_even and not self.is_transposed) or self.module.padding == "same":
            return "same"
        return _in_words(self.padded)

    @property
    def output_padding(self) -> list[int] | None:
        given = self._by_axis(getattr(self.module, "output_padding", 0))
        return given if any(given) else None

    def count_params(self) -> int:
        return sum(prod(variable.shape) for variable in self.weights)

    def kernel_shape(self) -> tuple[int, ...]:
        """Of `kernel`."""
        shape = tuple(int(n) for n in self.module.weight.shape)
        return (self.filters, shape[0] // self.groups, *shape[2:]) if self.is_transposed else shape

    def kernel(self) -> np.ndarray:
        """A convolution's weights [out, in/groups, *spatial]."""
        weight = _array(self.module.weight)
        if not self.is_transposed:
            return weight
        grouped = weight.reshape(self.groups, -1, *weight.shape[1:])  # [groups, in/groups, out/groups, *spatial]
        return np.moveaxis(grouped, 2, 1).reshape(self.kernel_shape())

    def bias(self) -> np.ndarray | None:
        return None if self.module.bias is None else _array(self.module.bias)

    def _by_axis(self, value: Any) -> list[int]:
        return [int(v) for v in value] if isinstance(value, tuple | list) else [int(value)] * self.axes


def is_wrapper(layer: Any) -> bool:
    """Is this Keras' layer around a PyTorch module?"""
    return keras.config.backend() == "torch" and isinstance(layer, keras.layers.TorchModuleWrapper)


def is_closed(wrapper: Any) -> bool:
    """Is what it wraps compiled, so that nothing inside can be watched?"""
    import torch

    return any(
        isinstance(module, torch.jit.ScriptModule) or type(module).__name__ == "OptimizedModule"  # torch.compile's
        for module in wrapper.module.modules()
    )


def modules_of(wrapper: Any) -> Iterator[tuple[str, TorchModule]]:
    """The modules that compute something themselves, in order, with their names; "" for the wrapped one itself."""
    variables = {id(variable.value): variable for variable in wrapper.variables}

    def visit(module: Any, name: str) -> Iterator[tuple[str, TorchModule]]:
        children = list(module.named_children())
        if not children or _kind(module)[0] != "other" or type(module).__name__ == "MultiheadAttention":
            weights = [variables[id(p)] for p in module.parameters() if id(p) in variables]
            yield name, TorchModule(module, name or wrapper.name, weights, wrapper.compute_dtype)
            return
        for child_name, child in children:
            yield from visit(child, f"{name}.{child_name}" if name else child_name)

    yield from visit(wrapper.module, "")


def parameter_names(wrapper: Any) -> dict[int, str]:
    """By the id of Keras' variable, the name that `named_parameters()` has for it."""
    names = {id(parameter): name for name, parameter in wrapper.module.named_parameters()}
    return {id(v): names[id(v.value)] for v in wrapper.variables if id(v.value) in names}


def _kind(module: Any) -> tuple[str, str]:
    """Its role, and the class of torch.nn that it is or extends."""
    for cls in type(module).__mro__:
        if str(cls.__module__).startswith("torch.nn.") and cls.__name__ in _CLASSES:
            return _CLASSES[cls.__name__], cls.__name__
    return "other", ""


_CLASSES = {name: role for role, names in _ROLES.items() for name in re.findall(r"\w+", names)}


def _in_words(cells: Sequence[int]) -> str:
    return "×".join(map(str, cells if len(set(cells)) > 1 else cells[:1]))


def _array(tensor: Any) -> np.ndarray:
    return np.array(tensor.detach().float().cpu().numpy())
