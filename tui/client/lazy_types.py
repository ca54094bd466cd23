"""openai's types, each imported when it is asked for.

`import openai` makes the classes of every answer that its API can give, 400 modules of them, where batches and files
use a few dozen: two thirds of the time that it takes, and 10 MiB that never come back. Its packages of types do no
more than gather names from the modules beside them, so these are fetched as they are used.
"""

import ast
import sys
from collections.abc import Sequence
from importlib import import_module
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from types import ModuleType
from typing import Final

_PACKAGE: Final = "openai.types"


def import_on_demand() -> None:
    """Have openai's types imported as they are used; to be called before openai is imported."""
    if _Finder not in sys.meta_path:
        sys.meta_path.insert(0, _Finder)


class _Finder:
    """Finds the packages of types; all else is left to those that follow."""

    @classmethod
    def find_spec(cls, name: str, path: Sequence[str] | None, target: ModuleType | None = None) -> ModuleSpec | None:
        if name != _PACKAGE and not name.startswith(f"{_PACKAGE}."):
            return None
        spec = PathFinder.find_spec(name, path, target)
        if spec is None or spec.submodule_search_locations is None or type(spec.loader) is not SourceFileLoader:
            return None
        spec.loader = _Gatherer(spec.loader.name, spec.loader.path)
        return spec


class _Gatherer(SourceFileLoader):
    """Loads a package; one that only gathers names fetches each when it is asked for."""

    def exec_module(self, module: ModuleType) -> None:
        sources = gathered(self.get_source(module.__name__) or "")
        if sources is None:
            super().exec_module(module)
            return

        def fetch(name: str) -> object:
            if name not in sources:
                raise AttributeError(f"module {module.__name__!r} has no attribute {name!r}")
            beside, own = sources[name]
            found = import_module(f".{beside or own}", module.__name__)
            value = getattr(found, own) if beside else found
            setattr(module, name, value)
            return value

        vars(module).update(__getattr__=fetch, __all__=list(sources))


def gathered(source: str) -> dict[str, tuple[str, str]] | None:
    """Name → the module beside the package that has it, and what it is called there; no module for one of those itself.

    None where the package does anything else than gather names.
    """
    found: dict[str, tuple[str, str]] = {}
    for node in ast.parse(source).body:
        if not isinstance(node, ast.ImportFrom):
            return None
        if node.module == "__future__":
            continue
        if node.level != 1 or any(each.name == "*" for each in node.names):
            return None
        found |= {each.asname or each.name: (node.module or "", each.name) for each in node.names}
    return found
