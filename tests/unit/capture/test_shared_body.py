"""What a graph of TensorFlow holds of a computation that it makes often: once, and each time with the right numbers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import tensorflow as tf
from keras import ops

from tb_cnnviz.capture.backends.host import to_numpy
from tb_cnnviz.capture.backends.tf_function_once import shared
from tb_cnnviz.capture.quantities.activation_records import as_record
from tb_cnnviz.capture.quantities.activation_rows import Row
from tb_cnnviz.capture.quantities.activation_statistics import ChannelBins, summaries, together
from tb_cnnviz.capture.quantities.saturation import Saturation
from tb_cnnviz.capture.quantities.statistics import raw_histograms, received
from tb_cnnviz.records.layer_rows import read_rows
from tests.support.activation_oracles import check_row

BINS = ChannelBins(16)
FLAT = ((None,), "float32")


def operations(graph_of: Any, arrays: Sequence[np.ndarray]) -> int:
    """Of the whole graph: its own, and those of the functions that it calls."""
    graph = graph_of.get_concrete_function(*map(tf.constant, arrays)).graph.as_graph_def()
    return len(graph.node) + sum(len(function.node_def) for function in graph.library.function)


def test_a_further_call_adds_one_operation_and_gives_its_own_numbers() -> None:
    arrays = [np.arange(n, dtype=np.float32) for n in (3, 3, 5, 8)]

    def made(*flats: Any) -> Any:
        total = shared(lambda flat: ops.sum(flat * flat + 1), FLAT)
        return [total(flat) for flat in flats]

    run = tf.function(made, autograph=False)
    assert [float(v) for v in run(*arrays)] == [float((a * a + 1).sum()) for a in arrays]
    few, many = operations(run, arrays[:2]), operations(run, arrays)
    assert many - few == 2 * (1 + 2)  # a call, its placeholder, and the Identity of its result
    assert [float(v) for v in made(*map(tf.constant, arrays))] == [float((a * a + 1).sum()) for a in arrays]


def test_statistics_of_many_variables_grow_by_calls_alone() -> None:
    rng = np.random.default_rng(0)
    arrays = [rng.normal(size=n).astype(np.float32) for n in (4, 9, 30, 100)]

    def made(*flats: Any) -> Any:
        return received(flats, jit=False), raw_histograms(flats, jit=False)

    run = tf.function(made, autograph=False)
    assert operations(run, arrays) - operations(run, arrays[:2]) <= 2 * 4


def test_summaries_of_several_rows_in_a_graph_agree_with_numpy() -> None:
    rng = np.random.default_rng(1)
    rows = [
        Row(None, "last", "output", 4, -1, None),
        Row(None, "second", "output", 3, 1, None),
        Row(None, "judged", "output", 5, -1, Saturation(-0.5, 1.0)),
    ]
    tensors = [rng.normal(size=s).astype(np.float32) for s in ((6, 5, 4), (6, 3, 2, 2), (7, 5))]

    def made(*given: Any) -> Any:
        summary_of = summaries(BINS, jit=False)
        return together([summary_of(row, tensor, 1) for row, tensor in zip(rows, given, strict=True)])

    columns = {name: to_numpy(v) for name, v in tf.function(made, autograph=False)(*tensors).items()}
    record = as_record(rows, BINS, columns, 0, {})
    values = [np.moveaxis(t, row.axis, -1).reshape(-1, row.channels) for t, row in zip(tensors, rows, strict=True)]
    for row, each in zip(rows, values, strict=True):
        got = read_rows(record, row.path)
        check_row(got, each.astype(np.float64), row.path, 1e-5)
        assert got["saturated"] == (0 if row.saturation is None else ((each <= -0.5) | (each >= 1)).sum())


def test_a_summary_in_a_graph_counts_nan_and_inf_and_says_of_what_it_is_a_sample() -> None:
    values = np.array([[1, np.nan], [np.inf, 2], [3, -np.inf], [0, 4]], np.float32)
    of = Row(None, "layer", "output", 2, -1, None)
    run = tf.function(lambda tensor: together([summaries(BINS, jit=False)(of, tensor, 3)]), autograph=False)
    got = read_rows(as_record([of], BINS, {n: to_numpy(v) for n, v in run(values).items()}, 0, {}), "layer")
    assert (got["nan"], got["inf"], got["zeros"], got["count"], got["sampled"]) == (1, 2, 1, 8, 3)
    assert got["channel_min"].tolist() == [0, 2]
    assert got["channel_max"].tolist() == [3, 4]
    assert got["histogram"].sum() == np.isfinite(values[::3]).sum()
