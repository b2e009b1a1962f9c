"""A watch on the functions of ours: told of each call, and free to raise there.

A profiler would be told of every call in Keras and its backend too, and takes longer than all of a small fit. So each
function of ours gets a first statement that calls the watch, by compiling its source anew.
"""

from __future__ import annotations

import ast
import builtins
import contextlib
import functools
import gc
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from types import CodeType, FunctionType
from typing import Any

import tb_cnnviz

ROOT = f"{Path(tb_cnnviz.__file__).parent}/"
WATCHED = ("capture/", "loggers/", "records/", "eventlog/", "run_writer.py", "schedule.py", "callbacks.py")

#: A function's file below tb_cnnviz, and its qualified name.
Where = tuple[str, str]

_HOOK = "_tb_cnnviz_called"
_CALL = ast.parse(f"{_HOOK}()", mode="eval").body


class _CallsFirst(ast.NodeTransformer):
    """Puts the call of the watch before what a function does; lambdas too."""

    def _function(self, node: Any) -> Any:
        self.generic_visit(node)
        begin = 1 if ast.get_docstring(node, clean=False) is not None else 0
        node.body.insert(begin, ast.copy_location(ast.Expr(_CALL), node.body[0]))
        return node

    visit_FunctionDef = visit_AsyncFunctionDef = _function

    def visit_Lambda(self, node: ast.Lambda) -> Any:
        self.generic_visit(node)
        node.body = ast.copy_location(ast.BoolOp(ast.Or(), [_CALL, node.body]), node.body)
        return node


def _inside(code: CodeType) -> Iterator[CodeType]:
    """All functions that stand in it."""
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield constant
            yield from _inside(constant)


def _key(code: CodeType) -> tuple[str, str, int]:
    return code.co_filename, code.co_qualname, code.co_firstlineno


@functools.cache
def _compiled(path: str) -> dict[tuple[str, str, int], CodeType]:
    """The functions of a file, with the call; not those that share a name and a line, which their own function has."""
    tree = _CallsFirst().visit(ast.parse(Path(path).read_text(encoding="utf-8")))
    codes = list(_inside(compile(ast.fix_missing_locations(tree), path, "exec")))
    times = Counter(map(_key, codes))
    return {_key(code): code for code in codes if times[_key(code)] == 1}


def _prepare() -> None:
    """Gives every function of ours that there is its first statement; those that they make have it then too."""
    for function in [each for each in gc.get_objects() if type(each) is FunctionType]:
        path = function.__code__.co_filename
        if path.startswith(ROOT) and path[len(ROOT) :].startswith(WATCHED):
            function.__code__ = _compiled(path).get(_key(function.__code__), function.__code__)


@contextlib.contextmanager
def watched(watch: Callable[[Where], None]) -> Iterator[None]:
    """Inside, `watch` is told of each call of a function of ours, in whatever thread; what it raises is raised there.

    Of functions that are imported by then, and of those that they make.
    """

    def called() -> None:
        code = sys._getframe(1).f_code
        watch((code.co_filename[len(ROOT) :], code.co_qualname))

    setattr(builtins, _HOOK, called)
    _prepare()
    try:
        yield
    finally:
        setattr(builtins, _HOOK, lambda: None)
