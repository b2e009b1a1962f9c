"""A large log costs a real TensorBoard no more than 64 MB and 64 bytes a record above one over an empty folder."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import numpy as np
import pytest

from tb_cnnviz.eventlog import wire
from tb_cnnviz.eventlog.encoding import encode
from tb_cnnviz.eventlog.framing import frame
from tb_cnnviz.records import Record
from tests.integration.conftest import READERS, ROUTE
from tests.support.eventually import eventually
from tests.support.tensorboard_process import TensorBoard, tensorboard

RUNS, LAYERS, STEPS = 4, 10, 5000
KERNEL = (12, 12, 3, 3)
RECORDS = RUNS * LAYERS * STEPS


def write_run(folder: Path) -> None:
    """5 kB of zeros a record, which are a hole in the file. Of equal records only the step is encoded anew."""
    folder.mkdir(parents=True)
    content = np.zeros(KERNEL, np.float32)
    wall_time, ends = wire.double_field(1, 1.7e9), list[tuple[bytes, bytes]]()
    for layer in range(LAYERS):
        first, *pieces = encode(Record("filters", 0, f"block{layer}/conv", {"kernel": content}, wall_time=1.7e9))
        behind_step = first.removeprefix(wall_time + wire.number_field(2, 0))
        ends.append((behind_step + pieces[0], pieces[1]))
    with (folder / "cnnviz.1.host.1.records").open("wb") as file:
        for step in range(STEPS):
            start = wall_time + wire.number_field(2, step)
            for head, zeros in ends:
                header, *_, footer = frame([start + head, zeros])
                file.write(header + start + head)
                file.seek(len(zeros), os.SEEK_CUR)
                file.write(footer)


def used(board: TensorBoard) -> None:
    """Look at every run, and at pictures all over a layer's steps, as a person who scrubs does."""
    listed = eventually(
        lambda: board.json(f"{ROUTE}runs")["runs"],
        lambda runs: sum(run["records"] for run in runs) == RECORDS,
    )
    for run in listed:
        detail = board.json(f"{ROUTE}run?run={run['name']}")
        (filters,) = (kind for kind in detail["kinds"] if kind["kind"] == "filters")
        assert [len(group["steps"]) for group in filters["groups"]] == [STEPS]
        steps = "".join(f"&step={step}" for step in range(0, STEPS, 20))
        status, body = board.get(f"{ROUTE}records?run={run['name']}&kind=filters&layer=block3/conv{steps}")
        assert status == 200
        assert len(body) > STEPS // 20 * 4 * np.prod(KERNEL)


@pytest.mark.parametrize("reader", ["python", pytest.param("rustboard", marks=pytest.mark.full)])
def test_memory_above_an_empty_tensorboard_is_bounded(tmp_path: Path, installed: None, reader: str) -> None:
    (tmp_path / "empty").mkdir()
    with ExitStack() as stack, ThreadPoolExecutor() as pool:

        def start(name: str) -> TensorBoard:
            return stack.enter_context(
                tensorboard("--logdir", str(tmp_path / name), "--load_fast", READERS[reader], "--reload_interval", "5")
            )

        empty, large = pool.submit(start, "empty"), pool.submit(start, "large")
        for run in range(RUNS):
            write_run(tmp_path / f"made/run{run}")
        (tmp_path / "made").rename(tmp_path / "large")
        used(large.result())
        assert empty.result().json(f"{ROUTE}runs")["runs"] == []
        apparent = sum(path.stat().st_size for path in tmp_path.rglob("*.records"))
        base = empty.result().resident_bytes()
        above = large.result().resident_bytes() - base
    assert apparent > 1e9
    assert base > 30 << 20, "no Python with TensorBoard in it takes less"
    assert above <= (64 << 20) + 64 * RECORDS, f"{above / 1e6:.0f} MB"
