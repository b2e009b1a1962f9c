"""Records of all variables as `open_log` gives them, by variable and by micro-batch; and what does not fit is damage."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tb_cnnviz.records import KINDS, Record
from tb_cnnviz.records.damaged import DamagedRecord
from tb_cnnviz.records.kinds.kind import Asked

VARIABLES = ["a/kernel", "a/bias"]


def read(record: Record, variables: list[str], column: int | None) -> dict[str, Any]:
    return KINDS[record.kind].restore(record, Asked(variables=variables, column=column))


def samples(**changed: Any) -> Record:
    arrays: dict[str, Any] = {"counts": np.array([3, 2], np.int32), "indices": np.array([0, 4, 9, 0, 1])}
    arrays |= {name: np.arange(5, dtype=np.float32) + i for i, name in enumerate(("gradient", "value", "update"))}
    arrays |= {
        "micro_batch": np.array([0, 1], np.int32),
        "micro_gradient": np.arange(10, dtype=np.float32).reshape(2, 5),
    }
    return Record("gradient_samples", 0, arrays=arrays | changed, attributes={"micro_batches": 2})


def gradients(**changed: Any) -> Record:
    arrays: dict[str, Any] = {"norm": np.array([1, 2], np.float32), "histogram": np.array([[4, 1], [0, 2]], np.uint32)}
    arrays |= {"micro_batch": np.array([0, 1], np.int32), "micro_norm": np.array([[5, 6], [1, 2]], np.float32)}
    arrays["micro_histogram"] = np.array([[[1, 4], [2, 0]], [[4, 1], [0, 2]]], np.uint32)
    return Record("gradients", 0, arrays=arrays | changed, attributes={"bin_start": 300})


def test_the_weights_of_one_variable_and_of_all() -> None:
    bias = read(samples(), VARIABLES, 1)
    assert bias["indices"].tolist() == [0, 1]
    assert [bias[name].tolist() for name in ("gradient", "value", "update")] == [[3, 4], [4, 5], [5, 6]]
    assert bias["micro_gradient"].tolist() == [[3, 4], [8, 9]]
    assert bias["micro_batch"].tolist() == [0, 1]
    whole = read(samples(), VARIABLES, None)
    assert whole["variables"] == VARIABLES
    assert whole["counts"].tolist() == [3, 2]
    assert whole["gradient"].tolist() == [0, 1, 2, 3, 4]


def test_the_micro_batches_of_one_variable() -> None:
    kernel = read(gradients(), VARIABLES, 0)
    assert (kernel["norm"], kernel["sampled"]) == (1, 1)
    assert kernel["histogram"][300:302].tolist() == [4, 1]
    assert kernel["micro_norm"].tolist() == [5, 1]
    assert kernel["micro_histogram"][:, 300:302].tolist() == [[1, 4], [4, 1]]


@pytest.mark.parametrize(
    "changed",
    [
        {"counts": np.array([3, 3], np.int32)},
        {"counts": np.array([6, -1], np.int32)},
        {"counts": np.array([5], np.int32)},
        {"counts": np.array(5, np.int32)},
        {"value": np.zeros(4, np.float32)},
        {"value": np.zeros((), np.float32)},
        {"micro_gradient": np.zeros((3, 5), np.float32)},
        {"micro_gradient": np.zeros(5, np.float32)},
    ],
)
def test_weights_that_do_not_fit_are_damage(changed: dict[str, np.ndarray]) -> None:
    with pytest.raises(DamagedRecord, match="gradient_samples"):
        read(samples(**changed), VARIABLES, 0)


@pytest.mark.parametrize(
    "changed",
    [
        {"micro_norm": np.zeros((2, 3), np.float32)},
        {"micro_norm": np.zeros((1, 2), np.float32)},
        {"sampled": np.zeros(3, np.int32)},
        {"micro_histogram": np.zeros((2, 2, 300), np.uint32)},
    ],
)
def test_gradients_that_do_not_fit_are_damage(changed: dict[str, np.ndarray]) -> None:
    with pytest.raises(DamagedRecord, match="gradients"):
        read(gradients(**changed), VARIABLES, 0)
