"""One rule a file. Each is a pure function of the evidence; those that come later know what was found before."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from tb_cnnviz.analysis.evidence import Evidence
from tb_cnnviz.analysis.learning import Learning
from tb_cnnviz.analysis.limits import Limits
from tb_cnnviz.analysis.rules.bad_data import bad_data
from tb_cnnviz.analysis.rules.bad_init import bad_init
from tb_cnnviz.analysis.rules.constant_output import constant_output
from tb_cnnviz.analysis.rules.dead_units import dead_units
from tb_cnnviz.analysis.rules.diverged import diverged
from tb_cnnviz.analysis.rules.exploding import exploding
from tb_cnnviz.analysis.rules.frozen import frozen
from tb_cnnviz.analysis.rules.non_finite import non_finite
from tb_cnnviz.analysis.rules.not_learning import not_learning
from tb_cnnviz.analysis.rules.over_regularised import over_regularised
from tb_cnnviz.analysis.rules.overfitting import overfitting
from tb_cnnviz.analysis.rules.saturated import saturated
from tb_cnnviz.analysis.rules.skipped_updates import skipped_updates
from tb_cnnviz.analysis.rules.sorted_examples import sorted_examples
from tb_cnnviz.analysis.rules.unrelated_labels import unrelated_labels
from tb_cnnviz.analysis.rules.unscaled_input import unscaled_input
from tb_cnnviz.analysis.rules.updates_too_large import updates_too_large
from tb_cnnviz.analysis.rules.updates_too_small import updates_too_small
from tb_cnnviz.analysis.rules.uphill import uphill
from tb_cnnviz.analysis.rules.vanishing import vanishing
from tb_cnnviz.analysis.rules.wrong_output import wrong_output
from tb_cnnviz.analysis.verdict import Verdict

Rule = Callable[[Evidence, Learning, Limits, Sequence[Verdict]], list[Verdict]]

RULES: tuple[Rule, ...] = (
    bad_data,
    unscaled_input,
    wrong_output,
    uphill,
    bad_init,
    updates_too_large,
    exploding,
    non_finite,
    skipped_updates,
    dead_units,
    saturated,
    vanishing,
    frozen,
    updates_too_small,
    sorted_examples,
    diverged,
    overfitting,
    constant_output,
    over_regularised,
    unrelated_labels,
    not_learning,
)
