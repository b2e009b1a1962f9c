"""The weights that gradient_samples follow, against weights, gradients and changes that the test has of all."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from tb_cnnviz.eventlog.reader import Run

Arrays = Sequence[np.ndarray]


def check_samples(run: Run, before: Sequence[Arrays], gradients: Sequence[Arrays], changes: Sequence[Arrays]) -> None:
    """By step and variable: the values before the update, the gradients and the updates, at the places that are said."""
    assert run.model is not None
    steps = run.steps("gradient_samples")
    assert steps == run.steps("gradients")
    for step, values, gradient, change in zip(steps, before, gradients, changes, strict=True):
        for i, variable in enumerate(run.model.variables):
            read = run.read("gradient_samples", variable.path, step)
            places = read["indices"]
            assert len(np.unique(places)) == len(places) == min(256, values[i].size)
            np.testing.assert_array_equal(read["value"], values[i].reshape(-1)[places].astype(np.float32))
            for name, all_of_it in (("update", change), ("gradient", gradient)):
                scale = max(float(np.abs(each).max()) for each in all_of_it)
                wanted = all_of_it[i].reshape(-1)[places]
                np.testing.assert_allclose(read[name], wanted, rtol=1e-3, atol=1e-4 * scale)


def check_micro_batches(run: Run, gradients: Sequence[Arrays], count: int) -> None:
    """Of each update every micro-batch's gradient, the last one's in the record's own columns too."""
    assert run.model is not None
    for place, step in enumerate(run.steps("gradients")):
        received = gradients[count * place : count * (place + 1)]
        for i, variable in enumerate(run.model.variables):
            read = run.read("gradients", variable.path, step)
            assert read["micro_batch"].tolist() == list(range(count))
            norms = [np.linalg.norm(each[i].astype(np.float64)) for each in received]
            np.testing.assert_allclose(read["micro_norm"], norms, rtol=1e-3)
            assert read["micro_norm"][-1] == read["norm"]
            assert read["micro_histogram"].sum(axis=1).tolist() == [received[0][i].size] * count
            np.testing.assert_array_equal(read["micro_histogram"][-1], read["histogram"])
            samples = run.read("gradient_samples", variable.path, step)
            wanted = np.stack([each[i].reshape(-1)[samples["indices"]] for each in received])
            np.testing.assert_allclose(samples["micro_gradient"], wanted, rtol=1e-3, atol=1e-4 * np.abs(wanted).max())
            np.testing.assert_array_equal(samples["micro_gradient"][-1], samples["gradient"])
