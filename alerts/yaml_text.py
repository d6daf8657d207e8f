"""The door to YAML: numbers are read as written, so that 0.999 is exactly that. The only file that imports yaml."""

from decimal import Decimal
from pathlib import Path
from typing import Any

import yaml


class YamlError(ValueError):
    """A file is not YAML, or says a key twice; the message has the line."""


class _Exact(yaml.SafeLoader):
    """Reads fractions as decimals and refuses a key that is there twice."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        """Make a dict; YAML's own rule would let the last of two equal keys win in silence."""
        keys = [self.construct_object(key, deep=True) for key, _ in node.value]
        if twice := sorted({str(key) for key in keys if keys.count(key) > 1}):
            raise YamlError(f"line {node.start_mark.line + 1}: {', '.join(twice)} is there twice")
        return super().construct_mapping(node, deep)


def _decimal(loader: yaml.SafeLoader, node: yaml.ScalarNode) -> Decimal:
    return Decimal(str(loader.construct_scalar(node)))


_Exact.add_constructor("tag:yaml.org,2002:float", _decimal)


class _Plain(yaml.SafeDumper):
    """Writes texts of several lines as blocks, and never an alias."""

    def ignore_aliases(self, data: object) -> bool:
        """Write everything out: a reader of rules should not have to look up."""
        return True


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    style = "|" if "\n" in text else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Plain.add_representer(str, _text)


def read_yaml(path: Path) -> Any:
    """Read a file.

    Raises:
        YamlError: it is not YAML, or a key is there twice.
    """
    try:
        return yaml.load(path.read_text("utf-8"), _Exact)  # noqa: S506 - a safe loader
    except yaml.YAMLError as error:
        raise YamlError(f"{path}: {error}") from None
    except YamlError as error:
        raise YamlError(f"{path}: {error}") from None


def yaml_text(data: Any, head: str = "") -> str:
    """Write data as YAML, keys in their order; `head` becomes a comment at the top."""
    comment = "".join(f"# {line}\n" for line in head.splitlines())
    text: str = yaml.dump(data, Dumper=_Plain, sort_keys=False, allow_unicode=True, width=10_000)
    return comment + text
