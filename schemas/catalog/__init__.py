"""The catalog: which events the application emits and what they carry, one file per event family."""

from schemas.catalog.base import Properties
from schemas.catalog.registry import CATALOG, catalog_name, properties_model

__all__ = ["CATALOG", "Properties", "catalog_name", "properties_model"]
