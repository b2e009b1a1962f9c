"""--logdir and --logdir_spec name the same runs that TensorBoard finds."""

import os

from hypothesis import given
from hypothesis import strategies as st
from tensorboard.backend.event_processing.data_ingester import _parse_event_files_spec

from tb_cnnviz.plugin.roots import log_roots


def test_logdir_has_no_prefix_and_wins() -> None:
    assert log_roots("/logs", "a:/other") == [("", os.path.realpath("/logs"))]
    assert log_roots("~/logs") == [("", os.path.realpath(os.path.expanduser("~/logs")))]
    assert log_roots("gs://bucket/logs") == [("", "gs://bucket/logs")]


def test_nothing_given_is_no_root() -> None:
    assert log_roots(None) == log_roots("", "") == log_roots("", None) == []


@given(
    st.lists(st.sampled_from(["a:/x", "b:y/z", "/c:d/e", "rel", "n:/p:q", "s3://b/c", "m:gs://b", "~/h"]), min_size=1)
)
def test_a_spec_is_read_as_tensorboard_reads_it(parts: list[str]) -> None:
    expected = _parse_event_files_spec(",".join(parts))
    found = log_roots("", ",".join(parts))
    assert {path: prefix or None for prefix, path in found} == expected
