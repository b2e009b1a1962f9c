"""Kernels and feature maps of a PyTorch convolution: `python examples/torch_feature_maps.py --logdir runs-torch`.

The weights come from a file of a `state_dict`, as trained networks are kept: `--weights conv.pt` names yours, with
`weight` [64, 1, 3, 3] and `bias` [64]. Without it the example writes one of random weights first.
"""

from __future__ import annotations

import argparse
import os
from pathlib import Path

os.environ["KERAS_BACKEND"] = "torch"

import keras
import numpy as np
import torch
from keras import layers
from picture_grid import grid

import tb_cnnviz


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--logdir", type=Path, default=Path("runs-torch"))
    parser.add_argument("--weights", type=Path, help="a state_dict of Conv2d(1, 64, 3)")
    options = parser.parse_args()
    run = options.logdir / "torch_feature_maps"
    run.mkdir(parents=True, exist_ok=True)

    torch.manual_seed(0)
    weights = options.weights or run / "conv.pt"
    if options.weights is None:
        torch.save(torch.nn.Conv2d(1, 64, 3).state_dict(), weights)
    convolution = torch.nn.Conv2d(1, 64, 3)
    convolution.load_state_dict(torch.load(weights, weights_only=True))

    image = np.random.default_rng(0).random((1, 1, 28, 28), dtype=np.float32)
    model = keras.Sequential([layers.Input((1, 28, 28)), layers.TorchModuleWrapper(convolution)], name="torch_network")
    tb_cnnviz.snapshot(model, run, image)
    with torch.no_grad():
        maps = convolution(torch.from_numpy(image)).numpy()[0]
    grid(convolution.weight.detach().numpy()[:, 0], 4, 16, cell=12).save(run / "kernels.png")
    grid(maps, 4, 16).save(run / "maps.png")
    print(f"64 kernels of 3 × 3 and their 64 maps of 26 × 26 are in {run}, also as kernels.png and maps.png")
    print(f"Look at them: tensorboard --logdir {options.logdir}, tab CNN, Filters, Maps and Lab")


if __name__ == "__main__":
    main()
