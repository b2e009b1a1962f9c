"""Each kind of record stands in a file of its own, and documents and series ask it."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from tb_cnnviz.records import Record
from tb_cnnviz.records.damaged import DamagedRecord
from tb_cnnviz.records.kinds import KINDS, ROW_KINDS, SERIES, Form, Owner
from tb_cnnviz.records.kinds.kind import Asked, as_logged
from tb_cnnviz.records.layer_rows import restore_rows
from tests.support.scripts import script

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def generator() -> ModuleType:
    return script("scripts/generate_kind_tables.py")


def test_each_kind_is_a_file_of_its_name() -> None:
    files = {path.stem for path in (ROOT / "tb_cnnviz" / "records" / "kinds").glob("*.py")} - {"__init__", "kind"}
    assert files == set(KINDS)
    assert len({kind.order for kind in KINDS.values()}) == len(KINDS)


def test_the_tables_of_the_documents_are_up_to_date(generator: ModuleType) -> None:
    assert generator.main(["--check"]) == 0


def test_the_check_notices_a_cell_that_was_changed(generator: ModuleType) -> None:
    page = (ROOT / "docs" / "log_format.md").read_text(encoding="utf-8")
    damaged = page.replace("| gradients | `norm` |", "| gradients | `size` |")
    assert damaged != page
    assert generator.page_with_tables(damaged) == page


def test_statistics_have_a_column_for_each_variable_or_layer() -> None:
    for kind in KINDS.values():
        is_wide = kind.series is not None and kind.series.form is Form.STATISTICS
        assert is_wide <= (kind.owner in (Owner.VARIABLES, Owner.ROWS)), kind.name
        assert not (kind.series and kind.series.form is not Form.METRICS and not kind.series.columns), kind.name
        assert len(set(kind.series.names if kind.series else ())) == len(kind.series.names if kind.series else ())


def test_a_kind_with_rows_is_read_by_them() -> None:
    assert all(KINDS[name].restore is restore_rows for name in ROW_KINDS)


def test_one_variable_of_a_kind_that_is_read_as_it_was_logged() -> None:
    record = Record("gradients", 0, arrays={"sum": np.arange(3.0)})
    assert as_logged(record, Asked(column=1))["sum"] == 1
    assert as_logged(record, Asked())["sum"].tolist() == [0, 1, 2]
    with pytest.raises(DamagedRecord, match="gradients"):
        as_logged(record, Asked(column=3))


def test_what_gives_way_is_never_what_is_always_written() -> None:
    assert not [kind.name for kind in KINDS.values() if kind.is_picture and kind.is_unlimited]


def test_kinds_of_earlier_logs_come_first() -> None:
    """Their order is that of answers; a name never changes, since old logs hold it. New kinds come after them."""
    earlier = [
        "session",
        "model",
        "probe",
        "filters",
        "feature_maps",
        "operations",
        "predictions",
        "gradients",
        "losses",
        "epochs",
        "activations",
        "errors",
        "error_maps",
        "gradient_samples",
        "cost",
        "notices",
        "weights_set",
    ]
    assert list(KINDS)[: len(earlier)] == earlier
    assert [name for name in SERIES if name in earlier] == ["losses", "epochs", "gradients", "activations", "errors"]
    assert ROW_KINDS[:2] == ("activations", "errors")
