"""What a recorder knows of the fit that it begins."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tb_cnnviz.capture.in_step.step import InstrumentedStep
from tb_cnnviz.capture.network.forward import ForwardTrace
from tb_cnnviz.capture.network.layer_tree import PlacedLayer
from tb_cnnviz.capture.network.probe import Probe
from tb_cnnviz.capture.quantities.feature_maps import FeatureMaps
from tb_cnnviz.loggers.fit_log import FitLog


@dataclass(frozen=True)
class FitProbe:
    """The images that the model is run on beside training; `is_given` by the user, not taken from the first batch."""

    images: Probe | None = None
    is_given: bool = False


@dataclass(frozen=True)
class FirstLook:
    """What is known of the model before its first batch, from one pass: the calls of its layers, and the probe's maps.

    Both are None where there could be no pass, `maps` also where no feature maps are logged.
    """

    trace: ForwardTrace | None = None
    maps: FeatureMaps | None = None


@dataclass(frozen=True)
class FitContext:
    """What a recorder is begun with.

    Attributes:
        fit: where it writes, and what it asks for step and epoch.
        step: the training step, to which it may add hooks.
        model: that is trained.
        layers: those to look into.
        trace: calls of layers that were seen before the first batch, for shapes; None where there could be no pass.
        probe: the images that the model is run on.
        maps: what the layers make of these; None where no feature maps are logged.
        budget: bytes that the pictures of each recorder may take at one step, by its name.
    """

    fit: FitLog
    step: InstrumentedStep
    model: Any
    layers: Sequence[PlacedLayer]
    trace: ForwardTrace | None = None
    probe: FitProbe = FitProbe()
    maps: FeatureMaps | None = None
    budget: Mapping[str, int] = field(default_factory=dict)
