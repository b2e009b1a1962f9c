"""What 64 random filters make of one random image: `python examples/random_filters.py --logdir runs-random`.

A convolution that nobody trained already finds edges, spots and slopes: a filter answers where the image looks like it.
On any backend of Keras: `KERAS_BACKEND=jax python examples/random_filters.py`.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import keras
import numpy as np
from keras import layers
from picture_grid import grid

import tb_cnnviz


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--logdir", type=Path, default=Path("runs-random"))
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()

    keras.utils.set_random_seed(options.seed)
    image = np.random.default_rng(options.seed).random((1, 28, 28, 1), dtype=np.float32)
    convolution = layers.Conv2D(
        64, 3, padding="same", use_bias=False, kernel_initializer="random_normal", name="random"
    )
    model = keras.Sequential([layers.Input((28, 28, 1)), convolution], name="random_filters")

    run = options.logdir / "random_filters"
    tb_cnnviz.snapshot(model, run, image)
    maps = keras.ops.convert_to_numpy(model(image))[0].transpose(2, 0, 1)
    grid(maps, 8, 8).save(run / "maps.png")
    print(f"64 kernels of 3 × 3 and their 64 maps of 28 × 28 are in {run}, the maps also as {run / 'maps.png'}")
    print(f"Look at them: tensorboard --logdir {options.logdir}, tab CNN, Filters, Maps and Lab")


if __name__ == "__main__":
    main()
