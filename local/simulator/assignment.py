"""Which variant of an experiment a user is shown: always the same by a hash of both, unless that is broken on demand.

A broken assignment is what an analyst must be able to find: arms of the wrong sizes, or users who saw both.
"""

from dataclasses import dataclass
from typing import Final, Literal

import xxhash

from local.simulator import world
from local.simulator.rolls import Rolls

BrokenKind = Literal["skewed", "unstable"]

_FINE: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class BrokenAssignment:
    """An experiment of the world whose assignment is broken.

    `skewed`: `world.SKEWED_SHARE` of the users of the last arm are shown the first one instead, always.
    `unstable`: at `world.UNSTABLE_SHARE` of their visits users are shown another arm than their own.
    """

    experiment: str
    kind: BrokenKind = "skewed"


def variant_of(user_id: str, experiment: str) -> str:
    """Return the variant that a user gets: by a hash of both, so it is the same in every run."""
    variants = world.EXPERIMENTS[experiment].variants
    return variants[_hash(experiment, user_id) % len(variants)]


def shown_variant(user_id: str, experiment: str, broken: BrokenAssignment | None, rolls: Rolls) -> str:
    """Return the variant that a user is shown at one visit."""
    own = variant_of(user_id, experiment)
    if broken is None or broken.experiment != experiment:
        return own
    variants = world.EXPERIMENTS[experiment].variants
    if broken.kind == "skewed":
        moved = own == variants[-1] and _hash("skewed", user_id) % _FINE < world.SKEWED_SHARE * _FINE
        return variants[0] if moved else own
    others = [variant for variant in variants if variant != own]
    return others[rolls.below(len(others))] if rolls.share() < world.UNSTABLE_SHARE else own


def _hash(salt: str, user_id: str) -> int:
    return xxhash.xxh3_64_intdigest(f"{salt}:{user_id}".encode())
