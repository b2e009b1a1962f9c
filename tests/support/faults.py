"""What a fault in any function of ours costs a fit: one warning, and the part that it names.

`python -m tests.support.faults RESULTS.json` tries, with the backend in KERAS_BACKEND, stages that fail each time they
are reached, and interrupts in some. With `--complete ERROR` it tries every function of ours that a fit calls, once at its
first call and once at a later one: they are found by watching fits, so a new one is tried as soon as it is called.
"""

from __future__ import annotations

import argparse
import builtins
import faulthandler
import functools
import importlib
import json
import re
import tempfile
import threading
import traceback
import warnings
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras

from tb_cnnviz.records import KINDS
from tests.support.fault_scenes import SCENES, Scene, fit
from tests.support.fits import identical, inventory, run_of, train
from tests.support.watched_functions import Where, watched

SAYS = "a fault on purpose"
#: Seconds, of one case.
PATIENCE = 300

#: What a part is called in its warning, and the kinds of records that may be missing then, as the kinds say.
LOST: dict[str, set[str]] = {"the end of fit": set(), "verdicts": set()}
for kind in KINDS.values():
    for part in kind.lost_with:
        LOST.setdefault(part, set()).add(kind.name)
#: Kinds that no part has for itself.
COMMON = {kind.name for kind in KINDS.values() if not kind.lost_with}
PICTURES = LOST["filters"] | LOST["feature maps"] | LOST["errors"]
#: What records inside training steps: a fault in what these share costs each of them.
IN_STEP = ("gradients", "losses", "activations", "batches")
#: What is more than one part.
WIDE = {
    "everything": set().union(*LOST.values()),
    "all that is recorded inside training steps": set().union(*(LOST[part] for part in IN_STEP)),
    "the schedule": PICTURES,
    "limits": PICTURES,
}

#: What Keras itself calls, and nothing of ours stands around: they hold a `try` and little else.
OUTERMOST: set[Where] = {
    ("capture/hook.py", "forgiving.<locals>.wrap.<locals>.call"),
    ("capture/backends/private.py", "watch_batches.<locals>.catch_stop_iteration"),
    ("capture/backends/private.py", "_watched.<locals>.watched"),
    ("capture/backends/private.py", "around_event.<locals>.around"),
    ("capture/backends/jax/jax_carry.py", "hooks.<locals>.wrap_step.<locals>.train_step"),
    ("capture/in_step/step.py", "InstrumentedStep._run"),
    ("capture/in_step/step.py", "InstrumentedStep._run_hooked"),
    ("loggers/event_guard.py", "guarded.<locals>.event"),
    ("loggers/logger.py", "Logger._begin"),
}

#: Functions in which `make test` puts an interrupt.
INTERRUPTED: set[Where] = {
    ("capture/hook.py", "hooked"),
    ("capture/in_step/step.py", "InstrumentedStep.arm"),
    ("eventlog/queue.py", "RecordQueue.push"),
    ("loggers/fit_log.py", "FitLog.guard"),
}

#: Stages that are tried without memory too: one that reads, one that traces, one that keeps.
STARVED = ("a kernel", "received gradients", "the ring")

#: A stage, where its function is looked up, and what its warning names.
STAGES = {
    "a kernel": ("tb_cnnviz.capture.quantities.filters", "record", "filters"),
    "the probe's pass": ("tb_cnnviz.capture.quantities.feature_maps", "FeatureMaps._choose", "feature maps"),
    "the maps": ("tb_cnnviz.capture.quantities.feature_maps", "FeatureMaps.records", "feature maps"),
    "the model record": ("tb_cnnviz.capture.network.architecture", "model_record", "the model record"),
    "making gradients": ("tb_cnnviz.capture.quantities.gradients", "GradientCapture.__init__", "gradients"),
    "received gradients": ("tb_cnnviz.capture.quantities.gradients", "GradientCapture._record_received", "gradients"),
    "applied updates": ("tb_cnnviz.capture.quantities.gradients", "GradientCapture._record_applied", "gradients"),
    "draining gradients": ("tb_cnnviz.capture.quantities.gradients", "GradientCapture.drain", "gradients"),
    "a loss": ("tb_cnnviz.capture.quantities.losses", "LossCapture._record", "losses"),
    "draining losses": ("tb_cnnviz.capture.quantities.losses", "LossCapture.drain", "losses"),
    "the ring": ("tb_cnnviz.capture.in_step.ring_buffer", "RingBuffer.__init__", "gradients"),
    "the step": ("tb_cnnviz.capture.backends.private", "build_step", "gradients"),
    "the place of the step": ("tb_cnnviz.capture.in_step.step", "InstrumentedStep.arm", "everything"),
    "errors": ("tb_cnnviz.capture.quantities.errors", "Errors.take", "errors"),
    "stock scalars": ("tb_cnnviz.eventlog.stock", "StockWriter.scalar", "metrics"),
    "stock pictures": ("tb_cnnviz.eventlog.stock", "StockWriter.image", "filters"),
    "examples": ("tb_cnnviz.eventlog.resume", "PastLog.examples_before", "losses"),
    "the log's end": ("tb_cnnviz.eventlog.resume", "PastLog.resume", "everything"),
    "the schedule": ("tb_cnnviz.loggers.picture_steps", "PictureSteps._moment", "the schedule"),
    "an event": ("tb_cnnviz.loggers.picture_steps", "PictureSteps.take", "everything"),
    "the guard": ("tb_cnnviz.loggers.fit_log", "FitLog.guard", "everything"),
}


@dataclass(frozen=True)
class Case:
    """A fault at one call of one function: `where` is its file below tb_cnnviz and its qualified name."""

    where: Where
    error: type[BaseException]
    call: int

    @property
    def name(self) -> str:
        return f"{self.where[0]} {self.where[1]}, call {self.call}, {self.error.__name__}"


class Bench:
    """Tries cases in one scene against its fit without the callback and the log of one without a fault.

    Attributes:
        functions: every function of ours that the fit calls, with its number of calls.
    """

    def __init__(self, scene: Scene, folder: Path) -> None:
        self.scene, self.folder = scene, folder
        self.bare = scene.make()
        fit(self.bare, [])
        self.functions: Counter[Where] = Counter()
        fit(scene.make(), [scene.callback(folder / "first")])  # imports all that it needs
        with watched(lambda where: self.functions.update([where])):
            fit(scene.make(), [scene.callback(folder / "whole")])
        self.whole = steps_of(folder / "whole")
        self.clean = list(inventory(self.bare).values())

    def try_case(self, case: Case, number: int, *, is_always: bool = False) -> dict[str, Any]:
        model, folder = self.scene.make(), self.folder / str(number)
        ours, calls = self.scene.callback(folder), Counter[Where]()
        fired: list[Where] = []

        def watch(where: Where) -> None:
            calls[where] += 1
            is_there = where == case.where and calls[where] == case.call and not fired
            if is_there and (
                issubclass(case.error, Exception) or threading.current_thread() is threading.main_thread()
            ):
                fired.append(where)
                raise case.error(SAYS)

        problem = ""
        with warnings.catch_warnings(record=True) as seen:
            warnings.simplefilter("always")
            try:
                with watched(watch):
                    fit(model, [ours])
                if fired and not issubclass(case.error, Exception):
                    problem = "the interrupt was kept from fit's caller"
                elif not identical(model, self.bare):
                    problem = "the weights are not those of a bare fit"
            except BaseException as error:
                if type(error) is not case.error or isinstance(error, Exception):
                    problem = f"fit raised {traceback.format_exc(limit=-6)}"
            try:
                if issubclass(case.error, Exception):  # an interrupt may come before the model is built
                    left = [a for a, b in zip(inventory(model).values(), self.clean, strict=True) if a != b and a]
                    assert not left, f"left on the model: {left}"
                assert "cnnviz" not in repr(model.train_function), f"train_function is {model.train_function!r}"
            except AssertionError as error:
                problem = problem or str(error)
        told = [str(w.message) for w in seen if "tb_cnnviz" in str(w.message)]
        if not problem and (fired or is_always) and issubclass(case.error, Exception):
            problem = self._judge(told, folder, case, most=len(IN_STEP) if is_always else 1)
        if not problem and not issubclass(case.error, Exception):
            problem = works_on(model)
        return {"problem": problem, "fired": bool(fired), "told": told}

    def _judge(self, told: list[str], folder: Path, case: Case, most: int) -> str:
        if len(told) > most or len(set(told)) < len(told):
            return f"{len(told)} warnings: {told}"
        lost: set[str] = set(COMMON)
        spared = 0
        for text in told:
            named = re.match(r"tb_cnnviz: (.*?) of this fit will not be logged: ", text)
            if named:
                for part in re.split(" and |, ", named[1]):
                    if part not in LOST | WIDE:
                        return f"{part!r} names no part: {text}"
                    lost |= (LOST | WIDE)[part]
            elif "could not write" in text:
                spared = 1
            else:
                return f"a warning of another kind: {text}"
            if SAYS not in text and case.error.__name__ not in text:
                return f"a warning that does not say why: {text}"
        there = steps_of(folder) if (folder / "").exists() else {}
        missing = {kind: sorted(steps - there.get(kind, set())) for kind, steps in self.whole.items()}
        missing = {kind: steps for kind, steps in missing.items() if steps and kind not in lost}
        if sum(map(len, missing.values())) > spared:
            return f"missing in the log without a word: {missing}; said {told}"
        return ""


def steps_of(folder: Path) -> dict[str, set[Any]]:
    """Layer and step of every record, by kind."""
    if not list(folder.glob("cnnviz.*.records")):
        return {}
    steps: dict[str, set[Any]] = {}
    for entry in run_of(folder)._index.entries():
        steps.setdefault(entry.kind, set()).add((entry.layer, entry.step))
    return steps


def works_on(model: keras.Model) -> str:
    """After an interrupt the model trains on.

    But one that came inside a step of JAX may have cost it its weights; and one that came while TensorFlow traces a
    branch of LossScaleOptimizer leaves a model that cannot be trained, without us too.
    """
    try:
        train(model, steps=2)
    except Exception:
        is_scaled = isinstance(model.optimizer, keras.optimizers.LossScaleOptimizer)
        if keras.config.backend() != "jax" and not is_scaled:
            return traceback.format_exc(limit=-4)
    return ""


def always(bench: Bench, stage: str, error: type[Exception], number: int) -> dict[str, Any]:
    """A fit in which a stage fails each time."""
    home, name, part = STAGES[stage]
    owner = importlib.import_module(home)
    *outer, last = name.split(".")
    for each in outer:
        owner = getattr(owner, each)

    def breaks(*args: Any, **kwargs: Any) -> Any:
        raise error(SAYS)

    own = vars(owner)[last]
    setattr(owner, last, breaks)
    try:
        result = bench.try_case(Case(("", ""), error, 0), number, is_always=True)
    finally:
        setattr(owner, last, own)
    if not result["problem"] and not any(part in text for text in result["told"]):
        result["problem"] = f"no warning names {part}: {result['told']}"
    return result


def complete(functions: Counter[Where], error: type[BaseException]) -> list[Case]:
    """The first call of every function, and a later one of those that are called again and again."""
    cases = []
    for where, calls in sorted(functions.items()):
        if where in OUTERMOST:
            continue
        cases.append(Case(where, error, 1))
        if calls > 3:
            cases.append(Case(where, error, calls // 2 + 1))
    return cases


Cases = dict[str, Callable[[int], dict[str, Any]]]


def everywhere(error: type[BaseException], folder: Path) -> Cases:
    """A fault in every function: of the plain scene, and of the others in those that no scene before has."""
    cases: Cases = {}
    seen: set[Where] = set()
    for name, scene in SCENES.items():
        if keras.config.backend() not in scene.backends:
            continue
        bench = Bench(scene, folder / name)
        new = Counter({where: calls for where, calls in bench.functions.items() if where not in seen})
        seen |= set(new)
        cases |= {f"{name}: {case.name}": functools.partial(bench.try_case, case) for case in complete(new, error)}
    return cases


def stages(folder: Path) -> Cases:
    """Every stage by name, some without memory, and some interrupts."""
    bench = Bench(SCENES["plain"], folder)
    tried = [*((stage, ZeroDivisionError) for stage in STAGES), *((stage, MemoryError) for stage in STARVED)]
    cases: Cases = {f"{s}, always, {e.__name__}": functools.partial(always, bench, s, e) for s, e in tried}
    interrupts = [case for case in complete(bench.functions, KeyboardInterrupt) if case.where in INTERRUPTED]
    return cases | {case.name: functools.partial(bench.try_case, case) for case in interrupts}


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("results", type=Path)
    parser.add_argument("--complete", metavar="ERROR", help="the name of what every function raises")
    parser.add_argument("--only", default="")
    options = parser.parse_args()
    found: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        cases = everywhere(getattr(builtins, options.complete), folder) if options.complete else stages(folder)
        for i, (name, try_it) in enumerate(cases.items()):
            if re.search(options.only, name):
                faulthandler.dump_traceback_later(PATIENCE, exit=True)  # a fit that waits for ever is a fault too
                found[name] = try_it(i)
                options.results.write_text(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
