"""What a fit logs is what the kinds of record say of themselves."""

from __future__ import annotations

import re
from pathlib import Path

from tb_cnnviz import CNNViz
from tb_cnnviz.records.kinds import KINDS, Form
from tests.support.fits import images, make, run_of


def test_every_record_is_as_its_kind_says(tmp_path: Path) -> None:
    model, (x, y) = make(), images(16)
    callback = CNNViz(tmp_path, probe=(x[:2], y[:2]), overhead=1)
    model.fit(x, y, batch_size=8, epochs=1, callbacks=[callback], verbose=0)
    index = run_of(tmp_path)._index
    assert set(index.kinds) == set(KINDS) - {"notices", "weights_set"}
    for entry in index.entries():
        kind, record = KINDS[entry.kind], index.read_entry(entry)
        assert kind.has_layer == (entry.layer is not None)
        said = {name for text in (kind.arrays, *_names(kind)) for name in re.findall(r"\w+", text)}
        assert set(record.arrays) <= said, f"{kind.name}: {set(record.arrays) - said} are not in its table"
        if kind.series is None:
            continue
        for column in kind.series.columns:
            assert record.arrays[column.name].dtype == column.dtype, f"{kind.name}, {column.name}"
        if kind.series.form is Form.STATISTICS:
            assert kind.series.has_histogram == ("histogram" in record.arrays)


def test_a_part_that_is_given_up_is_named_as_the_kinds_say(tmp_path: Path) -> None:
    parts = CNNViz(tmp_path).make_recorders()
    assert {part.name for part in parts} <= {name for kind in KINDS.values() for name in kind.lost_with}


def _names(kind: object) -> tuple[str, ...]:
    series = getattr(kind, "series", None)
    return series.names if series is not None else ()
