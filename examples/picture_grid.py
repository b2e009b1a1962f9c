"""Pictures of kernels and maps side by side, each on its own scale."""

from __future__ import annotations

import numpy as np
from PIL import Image


def grid(pictures: np.ndarray, rows: int, columns: int, cell: int = 4) -> Image.Image:
    """One grey picture of `pictures` [rows · columns, height, width], row by row; a value takes cell × cell pixels.

    Each picture's smallest value is black and its largest is white. A black line lies between two pictures.
    """
    count, height, width = pictures.shape
    if count != rows * columns:
        raise ValueError(f"rows, columns: {rows} × {columns} given for {count} pictures")
    low = pictures.min(axis=(1, 2), keepdims=True)
    span = np.maximum(pictures.max(axis=(1, 2), keepdims=True) - low, np.finfo(np.float32).tiny)
    grey = np.round(255 * (pictures - low) / span).astype(np.uint8).repeat(cell, axis=1).repeat(cell, axis=2)
    framed = np.pad(grey, ((0, 0), (0, 1), (0, 1)))
    sheet = framed.reshape(rows, columns, height * cell + 1, width * cell + 1).transpose(0, 2, 1, 3)
    return Image.fromarray(sheet.reshape(rows * (height * cell + 1), columns * (width * cell + 1)))
