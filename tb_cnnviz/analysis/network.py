"""The network's structure, as the rules ask for it: order, kernels, activations, outputs."""

from __future__ import annotations

from functools import cached_property

from tb_cnnviz.records.model import LayerRecord, ModelRecord

#: Activations whose output is exactly zero for half of the line or more.
RECTIFIERS = frozenset({"relu", "relu6"})
#: Activations that flatten on both sides.
SQUASHERS = frozenset({"sigmoid", "tanh", "softsign", "hard_sigmoid", "hard_tanh"})
#: Roles of layers that hand on one channel for each that they get, so that what follows them still sees its activation.
_PASSING = frozenset({"normalization", "dropout"})
_ACTIVATION_TYPES = {"ReLU": "relu", "Softmax": "softmax"}


class Network:
    """Lookups in a model record."""

    def __init__(self, model: ModelRecord) -> None:
        self.model = model
        self.layers = {layer.path: layer for layer in model.layers}
        self.order = {layer.path: index for index, layer in enumerate(model.layers)}

    @cached_property
    def following(self) -> dict[str, list[LayerRecord]]:
        """The layers that read each layer's output."""
        found: dict[str, list[LayerRecord]] = {path: [] for path in self.layers}
        for layer in self.model.layers:
            for source in layer.inbound:
                found.setdefault(source, []).append(layer)
        return found

    @cached_property
    def kernels(self) -> list[int]:
        """Columns of the variables that are kernels of convolutions, dense and recurrent layers, in forward order."""
        columns = [
            index
            for index, variable in enumerate(self.model.variables)
            if len(variable.shape) > 1
            and variable.role != "bias"
            and self._role(variable.layer) in ("convolution", "dense", "recurrent")
        ]
        return sorted(columns, key=lambda index: self.order.get(self.model.variables[index].layer or "", 0))

    @cached_property
    def outputs(self) -> list[LayerRecord]:
        """Layers whose output no other layer reads, the last one last."""
        return [layer for layer in self.model.layers if not self.following[layer.path] and layer.role != "input"]

    @cached_property
    def output(self) -> LayerRecord | None:
        """The only output; None where there are several."""
        return self.outputs[0] if len(self.outputs) == 1 else None

    @cached_property
    def output_activation(self) -> str | None:
        """The activation by which the only output ends; `linear` where it has none."""
        if self.output is None:
            return None
        return self.activation(self.output) or "linear"

    @cached_property
    def units(self) -> int | None:
        """Length of the only output's last axis."""
        return self.output.output_shape[-1] if self.output is not None and self.output.output_shape else None

    @cached_property
    def last_kernel_layer(self) -> LayerRecord | None:
        """The last layer with a kernel before the only output."""
        if not self.kernels:
            return None
        return self.layers.get(self.layer_of(self.kernels[-1]) or "")

    def layer_of(self, column: int) -> str | None:
        return self.model.variables[column].layer

    def kernel_of(self, layer: str) -> int | None:
        """The column of a layer's kernel."""
        return next((column for column in self.kernels if self.layer_of(column) == layer), None)

    def activation(self, layer: LayerRecord) -> str | None:
        """The activation that a layer fuses or is; None for none."""
        name = layer.activation or _ACTIVATION_TYPES.get(layer.type)
        return None if name == "linear" else name

    def is_hidden(self, layer: LayerRecord) -> bool:
        """Whether something with weights comes after it."""
        return any(self.order[layer.path] < self.order.get(self.layer_of(c) or "", -1) for c in self.kernels)

    def kernel_layer(self, layer: LayerRecord) -> LayerRecord:
        """The layer with a kernel whose output this one activates; itself where it has one, or the way branches."""
        here, seen = layer, set[str]()
        while self.kernel_of(here.path) is None and here.path not in seen:
            seen.add(here.path)
            if (
                len(here.inbound) != 1
                or here.role not in (*_PASSING, "activation")
                or here.inbound[0] not in self.layers
            ):
                return layer
            here = self.layers[here.inbound[0]]
        return here

    def filters(self, column: int) -> int:
        """How many filters or units a kernel has."""
        layer = self.layers.get(self.layer_of(column) or "")
        return max(self.model.variables[column].shape[-1], (layer.filters or 0) if layer else 0, 1)

    def way(self, layer: str, end: str) -> list[LayerRecord] | None:
        """The layers from one on and before another, where they follow each other in one line; None where it branches."""
        here, found = layer, list[LayerRecord]()
        while here != end:
            behind = self.following.get(here, [])
            if len(behind) != 1 or len(behind[0].inbound) != 1 or len(found) > len(self.layers):
                return None
            found.append(self.layers[here])
            here = behind[0].path
        return found

    def before(self, layer: str) -> list[LayerRecord]:
        """All layers from which a layer can be reached."""
        found: dict[str, LayerRecord] = {}
        waiting = list(self.layers[layer].inbound) if layer in self.layers else []
        while waiting:
            path = waiting.pop()
            if path in self.layers and path not in found:
                found[path] = self.layers[path]
                waiting += self.layers[path].inbound
        return sorted(found.values(), key=lambda item: self.order[item.path])

    @cached_property
    def has_batch_normalization(self) -> bool:
        return any(layer.type == "BatchNormalization" for layer in self.model.layers)

    @cached_property
    def first_kernel_layers(self) -> list[LayerRecord]:
        """Layers with kernels that no other layer with kernels comes before."""
        holders = [self.layers[path] for column in self.kernels if (path := self.layer_of(column)) in self.layers]
        return [
            self.layers[path]
            for path in dict.fromkeys(layer.path for layer in holders)
            if not any(before.parameters and before.role != "normalization" for before in self.before(path))
        ]

    def _role(self, path: str | None) -> str | None:
        layer = self.layers.get(path or "")
        return layer.role if layer else None
