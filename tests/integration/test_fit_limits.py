"""What a fit may take: time, bytes of a step, bytes of a log. Held against the log's own numbers and its files."""

from __future__ import annotations

import itertools
import time
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

import tb_cnnviz
from tb_cnnviz.capture.backends.host import to_numpy
from tb_cnnviz.eventlog.index_entry import IndexEntry
from tb_cnnviz.loggers import statistics_stride
from tb_cnnviz.schedule import Auto, ScheduleState
from tests.support.fits import compiled, images, make, run_of, train

PROBE = images(4, seed=7)
#: What docs/log_format.md says is written whatever the limit: these kinds, and all of a fit's first and last step.
UNLIMITED = {"session", "model", "losses", "epochs", "cost", "notices"}
STEPPED = ("gradients", "activations", "filters", "feature_maps")
PICTURES = {"filters", "feature_maps", "error_maps", "predictions", "operations"}


def entries(folder: Path) -> list[IndexEntry]:
    return run_of(folder)._index.entries()


def notices(folder: Path, part: str) -> list[str]:
    return [n.reason for n in run_of(folder).notices if n.reason.startswith(f"{part}: ")]


def costs(folder: Path) -> list[tuple[int, dict[str, Any]]]:
    index = run_of(folder)._index
    return [(e.step, dict(index.read_entry(e).attributes)) for e in index.entries("cost")]


def log_bytes(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.glob("cnnviz.*.records"))


def test_auto_keeps_the_overhead(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The rule, applied again to the numbers in the log: what was spent and what is to come are within the share."""
    monkeypatch.setattr(Auto, "unnoticed_s", 60.0)  # however busy the machine is
    train(make(1), [tb_cnnviz.CNNViz(tmp_path, PROBE, overhead=0.8)], steps=150, epochs=2)
    seen, checked = costs(tmp_path), 0
    for (earlier, previous), (step, cost) in itertools.pairwise(seen):
        assert cost["overhead"] == pytest.approx(0.4)  # the other half is that of statistics
        assert cost["pictures_total_s"] >= cost["pictures_s"] > 0
        if step != earlier and step > 32 and step not in (150, 300):
            spent = cost["pictures_total_s"] - cost["pictures_s"] - seen[0][1]["pictures_s"]
            assert spent + 2 * previous["pictures_s"] <= cost["overhead"] * cost["training_s"] / cost["thinning"]
            checked += 1
    assert {0, 1, 2, 3, 4, 6, 8, 11, 16, 23, 32, 150, 300} <= set(run_of(tmp_path).steps("predictions"))
    assert len(run_of(tmp_path).steps("predictions")) == 13 + checked


def test_statistics_of_slow_steps_are_thinned_before_the_first_32(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Slow(keras.callbacks.Callback):  # type: ignore[misc]
        def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
            time.sleep(0.05)

    monkeypatch.setattr(statistics_stride, "_WARM_S", 0.4)
    train(make(1), [Slow(), tb_cnnviz.CNNViz(tmp_path, PROBE, overhead=0.001)], steps=24)
    steps = {kind: sorted({entry.step for entry in run_of(tmp_path)._index.entries(kind)}) for kind in STEPPED}
    first = [step for place, step in enumerate(steps["gradients"]) if step == place]
    assert 2 <= len(first) <= 12
    assert set(steps["gradients"][len(first) :]) <= {*steps["filters"], *steps["feature_maps"]}
    assert {*steps["gradients"]} == {*steps["activations"]}


def test_callbacks_of_one_fit_share_log_and_overhead(tmp_path: Path) -> None:
    callbacks = [
        tb_cnnviz.FilterLogger(tmp_path, overhead=0.2),
        tb_cnnviz.FeatureMapLogger(tmp_path, PROBE, overhead=0.2, activations=False, batches=False),
        tb_cnnviz.LossLogger(tmp_path),
    ]
    train(make(1), callbacks)
    assert {cost["overhead"] for _, cost in costs(tmp_path)} == {0.1}
    kinds = [entry.kind for entry in entries(tmp_path)]
    assert kinds.count("session") == kinds.count("model") == 1
    assert len(list(tmp_path.glob("cnnviz.*.records"))) == 1
    assert run_of(tmp_path).notices == []


class Primes(tb_cnnviz.Schedule):
    """A user's own."""

    def is_due(self, moment: ScheduleState) -> bool:
        return moment.step > 1 and all(moment.step % n for n in range(2, moment.step))


class Never(tb_cnnviz.Schedule):
    def is_due(self, moment: ScheduleState) -> bool:
        return False


class Broken(tb_cnnviz.Schedule):
    def is_due(self, moment: ScheduleState) -> bool:
        raise LookupError("no such step")


class Stops(keras.callbacks.Callback):  # type: ignore[misc]
    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        if batch == 4:
            raise KeyboardInterrupt


@pytest.mark.parametrize(
    ("every", "steps", "options", "expected"),
    [
        (Primes(), 9, {}, [0, 2, 3, 5, 7, 9]),
        (Never(), 1, {}, [0, 1]),
        *([(Never(), 8, {"steps_per_execution": 4}, [0, 8])] if keras.config.backend() != "torch" else []),
        (100, 3, {}, [0, 3]),
        ("epoch", 3, {}, [0, 3]),
        ("auto", 1, {}, [0, 1]),
    ],
)
def test_schedules_and_the_first_and_last_step(
    tmp_path: Path, every: Any, steps: int, options: dict[str, Any], expected: list[int]
) -> None:
    train(make(1, **options), [tb_cnnviz.FilterLogger(tmp_path, every=every)], steps=steps)
    run = run_of(tmp_path)
    path = next(layer.path for layer in run.layers if layer.role == "convolution")
    assert run.steps("filters", path) == expected


def test_a_schedule_that_raises_costs_its_pictures(tmp_path: Path) -> None:
    with pytest.warns(RuntimeWarning, match="the schedule of this fit will not be logged: LookupError: no such step"):
        train(make(1), [tb_cnnviz.FilterLogger(tmp_path, every=Broken())], epochs=2)
    run = run_of(tmp_path)
    path = next(layer.path for layer in run.layers if layer.role == "convolution")
    assert run.steps("filters", path) == [0, 6, 12]


def test_the_last_step_is_logged_when_an_interrupt_ends_fit(tmp_path: Path) -> None:
    model = make(1)
    with pytest.raises(KeyboardInterrupt):
        train(model, [tb_cnnviz.FilterLogger(tmp_path, every=Never()), Stops()])
    run = run_of(tmp_path)
    path = next(layer.path for layer in run.layers if layer.role == "convolution")
    assert run.steps("filters", path) == [0, 5]
    weights = to_numpy(next(v for v in model.trainable_variables if v.path.startswith(path)))
    np.testing.assert_array_equal(np.moveaxis(run.read("filters", path, 5)["kernel"], (0, 1), (-1, -2)), weights)


def test_pictures_of_a_large_network_keep_within_a_step(tmp_path: Path) -> None:
    """The convolutions of VGG16, 14.7 million weights: bytes in the log, and that it says what it leaves out."""
    limit, widths = 2 << 20, [64, 64, 128, 128, 256, 256, 256, 512, 512, 512, 512, 512, 512]
    stack = [keras.layers.Conv2D(n, 3, padding="same", strides=2 if i < 3 else 1) for i, n in enumerate(widths)]
    tail = [keras.layers.GlobalAveragePooling2D(), keras.layers.Dense(5)]
    model = compiled(keras.Sequential([keras.Input((12, 12, 3)), *stack, *tail]))
    ours = tb_cnnviz.CNNViz(tmp_path, images(4), max_bytes_per_step=limit, gradients=False, every=Never())
    train(model, [ours], steps=1)
    index = run_of(tmp_path)._index
    for step in (0, 1):
        records = [
            index.read_entry(e) for e in index.entries() if e.step == step and e.kind in PICTURES - {"operations"}
        ]
        taken = sum(array.nbytes for record in records for array in record.arrays.values())
        assert taken <= limit
        kernels = [record for record in records if record.kind == "filters"]
        assert (
            0.9 * limit / 3 < sum(array.nbytes for record in kernels for array in record.arrays.values()) <= limit / 3
        )
        cut = [record for record in kernels if "of" in record.attributes]
        assert len(cut) >= 5
        for record in cut:
            kept = record.arrays["filters"]
            assert record.attributes["of"] == len(record.arrays["norm"]) > len(kept)
            assert record.arrays["kernel"].dtype == np.int8
            assert kept.tolist() == list(range(len(record.arrays["kernel"])))
            whole = model.get_layer(str(record.layer).split("/")[-1])
            if step == 1:
                rows = np.moveaxis(to_numpy(whole.kernel), (-1, -2), (0, 1))
                levels = record.arrays["kernel"] * record.arrays["scale"][:, None, None, None]
                np.testing.assert_allclose(levels, rows[kept], atol=np.abs(rows).max() / 250)
                norms = np.sqrt((rows.astype(np.float64) ** 2).sum(axis=(1, 2, 3)))
                np.testing.assert_allclose(record.arrays["norm"], norms, rtol=1e-5)
    assert len(notices(tmp_path, "filters")) == 1
    assert "of 512 of " in notices(tmp_path, "filters")[0]


def test_a_log_keeps_its_limit_over_two_fits(tmp_path: Path) -> None:
    """What may be thinned ends within the limit, in both fits; the first fit leaves room for all that comes after."""
    limit = 400_000
    ends: set[int] = set()
    sizes, model = [], make(1)
    for fit in range(2):
        train(model, [tb_cnnviz.CNNViz(tmp_path, PROBE, every=1, max_log_bytes=limit)], steps=100, epochs=2)
        ends |= {200 * fit, 200 * (fit + 1)}
        sizes.append(log_bytes(tmp_path))
        told = [n for n in notices(tmp_path, "limits") if f"of at most {limit} bytes" in n]
        assert len(told) == fit + 1, told
    before = 0
    for path in sorted(tmp_path.glob("cnnviz.*.records")):
        for entry in (e for e in entries(tmp_path) if Path(e.file).name == path.name):
            if entry.kind not in UNLIMITED and entry.step not in ends:
                assert before + entry.offset + entry.length <= limit
        before += path.stat().st_size
    assert 0.6 * limit < sizes[0] <= limit
    run = run_of(tmp_path)
    assert ends <= set(run.steps("predictions"))
    assert 5 < len(run.steps("predictions")) < 200
    assert np.concatenate([run.read("losses", None, s)["step"] for s in run.steps("losses")]).tolist() == [*range(400)]
    # What a full log gets: a first and a last step, chosen to be small, and what has no limit.
    of_ends = sum(e.length for e in entries(tmp_path) if e.step in (200, 400) or e.kind in UNLIMITED)
    assert sizes[1] <= max(limit, sizes[0]) + of_ends
