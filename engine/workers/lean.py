"""Stand-ins for packages that a library names as it is imported and this program never calls.

sentence-transformers wants scikit-learn and scipy for measuring and training: two seconds of a worker's start and 150 MB of it.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any, NoReturn


def leave_out(*packages: str) -> None:
    """From now on each name in these packages can be imported, and raises ImportError when it is called.

    What was imported before stays as it is.
    """
    sys.meta_path.insert(0, _Finder(frozenset(packages)))


class _Finder(MetaPathFinder, Loader):
    def __init__(self, packages: frozenset[str]) -> None:
        self._packages = packages

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname.partition(".")[0] not in self._packages:
            return None
        return ModuleSpec(fullname, self, is_package=True)

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        return _Module(spec.name)

    def exec_module(self, module: ModuleType) -> None:
        """There is nothing in it."""


class _Module(ModuleType):
    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):  # what Python asks a module about itself
            raise AttributeError(name)
        return type(name, (_LeftOut,), {"__module__": self.__name__})


class _LeftOut:
    def __init__(self, *_: object, **__: object) -> None:
        self._refuse()

    def _refuse(self) -> NoReturn:
        raise ImportError(f"{type(self).__module__}.{type(self).__name__} is left out of this process.")
