"""Where the files are that run the stack elsewhere, and how they are read."""

from pathlib import Path
from typing import Any

import yaml

REPOSITORY = Path(__file__).parents[2]
KUBERNETES = REPOSITORY / "deploy" / "kubernetes"
COMPOSE = REPOSITORY / "docker-compose.yml"
Document = dict[str, Any]


def read_compose() -> Document:
    """Read docker-compose.yml with its anchors and merges resolved."""
    document: Document = yaml.safe_load(COMPOSE.read_text())
    return document


def read_kubernetes() -> list[Document]:
    """Read every document of every file that the kustomization names."""
    names = yaml.safe_load((KUBERNETES / "kustomization.yaml").read_text())["resources"]
    return [document for name in names for document in yaml.safe_load_all((KUBERNETES / name).read_text())]
