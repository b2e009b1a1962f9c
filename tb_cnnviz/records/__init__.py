"""What a log holds, as plain data: no Keras, no TensorBoard, no files. numpy only."""

from tb_cnnviz.records.kinds import KINDS
from tb_cnnviz.records.model import LayerRecord, ModelRecord, ReceptiveField, VariableRecord
from tb_cnnviz.records.record import SCHEMA_VERSION, Record

__all__ = [
    "KINDS",
    "SCHEMA_VERSION",
    "LayerRecord",
    "ModelRecord",
    "ReceptiveField",
    "Record",
    "VariableRecord",
]
