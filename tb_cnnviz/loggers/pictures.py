"""Small pictures for the stock Images tab: the first filters and maps of a layer as a grid of tiles."""

from __future__ import annotations

import numpy as np

from tb_cnnviz.analysis.dead_filters import practically_dead

TILES = 64
_TILE_PIXELS = 48
_GAP = 2
_BACKGROUND = 255


@np.errstate(over="ignore", invalid="ignore")  # NaN and Inf are to be shown
def filter_grid(kernel: np.ndarray, channel_order: str = "rgb") -> np.ndarray:
    """The first filters of a kernel [out, in/groups, *spatial] as uint8 [1, height, width, 1 or 3].

    Three input channels are shown as the colours that `channel_order` says they are; of others the first is shown. Scaled by the filters shown, symmetric
    around zero, so that grey is 0.
    """
    shown = kernel[:TILES].astype(np.float64)
    is_colour = shown.shape[1] == 3
    if is_colour and channel_order == "bgr":
        shown = shown[:, ::-1]
    tiles = _as_planes(np.moveaxis(shown, 1, -1) if is_colour else shown[:, 0, ..., None])
    largest = np.abs(tiles[np.isfinite(tiles)]).max(initial=0.0) or 1.0
    return _grid(np.nan_to_num(tiles / largest, nan=0, posinf=1, neginf=-1) * 0.5 + 0.5)


@np.errstate(over="ignore", invalid="ignore")  # NaN and Inf are to be shown
def map_grid(maps: np.ndarray) -> np.ndarray | None:
    """The first maps [channels, *spatial] of one image as uint8 [1, height, width, 1], each scaled by its own range.

    A map whose values are practically the same beside those of the others is one even tile. None for a layer without
    spatial axes.
    """
    if maps.ndim < 2:
        return None
    tiles = _as_planes(maps[:TILES].astype(np.float64)[..., None])
    tiles = np.nan_to_num(tiles, nan=0, posinf=0, neginf=0)
    lo = tiles.min(axis=(1, 2, 3), keepdims=True)
    span = tiles.max(axis=(1, 2, 3), keepdims=True) - lo
    is_even = practically_dead(span.ravel()).reshape(span.shape)
    return _grid(np.where(is_even, 0, (tiles - lo) / np.where(is_even, 1, span)))


def _as_planes(tiles: np.ndarray) -> np.ndarray:
    """[n, *spatial, channels] with one, two or three spatial axes as [n, height, width, channels]."""
    if tiles.ndim == 3:
        return tiles[:, None]
    return tiles[:, tiles.shape[1] // 2] if tiles.ndim == 5 else tiles


def _grid(tiles: np.ndarray) -> np.ndarray:
    """Tiles [n, height, width, channels] of 0 … 1, enlarged by whole pixels, in about as many rows as columns."""
    n, height, width, depth = tiles.shape
    zoom = max(1, _TILE_PIXELS // max(height, width))
    tiles = np.rint(tiles * 255).astype(np.uint8).repeat(zoom, axis=1).repeat(zoom, axis=2)
    columns = int(np.ceil(np.sqrt(n)))
    rows = -(-n // columns)
    tall, wide = height * zoom + _GAP, width * zoom + _GAP
    canvas = np.full((rows * tall - _GAP, columns * wide - _GAP, depth), _BACKGROUND, np.uint8)
    for i, tile in enumerate(tiles):
        top, left = i // columns * tall, i % columns * wide
        canvas[top : top + tall - _GAP, left : left + wide - _GAP] = tile
    return canvas[None]
