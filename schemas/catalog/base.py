"""What every event may carry, whatever its name: how long it took and how it ended."""

from typing import Literal

from pydantic import BaseModel, ConfigDict

from schemas.fields import Milliseconds


class Properties(BaseModel):
    """Properties known to every event, in the catalog or not; properties nobody declared are ignored here."""

    model_config = ConfigDict(strict=True, extra="ignore", frozen=True, use_attribute_docstrings=True)

    duration_ms: Milliseconds | None = None
    """How long it took. An event that carries it has a latency."""

    outcome: Literal["ok", "error"] | None = None
    """How it ended. An event that carries it has an error rate."""
