"""What the rules look at: the numbers of one run as plain arrays, gathered once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from tb_cnnviz.analysis.network import Network
from tb_cnnviz.records.model import ModelRecord

OUTPUT, PRE_ACTIVATION = "output", "pre_activation"


@dataclass(frozen=True)
class Losses:
    """Each batch's own loss, regularisation included.

    `step`, `epoch` int64 [m]; `loss`, `rate` (the learning rate) float64 [m]: of the last batch of each step.
    `before` int64 [m]: batches before it at that step, micro-batches or such whose update was skipped for an overflow.
    """

    step: np.ndarray
    loss: np.ndarray
    rate: np.ndarray
    epoch: np.ndarray
    before: np.ndarray


@dataclass(frozen=True)
class Epochs:
    """The metrics at the end of each epoch: `step` int64 [e], and float64 [e] by name (`loss`, `val_loss`, …)."""

    step: np.ndarray
    metrics: Mapping[str, np.ndarray]


@dataclass(frozen=True)
class Gradients:
    """What the optimizer received and applied at the steps that were looked at, of the training batch.

    Float64 [steps, variables], in the order of the model record's variables: `norm` (received, before clipping),
    `largest` (the largest magnitude received), `update` (norm of the applied change), `weight` (norm before it),
    `zeros` (share of exact zeros), `not_finite` (how many values are NaN or infinite).
    """

    step: np.ndarray
    norm: np.ndarray
    largest: np.ndarray
    update: np.ndarray
    weight: np.ndarray
    zeros: np.ndarray
    not_finite: np.ndarray


@dataclass(frozen=True)
class Samples:
    """Up to 256 weights a variable: float64 [steps, variables].

    `cosine`: between the applied update and the gradient; a step downhill is negative. `spread`: the deviation of the values
    over their root mean square, 0 where all are the same.
    """

    step: np.ndarray
    cosine: np.ndarray
    spread: np.ndarray


@dataclass(frozen=True)
class Row:
    """One place of the network in the training batch, or of the error on the probe.

    Float64 [steps]: `mean`, `std`, `min`, `max`, `count`; shares `zeros` and `saturated` (NaN where the word has no
    meaning); `slope`, the root mean square of the activation's derivative (NaN without one); `not_finite`, how many. By
    channel float64 [steps, channels]: `channel_mean`, `channel_std`, `channel_zeros`.
    NaN where a step has no such row.
    """

    mean: np.ndarray
    std: np.ndarray
    min: np.ndarray
    max: np.ndarray
    count: np.ndarray
    zeros: np.ndarray
    saturated: np.ndarray
    slope: np.ndarray
    not_finite: np.ndarray
    channel_mean: np.ndarray
    channel_std: np.ndarray
    channel_zeros: np.ndarray

    @cached_property
    def rms(self) -> np.ndarray:
        """Root mean square, over all values of the row."""
        return np.asarray(np.hypot(self.mean, self.std))


@dataclass(frozen=True)
class Activations:
    """By (layer, place), of the training batch."""

    step: np.ndarray
    rows: Mapping[tuple[str, str], Row]

    def of(self, layer: str, place: str = OUTPUT) -> Row | None:
        return self.rows.get((layer, place))

    def slope(self, layer: str) -> np.ndarray | None:
        """Of the activation that a layer is or fuses, float64 [steps]; None where the log knows of none."""
        for place in (PRE_ACTIVATION, OUTPUT):
            row = self.of(layer, place)
            if row is not None and not np.isnan(row.slope).all():
                return row.slope
        return None


@dataclass(frozen=True)
class Errors:
    """Norm of the loss' derivative by each layer's pre-activation output, on the probe: float64 [steps] by layer.

    Layers on which the loss does not depend are left out. `loss` float64 [steps]: the probe's loss.
    """

    step: np.ndarray
    loss: np.ndarray
    norm: Mapping[str, np.ndarray]
    not_finite: Mapping[str, np.ndarray]


@dataclass(frozen=True)
class Probe:
    """The images that stay the same. `x`: one array an input; `y` None where there are no labels.

    `predictions`: by step, ascending; float64 [images, …].
    """

    x: Sequence[np.ndarray] = ()
    y: np.ndarray | None = None
    steps: Sequence[int] = ()
    predictions: Sequence[np.ndarray] = ()


@dataclass(frozen=True)
class BatchStatistics:
    """What the model received in the training batch: float64 [steps, arrays], one column an input or a label.

    Known of logs that hold records of kind `batches`; older ones have none. `not_finite` counts values; `class_share`
    [steps, classes] is the share of each class in the batch, where labels are classes.
    """

    step: np.ndarray
    names: Sequence[str]
    mean: np.ndarray
    std: np.ndarray
    min: np.ndarray
    max: np.ndarray
    not_finite: np.ndarray
    class_share: np.ndarray | None = None


@dataclass(frozen=True)
class Evidence:
    """One run, as far as its log tells. What was not logged is None."""

    model: ModelRecord
    losses: Losses | None = None
    epochs: Epochs | None = None
    gradients: Gradients | None = None
    samples: Samples | None = None
    activations: Activations | None = None
    errors: Errors | None = None
    probe: Probe = field(default_factory=Probe)
    inputs: BatchStatistics | None = None
    labels: BatchStatistics | None = None

    @cached_property
    def network(self) -> Network:
        return Network(self.model)

    @cached_property
    def steps(self) -> int:
        """Updates that the log tells of."""
        lasts = [0]
        if self.losses is not None and len(self.losses.step):
            lasts.append(int(self.losses.step[-1]) + 1)
        if self.gradients is not None and len(self.gradients.step):
            lasts.append(int(self.gradients.step[-1]) + 1)
        if self.epochs is not None and len(self.epochs.step):
            lasts.append(int(self.epochs.step[-1]))
        return max(lasts)

    @cached_property
    def first_step(self) -> int:
        """The first step of which the log tells: not 0 where the training began elsewhere."""
        return int(self.losses.step[0]) if self.losses is not None and len(self.losses.step) else 0
