"""Nothing was learned, and nothing else explains it; or it was, in part."""

from __future__ import annotations

from collections.abc import Sequence

from tb_cnnviz.analysis.evidence import Evidence
from tb_cnnviz.analysis.learning import Learning
from tb_cnnviz.analysis.limits import Limits
from tb_cnnviz.analysis.rules.unrelated_labels import can_bend
from tb_cnnviz.analysis.verdict import WARNING, Series, Verdict, Words, said

WORDS = Words(
    rule="A training that works leaves the best constant answer behind.",
    source="Karpathy, A Recipe for Training Neural Networks, 2019: an input-independent baseline",
    otherwise="A task that is slow at first (a long plateau), or one that cannot be learned from these inputs.",
    suggestion="Train on two batches until the loss is near zero. If that fails, the network or the loss is at fault; if it "
    "works, the data are.",
)
LINEAR = Words(
    rule="Layers without an activation between them are together one linear layer.",
    source="Goodfellow, Bengio, Courville, Deep Learning, 2016, section 6.1: XOR",
    otherwise="A task that is hard for other reasons: the same layers with an activation may learn no more.",
    suggestion='Give the hidden layers an activation, such as activation="relu".',
)


def not_learning(evidence: Evidence, learning: Learning, limits: Limits, found: Sequence[Verdict]) -> list[Verdict]:
    """Said where no cause was found; what other verdicts explain has no second alarm."""
    if not learning.is_poor or any(v.is_alarm and v.kind != "constant_output" for v in found):
        return []
    words = WORDS if can_bend(evidence) or len(evidence.network.kernels) < 2 else LINEAR
    gone = (
        f"{said(100 * learning.learned)} % of it is gone"
        if learning.learned == learning.learned
        else "none of it is gone"
    )
    finding = (
        f"After {learning.steps:,} updates the loss is {said(learning.end)}; a constant answer costs {said(learning.chance)}, "
        f"so {gone}."
    )
    losses = evidence.losses
    return [
        Verdict(
            "not_learning",
            WARNING,
            finding,
            words,
            step=evidence.first_step,
            measured=learning.learned,
            limit=limits.learned_share,
            evidence=Series.of("loss", losses.step, losses.loss, learning.chance) if losses else None,
        )
    ]
