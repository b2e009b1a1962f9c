"""How a record lies in an Event proto: field numbers, dtypes, and the bounds on what a reader takes."""

from __future__ import annotations

import numpy as np

from tb_cnnviz.records.record import DTYPES

DIRECTORY_TAG = b"cnnviz/directory"

#: Bounds on what a reader takes from a file it does not trust.
MAX_DIRECTORY_BYTES = 1 << 20
MAX_LAYER_CHARACTERS = 1 << 16
MAX_DIMENSIONS = 32
#: Lists and objects within each other in a directory.
MAX_DEPTH = 64
#: Bytes that an array would take if its axes of length 0 had length 1: numpy refuses more than fits its own counters.
MAX_ARRAY_BYTES = 1 << 53
#: Seconds; some 30,000 years.
MAX_WALL_TIME = 1e12

#: Of the proto's field; a log holds steps up to `records.record.MAX_STEP`.
MAX_STEP_VALUE = (1 << 63) - 1

# Field numbers of tensorflow's Event, Summary, Summary.Value, TensorProto, TensorShapeProto and its Dim.
WALL_TIME, STEP, SUMMARY = 1, 2, 5
VALUE = 1
TAG, TENSOR = 1, 8
DTYPE, SHAPE, CONTENT, STRINGS = 1, 2, 4, 8
DIM = 2
SIZE = 1

DT_STRING = 7
LITTLE = {name: np.dtype(name).newbyteorder("<") for name in DTYPES}
DT = {"float32": 1, "float64": 2, "int32": 3, "uint8": 4, "int8": 6, "int64": 9, "float16": 19, "uint32": 22}
