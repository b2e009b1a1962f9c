"""What a user gives a callback, checked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tb_cnnviz.loggers import arguments
from tb_cnnviz.loggers.arguments import Scalar
from tb_cnnviz.run_writer import RunWriter
from tb_cnnviz.schedule import Schedule, parse


@dataclass(frozen=True)
class Settings:
    """The arguments that all callbacks have, as `CNNViz` describes them."""

    log_dir: Path
    schedule: Schedule
    layers: list[str] | None
    hparams: dict[str, Scalar]
    class_names: list[str] | None
    channel_order: str
    overhead: float
    max_bytes_per_step: int
    max_log_bytes: int
    writer: RunWriter | None

    @classmethod
    def checked(
        cls,
        log_dir: str | Path,
        *,
        every: int | str | Schedule,
        layers: Sequence[str] | None,
        hparams: Mapping[str, Scalar] | None,
        class_names: Sequence[str] | None,
        channel_order: str,
        overhead: float,
        max_bytes_per_step: int,
        max_log_bytes: int,
        writer: RunWriter | None,
    ) -> Settings:
        """The arguments as they are used.

        Raises:
            ValueError: for one that is not accepted.
        """
        made = cls(
            Path(log_dir),
            parse(every),
            arguments.names("layers", layers),
            arguments.plain_values("hparams", hparams),
            arguments.names("class_names", class_names),
            arguments.channel_order(channel_order),
            arguments.positive("overhead", overhead),
            arguments.whole("max_bytes_per_step", max_bytes_per_step),
            arguments.whole("max_log_bytes", max_log_bytes),
            writer,
        )
        if writer is not None and writer.log_dir != made.log_dir:
            raise ValueError(
                f"writer: it writes to {writer.log_dir}, but log_dir is {made.log_dir}; give the same folder"
            )
        return made
