"""Every limit of the doctor, in one table: default, meaning, where it comes from. docs/doctor.md shows the same."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import Any


def _limit(default: float, meaning: str, source: str) -> Any:
    return field(default=default, metadata={"meaning": meaning, "source": source})


@dataclass(frozen=True)
class Limits:
    """The numbers by which verdicts are given. Each can be set: `Limits(dead_share=0.8)`.

    Raises:
        ValueError: for a limit that is not a number above 0.
    """

    min_steps: float = _limit(40, "Fewer updates are too few to say whether a network learns.", "ours")
    learned_share: float = _limit(
        0.1,
        "Poor: less than this part of what the best constant answer costs is gone at the end, of wrong answers too.",
        "ours; a constant answer as the baseline: Karpathy, A Recipe for Training Neural Networks, 2019",
    )
    weak_share: float = _limit(
        0.3,
        "Weak: less than this part is gone. Only faults that show of themselves are said of a weak network.",
        "ours",
    )
    half_share: float = _limit(
        0.6, "Halting: less than this part is gone. Only what leaves a lasting mark is said of such a network.", "ours"
    )
    input_rms: float = _limit(
        15.0,
        "Inputs whose root mean square is above this, or below its reciprocal times 0.3, are unscaled.",
        "LeCun, Bottou, Orr, Müller, Efficient BackProp, 1998, section 4.3: mean 0, deviation 1",
    )
    lasting_growth: float = _limit(
        5.0,
        "Large first updates left a mark where a kernel's norm is this many times what it was at the start.",
        "ours",
    )
    gain: float = _limit(
        8.0,
        "A kernel that multiplies the size of what it gets by more than this at the start is too large.",
        "Glorot and Bengio 2010, He et al. 2015: gains of 1 and √2",
    )
    start_loss: float = _limit(
        4.0,
        "A cross-entropy that begins at more than this many times that of guessing shows a bad start.",
        "Karpathy, A Recipe for Training Neural Networks, 2019: verify the loss at init",
    )
    update_high: float = _limit(
        0.1,
        "An update of this part of a kernel's norm, in the median of the first steps, is too large.",
        "Karpathy, CS231n notes 2016: about 0.001; a hundred times that",
    )
    movement_low: float = _limit(
        0.03,
        "All updates together, laid end to end, of less than this part of a kernel's norm have changed next to nothing.",
        "ours; CS231n's 0.001 a step, for thirty steps",
    )
    applied_low: float = _limit(
        0.05,
        "An update of less than this part of what rate and gradient (for Adam: rate alone) give is held back.",
        "ours; Kingma and Ba 2015, section 2.1: Adam's step is about the rate",
    )
    vanishing_factor: float = _limit(
        100.0,
        "The error of the last kernel over that of an earlier one.",
        "Hochreiter 1991; Glorot and Bengio 2010; four sigmoids, a quarter each, are 256",
    )
    exploding_factor: float = _limit(
        1000.0, "A gradient or loss of this many times its first ones.", "Pascanu, Mikolov, Bengio 2013"
    )
    dead_share: float = _limit(
        0.6,
        "The part of a layer's channels that give zero for every example, in each logged batch of the last half.",
        "Lu, Shin, Su, Karniadakis, Dying ReLU and Initialization, 2020",
    )
    saturated_share: float = _limit(
        0.85,
        "The part of a layer's values at which the activation's slope is below 0.05, in the median of the last half.",
        "Glorot and Bengio 2010, section 4",
    )
    constant_share: float = _limit(
        0.05,
        "Answers whose deviation over examples is below this part of what the targets would need are constant.",
        "ours",
    )
    overfitting_rise: float = _limit(
        1.15,
        "The validation loss at the end over its lowest, with the training loss below half of it.",
        "Prechelt, Early Stopping — But When?, 1998: generalisation loss",
    )
    overfitting_rise_alone: float = _limit(
        1.3,
        "The same where the validation accuracy holds.",
        "ours; Guo et al., On Calibration, 2017: accuracy may hold",
    )
    diverged_share: float = _limit(0.5, "The part of what had been learned that is lost again at the end.", "ours")
    sorted_share: float = _limit(
        0.5,
        "The part of the classes' entropy that is explained by which batch it is.",
        "Bengio, Practical Recommendations, 2012: shuffle the examples",
    )
    batch_order: float = _limit(
        0.75,
        "The mean squared difference of successive batches' losses over their variance; independent batches give 2.",
        "von Neumann, Distribution of the ratio of the mean square successive difference, 1941",
    )
    penalty_shrink: float = _limit(
        4.0, "All kernels have shrunk to less than the reciprocal of this, while the network learns little.", "ours"
    )
    uphill_cosine: float = _limit(
        0.5, "The cosine between update and gradient above which an optimizer goes uphill.", "ours; descent is below 0"
    )

    def __post_init__(self) -> None:
        for each in fields(self):
            value = getattr(self, each.name)
            if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < float("inf"):
                raise ValueError(f"{each.name}: {value!r} given; accepted is a finite number above 0")


def table() -> list[tuple[str, float, str, str]]:
    """(name, default, meaning, source) of every limit."""
    return [(f.name, float(str(f.default)), f.metadata["meaning"], f.metadata["source"]) for f in fields(Limits)]
