"""Whose a scalar is and what its column is called: TensorBoard's runs and tags as runs and columns of ours.

The tags are those of keras.callbacks.TensorBoard; docs/http_api.md has the table.
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Iterator, Mapping
from dataclasses import dataclass

from tb_cnnviz.records.metric_names import column_of

TRAIN, VALIDATION = "train", "validation"
MAX_TAGS = 200
MAX_NAME = 1000

#: Columns that a series has anyway. A metric of Keras by such a name has another column; what any other tool calls so
#: is as a rule the same thing, and is left out.
_TAKEN = ("step", "updates", "wall_time")

_EPOCH = re.compile(r"epoch_(.+)", re.DOTALL)
_EVALUATION = re.compile(r"evaluation_.*_vs_iterations", re.DOTALL)
_EVALUATED_LOSS = (VALIDATION, "evaluation_loss_vs_iterations")
_BATCH = "batch_"
_BATCH_LOSS = "batch_loss"


@dataclass(frozen=True)
class Columns:
    """What becomes of a run's tags.

    Args:
        epochs: column to (folder, tag) for the kind epochs.
        losses: the same for the kind losses.
        updates: (folder, tag) of the validation's loss by the optimizer's iterations, where Keras wrote it beside `val_loss`.
        plain: the columns of `epochs` from tags that Keras' callback does not write.
        is_keras: whether it wrote any of the tags.
        left_out: how many tags are no column.
    """

    epochs: Mapping[str, tuple[str, str]]
    losses: Mapping[str, tuple[str, str]]
    updates: tuple[str, str] | None
    plain: tuple[str, ...]
    is_keras: bool
    left_out: int


@dataclass(frozen=True)
class Naming:
    """What a run's name depends on besides what TensorBoard calls it.

    Args:
        prefixes: the names of --logdir_spec, whose own folders TensorBoard calls `name/.`.
        recorded: the names of runs that hold records: such a run is no folder of another one.
    """

    prefixes: Container[str] = ()
    recorded: Container[str] = ()

    def fold(self, run: str) -> tuple[str, str]:
        """The run and the folder in it that a run of TensorBoard is: `x/train` is folder `train` of run `x`."""
        head, _, folder = run.rpartition("/")
        if folder not in (TRAIN, VALIDATION) or run in self.recorded:
            return run, ""
        if head in self.prefixes:
            head = f"{head}/."
        return head or ".", folder


def columns_of(tags: Mapping[str, Iterable[str]]) -> Columns:
    """Columns for the tags of a run, by folder: "", `train` or `validation`."""
    listed = [(folder, tag) for folder in (TRAIN, VALIDATION, "") for tag in sorted(tags.get(folder, ()))]
    is_keras = any(_is_of_keras(folder, tag) for folder, tag in listed)
    losses = {"loss": (TRAIN, _BATCH_LOSS)} if (TRAIN, _BATCH_LOSS) in listed else {}
    epochs: dict[str, tuple[str, str]] = {}
    plain: list[str] = []
    for name, place, of_keras in _named(listed, is_keras):
        if name in epochs or name in _TAKEN or len(name) > MAX_NAME or len(epochs) == MAX_TAGS:
            continue
        if not of_keras and name == "epoch" and is_keras:
            continue
        epochs[name] = place
        if not of_keras:
            plain.append(name)
    has_updates = _EVALUATED_LOSS in listed and epochs.get("val_loss") == (VALIDATION, "epoch_loss")
    updates = _EVALUATED_LOSS if has_updates else None
    left_out = len(listed) - len(epochs) - len(losses) - has_updates
    return Columns(epochs, losses, updates, tuple(plain), is_keras, left_out)


def _named(listed: list[tuple[str, str]], is_keras: bool) -> Iterator[tuple[str, tuple[str, str], bool]]:
    """Columns' names, where their values are, and whether Keras wrote them: Keras' own first, so that none is lost."""
    others = []
    for folder, tag in listed:
        if folder and (metric := _EPOCH.fullmatch(tag)):
            yield column_of(_in_folder(metric[1], folder)), (folder, tag), True
        elif not (is_keras and _counts_batches(folder, tag)):
            others.append((_in_folder(tag, folder), (folder, tag), False))
    yield from others


def _in_folder(name: str, folder: str) -> str:
    return f"val_{name}" if folder == VALIDATION else name


def _is_of_keras(folder: str, tag: str) -> bool:
    return bool(folder and _EPOCH.fullmatch(tag)) or _is_loss_by_batch(folder, tag) or _is_evaluation(folder, tag)


def _counts_batches(folder: str, tag: str) -> bool:
    return (folder == TRAIN and tag.startswith(_BATCH)) or _is_evaluation(folder, tag)


def _is_loss_by_batch(folder: str, tag: str) -> bool:
    return folder == TRAIN and tag == _BATCH_LOSS


def _is_evaluation(folder: str, tag: str) -> bool:
    return folder == VALIDATION and _EVALUATION.fullmatch(tag) is not None
