"""Updates that loss scaling leaves out, one after the other."""

from __future__ import annotations

from collections.abc import Sequence

from tb_cnnviz.analysis.evidence import Evidence
from tb_cnnviz.analysis.learning import Learning
from tb_cnnviz.analysis.limits import Limits
from tb_cnnviz.analysis.verdict import WARNING, Series, Verdict, Words

WORDS = Words(
    rule="Loss scaling leaves out a batch now and then while it looks for its scale; it does not leave out most of them.",
    source="Micikevicius et al., Mixed Precision Training, 2018, section 3.2",
    otherwise="The first steps of mixed precision, while the scale still comes down.",
    suggestion="Look for values that overflow float16 (above 65,504): scale the inputs, or compute that layer in float32.",
)


def skipped_updates(evidence: Evidence, learning: Learning, limits: Limits, found: Sequence[Verdict]) -> list[Verdict]:
    """More batches left out than applied over the last half. Micro-batches of an accumulated gradient are not left out."""
    losses = evidence.losses
    if losses is None or evidence.model.hparams.get("gradient_accumulation_steps"):
        return []
    half = len(losses.step) // 2
    skipped, applied = int(losses.before[half:].sum()), len(losses.step) - half
    if skipped <= applied or skipped < limits.min_steps:
        return []
    series = Series.of("batches left out before each update", losses.step, losses.before)
    finding = f"Over the last {applied} updates, {skipped} batches were left out since their gradients overflowed."
    step = int(losses.step[half])
    return [
        Verdict(
            "non_finite", WARNING, finding, WORDS, step=step, measured=skipped / applied, limit=1.0, evidence=series
        )
    ]
