"""What pictures cost, and how full the log is."""

from __future__ import annotations

from tb_cnnviz.records.kinds.kind import Kind, Owner

KIND = Kind(
    name="cost",
    order=150,
    owner=Owner.MODEL,
    attributes=(
        "one record for each time that a callback took pictures, the later one of a step wins and is of the "
        "whole step: `pictures_s` (time of these pictures in the training thread), `pictures_total_s` (of all "
        "pictures of this callback since fit began, these included), `training_s`, `logging_s` (of all "
        "callbacks; both since fit began), `bytes` (of these pictures), `overhead` (the share of `training_s` "
        "that this callback's pictures may take), `thinning` (1, 2, 4, …: how many times more rarely than "
        "wanted pictures are taken, since the log fills up), `log_bytes` (of the run's records, these "
        "included) of at most `max_log_bytes`, `is_full` (with those that come at the first, the last and "
        "epochs' last steps only), `statistics_stride` (steps between two records of gradients, where the "
        "budget chose it), `weights` (a checksum of all weights, at a fit's first and last step). Older logs "
        "have `pictures_s`, `training_s`, `logging_s`, `bytes` and `statistics_stride` alone"
    ),
    is_unlimited=True,
)
