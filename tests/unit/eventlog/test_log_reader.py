"""`open_log`: what a person gets, against what was put in; and where a log ended, for a fit that goes on."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from tb_cnnviz import open_log
from tb_cnnviz.eventlog.reader import Run
from tb_cnnviz.eventlog.resume import PastLog, Resume
from tb_cnnviz.eventlog.writer import RecordWriter
from tb_cnnviz.records import LayerRecord, ModelRecord, Record, VariableRecord
from tb_cnnviz.records.damaged import DamagedRecord
from tb_cnnviz.records.histogram import BIN_COUNT, edges, histogram, trim
from tb_cnnviz.records.quantisation import quantise_kernel, quantise_maps

VARIABLES = ["conv/kernel", "conv/bias", "dense/kernel"]


def model(names: list[str], step: int = 0, name: str = "net") -> Record:
    variables = [VariableRecord(path, path.split("/")[0], path.split("/")[1], [1], "float32", 1) for path in names]
    record = ModelRecord(name, [LayerRecord("conv", "conv", "Conv2D", "convolution")], variables, 3)
    return Record("model", step, arrays={"json": np.frombuffer(record.to_json(), np.uint8)})


def logged(folder: Path, *records: Record) -> Run:
    writer = RecordWriter(folder)
    for record in records:
        writer.write(record)
    writer.close()
    return open_log(folder)["."]


def gradients(step: int, values: list[np.ndarray], **attributes: object) -> Record:
    start, kept = trim(np.stack([histogram(value) for value in values]))
    columns = {
        "norm": np.array([np.linalg.norm(value) for value in values], np.float32),
        "mean": np.array([value.mean() for value in values], np.float32),
        "zeros": np.array([(value == 0).sum() for value in values], np.int64),
        "update_norm": np.arange(len(values), dtype=np.float32),
    }
    return Record(
        "gradients", step, arrays={**columns, "histogram": kept}, attributes={"bin_start": start, **attributes}
    )


def test_gradients_of_one_variable_and_of_all(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    values = [rng.normal(size=100 * (n + 1)).astype(np.float32) * 10.0**-n for n in range(3)]
    values = [value.astype(np.float32) for value in values]
    run = logged(tmp_path, model(VARIABLES), gradients(4, values, source="training batch"))
    assert run.steps("gradients") == run.steps("gradients", "conv/bias") == [4]
    everything = run.read("gradients", None, 4)
    assert everything["variables"] == VARIABLES
    assert everything["source"] == "training batch"
    assert everything["histogram"].shape == (3, BIN_COUNT)
    for column, (path, value) in enumerate(zip(VARIABLES, values, strict=True)):
        found = run.read("gradients", path, 4)
        np.testing.assert_array_equal(found["edges"], edges())
        assert found["histogram"].dtype == np.int64
        below = np.array([(value < edge).sum() for edge in found["edges"]])
        np.testing.assert_array_equal(np.cumsum(found["histogram"]), below[1:])
        np.testing.assert_array_equal(everything["histogram"][column], found["histogram"])
        np.testing.assert_allclose(found["norm"], np.sqrt((value.astype(np.float64) ** 2).sum()), rtol=1e-5)
        assert found["zeros"] == 0
        assert found["update_norm"] == column
        assert found["skipped"] == 0
        assert "bin_start" not in found
    with pytest.raises(KeyError, match=r"conv/kernel.*3 in all"):
        run.read("gradients", "conv/gamma", 4)
    with pytest.raises(KeyError, match="conv/kernel"):
        run.steps("gradients", "conv/gamma")


def test_a_variable_is_found_in_the_model_of_its_own_step(tmp_path: Path) -> None:
    """A second session may have frozen a layer: its columns are others."""
    first, second = [np.ones(5, np.float32), np.zeros(3, np.float32)], [np.zeros(7, np.float32)]
    run = logged(
        tmp_path,
        model(VARIABLES[:2]),
        gradients(1, first),
        model(VARIABLES[1:2], step=5),
        gradients(6, second),
    )
    assert run.read("gradients", "conv/bias", 1)["zeros"] == 3
    assert run.read("gradients", "conv/bias", 6)["zeros"] == 7
    assert run.read("gradients", "conv/kernel", 1)["zeros"] == 0
    with pytest.raises(KeyError, match="conv/bias"):
        run.read("gradients", "conv/kernel", 6)


@pytest.mark.parametrize(
    "changes",
    [
        {"histogram": np.zeros((2, 3), np.uint32)},
        {"histogram": np.zeros(3, np.uint32)},
        {"norm": np.zeros(2, np.float32)},
        {"norm": np.zeros((), np.float32)},
        {"histogram": np.zeros((3, BIN_COUNT), np.uint32)},
    ],
)
def test_gradients_that_do_not_fit_the_model_are_damage(tmp_path: Path, changes: dict[str, np.ndarray]) -> None:
    good = gradients(0, [np.ones(2, np.float32)] * 3)
    bad = Record("gradients", 0, arrays={**good.arrays, **changes}, attributes=good.attributes)
    run = logged(tmp_path, model(VARIABLES), bad)
    for variable in (None, "conv/kernel"):
        with pytest.raises(DamagedRecord, match="do not fit"):
            run.read("gradients", variable, 0)


@pytest.mark.parametrize("bin_start", ["7", None, -1, 10**9, 1.5, [1]])
def test_a_hostile_first_bin_is_damage(tmp_path: Path, bin_start: object) -> None:
    good = gradients(0, [np.ones(2, np.float32)] * 3)
    run = logged(
        tmp_path, model(VARIABLES), Record("gradients", 0, arrays=good.arrays, attributes={"bin_start": bin_start})
    )
    with pytest.raises(DamagedRecord):
        run.read("gradients", None, 0)


def test_kernels_of_both_forms(tmp_path: Path) -> None:
    rng = np.random.default_rng(2)
    small, big = rng.normal(size=(4, 3, 5, 5)).astype(np.float32), rng.normal(size=(512, 128, 3, 3)).astype(np.float32)
    small[0, 0, 0, :2] = np.nan, -np.inf
    norm = np.ones(4, np.float32)
    run = logged(
        tmp_path,
        Record("filters", 0, "small", {**quantise_kernel(small), "norm": norm, "bias": norm * 2}),
        Record("filters", 0, "big", quantise_kernel(big)),
    )
    found = run.read("filters", "small", 0)
    np.testing.assert_array_equal(found["kernel"], small)
    np.testing.assert_array_equal(found["bias"], norm * 2)
    assert set(found) == {"kernel", "norm", "bias"}
    found = run.read("filters", "big", 0)
    assert set(found) == {"kernel"}
    assert found["kernel"].dtype == np.float32
    largest = np.abs(big).max(axis=(1, 2, 3), keepdims=True)
    assert (np.abs(found["kernel"].astype(np.float64) - big) <= largest / 254 * (1 + 1e-5)).all()
    found["kernel"][:] = 0  # the caller's own
    assert run.read("filters", "big", 0)["kernel"].any()


def test_maps_bring_their_channels_statistics_and_input(tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    conv, pool, before = (rng.normal(size=(2, 3, n, n)).astype(np.float32) for n in (8, 4, 9))
    channels = np.array([0, 5, 7], np.int32)
    shared = {"channels": channels, "mean": np.ones((2, 10), np.float32)}
    own = quantise_maps(before)
    run = logged(
        tmp_path,
        Record("feature_maps", 1, "conv", {**quantise_maps(conv), **shared}, {"of": 10}),
        Record("feature_maps", 1, "pool", {**quantise_maps(pool), **shared}, {"of": 10, "input_layer": "conv"}),
        Record("feature_maps", 2, "pool", {**quantise_maps(pool), **shared}, {"of": 10, "input_layer": "conv"}),
        Record(
            "feature_maps",
            1,
            "other",
            {**quantise_maps(pool), **shared, **{f"input_{k}": v for k, v in own.items()}, "input_channels": channels},
            {"of": 10, "input_of": 12},
        ),
    )

    def near(found: np.ndarray, expected: np.ndarray) -> None:
        assert found.dtype == np.float32
        span = expected.max(axis=(2, 3), keepdims=True) - expected.min(axis=(2, 3), keepdims=True)
        assert (np.abs(found.astype(np.float64) - expected) <= span / 510 * (1 + 1e-4) + 1e-6).all()

    found = run.read("feature_maps", "conv", 1)
    assert set(found) == {"maps", "channels", "of", "mean"}
    near(found["maps"], conv)
    assert found["channels"].dtype == np.int64
    assert (found["of"], found["channels"].tolist()) == (10, [0, 5, 7])
    found = run.read("feature_maps", "pool", 1)
    near(found["input"], conv)
    assert (found["input_of"], found["input_channels"].tolist()) == (10, [0, 5, 7])
    assert "input" not in run.read("feature_maps", "pool", 2)  # the conv layer was not logged at that step
    found = run.read("feature_maps", "other", 1)
    near(found["input"], before)
    assert (found["input_of"], found["input_channels"].tolist()) == (12, [0, 5, 7])


@pytest.mark.parametrize(
    "arrays",
    [
        {},
        {"maps": np.zeros((1, 2, 3), np.uint8)},
        {
            "maps": np.zeros((1, 2, 3), np.uint8),
            "lo": np.zeros((9, 9)),
            "hi": np.zeros((9, 9)),
            "channels": np.zeros(2),
        },
    ],
)
def test_maps_whose_arrays_do_not_fit_are_damage(tmp_path: Path, arrays: dict[str, np.ndarray]) -> None:
    run = logged(tmp_path, Record("feature_maps", 0, "conv", arrays, {"of": 2}))
    with pytest.raises(DamagedRecord, match="do not fit"):
        run.read("feature_maps", "conv", 0)


def test_a_pooling_layer_that_names_itself_is_no_loop(tmp_path: Path) -> None:
    maps = {**quantise_maps(np.ones((1, 1, 2, 2), np.float32)), "channels": np.zeros(1, np.int32)}
    run = logged(tmp_path, Record("feature_maps", 0, "pool", maps, {"of": 1, "input_layer": "pool"}))
    np.testing.assert_array_equal(run.read("feature_maps", "pool", 0)["input"], np.ones((1, 1, 2, 2)))


def losses(step: int, steps: list[int], values: list[float], **more: list[int]) -> Record:
    columns = {name: np.array(value, np.int64) for name, value in more.items()}
    return Record(
        "losses", step, arrays={"step": np.array(steps, np.int64), "loss": np.array(values, np.float32), **columns}
    )


def test_losses_of_one_record_and_of_all(tmp_path: Path) -> None:
    run = logged(
        tmp_path,
        losses(2, [0, 1, 2], [3, 2, 1]),
        losses(5, [3, 4, 5], [0.5, np.nan, 0.3]),
        losses(6, [4, 5, 6], [7, 8, np.inf], epoch=[1, 1, 1]),
    )
    np.testing.assert_array_equal(run.read("losses", None, 5)["loss"], np.array([0.5, np.nan, 0.3], np.float32))
    everything = run.read("losses")
    assert everything["step"].tolist() == [0, 1, 2, 3, 4, 5, 6]
    assert everything["loss"].tolist() == [3, 2, 1, 0.5, 7, 8, np.inf]
    np.testing.assert_array_equal(everything["epoch"], [np.nan] * 4 + [1] * 3)


def epochs(step: int, epoch: object, **values: float) -> Record:
    return Record(
        "epochs",
        step,
        arrays={"values": np.array(list(values.values()), np.float32)},
        attributes={"names": list(values), "epoch": epoch},
    )


def test_epochs_have_a_column_for_each_metric(tmp_path: Path) -> None:
    run = logged(
        tmp_path, epochs(10, 0, loss=2.0, val_loss=3.0), epochs(20, 1, loss=9.0), epochs(20, 1, loss=1.0, rate=0.1)
    )
    found = run.read("epochs")
    assert (found["step"].tolist(), found["epoch"].tolist(), found["loss"].tolist()) == ([10, 20], [0, 1], [2, 1])
    np.testing.assert_array_equal(found["val_loss"], [3, np.nan])
    np.testing.assert_array_equal(found["rate"], np.array([np.nan, 0.1], np.float32))
    assert run.read("epochs", None, 20)["loss"].tolist() == [1.0]


def test_series_that_do_not_fit_are_damage(tmp_path: Path) -> None:
    cases = [
        Record("losses", 0, arrays={"loss": np.ones(3, np.float32)}),
        Record("losses", 0, arrays={"step": np.arange(2), "loss": np.ones(3, np.float32)}),
        Record("losses", 0, arrays={"step": np.array(3), "loss": np.array(3.0)}),
        Record("losses", 0, arrays={"step": np.array([0.5]), "loss": np.array([1.0])}),
        epochs(0, "zero", loss=1.0),
        epochs(0, 10**30, loss=1.0),
        Record("epochs", 0, arrays={"values": np.ones(2)}, attributes={"names": ["loss"], "epoch": 0}),
        Record("epochs", 0, attributes={"names": ["loss"], "epoch": 0}),
    ]
    for number, record in enumerate(cases):
        run = logged(tmp_path / str(number), record)
        for step in (0, None):
            with pytest.raises(DamagedRecord):
                run.read(record.kind, None, step)


def test_a_probe_and_the_last_step(tmp_path: Path) -> None:
    x, y = np.arange(12, dtype=np.float32).reshape(1, 2, 2, 3), np.array([4], np.int64)
    run = logged(
        tmp_path,
        Record("probe", 0, arrays={"x": x + 1, "y": y}),
        Record("probe", 9, arrays={"x": x, "y": y}, attributes={"labelled": True, "display_range": [0, 1]}),
    )
    found = run.read("probe")
    np.testing.assert_array_equal(found["x"], x)
    assert (found["y"].tolist(), found["labelled"], found["display_range"]) == ([4], True, [0, 1])
    np.testing.assert_array_equal(run.read("probe", None, 0)["x"], x + 1)
    assert run.kinds == ["probe"]
    assert (run.model, run.layers) == (None, [])


def test_a_log_is_refreshed_on_demand(tmp_path: Path) -> None:
    writer = RecordWriter(tmp_path / "a")
    writer.write(losses(0, [0], [1.0]))
    writer.flush()
    log = open_log(tmp_path)
    run = log["a"]
    writer.write(losses(1, [1], [1.0]))
    writer.close()
    logged(tmp_path / "b", losses(0, [0], [1.0]))
    assert (list(log), run.steps("losses")) == (["a"], [0])
    log.refresh()
    assert (list(log), run.steps("losses")) == (["a", "b"], [0, 1])
    assert open_log(tmp_path)["a"].name == "a"


def test_reading_needs_neither_keras_nor_tensorflow(tmp_path: Path) -> None:
    logged(tmp_path, model(VARIABLES), losses(0, [0], [1.0]))
    code = (
        "import sys\n"
        "for name in ('keras', 'tensorflow', 'jax', 'torch', 'tensorboard'): sys.modules[name] = None\n"
        "import tb_cnnviz\n"
        "run = tb_cnnviz.open_log(sys.argv[1])['.']\n"
        "print(run.layers[0].path, run.read('losses')['loss'].tolist())\n"
    )
    done = subprocess.run([sys.executable, "-c", code, tmp_path], capture_output=True, text=True, check=False)
    assert done.stdout == "conv [1.0]\n", done.stderr


# Where a log ended


def session(step: int, iterations: int, epoch: int) -> Record:
    return Record("session", step, attributes={"iterations_offset": iterations, "epoch_offset": epoch, "backend": "x"})


def test_a_folder_without_a_log_has_no_last_session(tmp_path: Path) -> None:
    assert PastLog(tmp_path / "nothing").resume() is None
    logged(tmp_path / "below", session(0, 0, 0))
    assert PastLog(tmp_path).resume() is None
    (tmp_path / "cnnviz.1.h.1.records").write_bytes(b"")
    assert PastLog(tmp_path).resume() is None
    with pytest.raises(ValueError, match="local"):
        PastLog("gs://bucket/run").resume()


def test_the_last_session_is_where_a_fit_goes_on(tmp_path: Path) -> None:
    logged(tmp_path, session(0, 0, 0), losses(7, [6, 7], [1, 1], examples=[48, 56]), epochs(8, 0, loss=1.0))
    assert PastLog(tmp_path).resume() == Resume(8, 0, 0, 0, 56)
    logged(tmp_path, session(8, 8, 1), losses(15, [15], [1], examples=[120]), epochs(16, 1, loss=1.0))
    assert PastLog(tmp_path).resume() == Resume(16, 1, 8, 1, 120)


def test_a_damaged_end_is_passed_over(tmp_path: Path) -> None:
    logged(tmp_path, session(0, 0, 0), epochs(8, 0, loss=1.0), epochs(16, 1, loss=1.0))
    (path,) = tmp_path.iterdir()
    content = path.read_bytes()
    path.write_bytes(content[:-20])
    assert PastLog(tmp_path).resume() == Resume(8, 0, 0, 0, 0)


def test_examples_that_are_no_whole_number_count_as_none(tmp_path: Path) -> None:
    columns = {"step": np.array([3]), "loss": np.array([1.0]), "examples": np.array([np.nan])}
    logged(tmp_path, Record("losses", 3, arrays=columns))
    assert PastLog(tmp_path).resume() == Resume(3, None, 0, 0, 0)


@pytest.mark.parametrize(
    "attributes", [{}, {"iterations_offset": "x", "epoch_offset": None}, {"iterations_offset": 2.5}]
)
def test_offsets_that_are_no_numbers_count_as_none(tmp_path: Path, attributes: dict[str, object]) -> None:
    logged(tmp_path, Record("session", 3, attributes=attributes))
    assert PastLog(tmp_path).resume() == Resume(3, None, 0, 0, 0)


# A restart that repeats steps


def log_session(folder: Path, value: float, steps: range) -> None:
    """A process that logs a convolution's maps and the pooling's behind it, all of one value, and losses."""
    writer = RecordWriter(folder)
    for step in steps:
        maps = {**quantise_maps(np.full((1, 1, 4, 4), value, np.float32)), "channels": np.zeros(1, np.int32)}
        source = {"of": 1, "input_layer": "conv"}
        writer.write(Record("feature_maps", step, "conv", maps, {"of": 1}, wall_time=100 * value + step))
        writer.write(Record("feature_maps", step, "pool", maps, source, wall_time=100 * value + step))
        writer.write(losses(step, [step], [value]))
    writer.close()


def test_the_later_session_holds_and_the_earlier_one_stays_reachable(tmp_path: Path) -> None:
    log_session(tmp_path, 1.0, range(5))
    log_session(tmp_path, 2.0, range(3, 8))
    run = open_log(tmp_path)["."]
    assert run.steps("feature_maps", "pool") == list(range(8))
    for step in range(8):
        told = [value for value, steps in ((1.0, range(5)), (2.0, range(3, 8))) if step in steps]
        assert run.wall_times("feature_maps", "pool", step) == [100 * value + step for value in told]
        assert float(run.read("feature_maps", "pool", step)["maps"].max()) == told[-1]
        for repeat, value in enumerate(told):
            found = run.read("feature_maps", "pool", step, repeat=repeat)
            assert (found["maps"] == value).all()
            assert (found["input"] == value).all()  # of the same session, not of the one that holds
            assert run.read("losses", None, step, repeat=repeat)["loss"].tolist() == [value]
        with pytest.raises(KeyError, match=f"0 to {len(told) - 1}"):
            run.read("feature_maps", "pool", step, repeat=len(told))
    assert run.read("losses")["loss"].tolist() == [1, 1, 1, 2, 2, 2, 2, 2]
