"""The demo world as a whole: one seed, one world, as the tables that a loader would have read."""

from __future__ import annotations

from dataclasses import dataclass

from data.columns import PROVIDER, Kind, Role
from data.demo.catalogue import Catalogue, make_catalogue
from data.demo.choices import make_choices
from data.demo.people import People, make_people
from data.demo.planted import NOTHING, PLANTED, Planted
from data.demo.tables import interactions_frame, items_frame, users_frame
from data.errors import BadInput
from data.tables import RawTable, Source

KINDS = {
    PROVIDER: Kind.CATEGORY,
    "genres": Kind.MULTI,
    "format": Kind.CATEGORY,
    "year": Kind.NUMBER,
    "era": Kind.CATEGORY,
    "language": Kind.CATEGORY,
    "description": Kind.TEXT,
    "added_on": Kind.DATE,
}
ROLES = {
    "gender": Role.SENSITIVE,
    "age_group": Role.SENSITIVE,
    "star_sign": Role.SENSITIVE,
    "region": Role.SEGMENT,
    "device": Role.SEGMENT,
    "plan": Role.FEATURE,
}
_LEAST_USERS, _LEAST_ITEMS = 20, 100


@dataclass(frozen=True, eq=False)
class World:
    """Everything behind the tables that nobody sees in real data."""

    seed: int
    planted: Planted
    people: People
    catalogue: Catalogue


def make_world(seed: int, n_users: int, n_items: int, planted: Planted) -> World:
    """The hidden part of the world: people and titles, before anybody chose anything."""
    for name, given, least in (("n_users", n_users, _LEAST_USERS), ("n_items", n_items, _LEAST_ITEMS)):
        if given < least:
            raise BadInput(f"the demo world needs {name} of at least {least}", value=given, fix=f"give {least} or more")
    if seed < 0:
        raise BadInput("the seed must not be negative", value=seed, fix="give 0, 1, 2, …")
    return World(seed, planted, make_people(seed, n_users, n_items, planted), make_catalogue(seed, n_items, planted))


def demo_source(*, seed: int = 20, n_users: int = 2000, n_items: int = 1200) -> Source:
    """A made-up film and series service with planted gaps of known size (`truth`, docs/demo-world.md).

    The same seed gives the same tables, byte for byte. The catalogue of a seed does not depend on the number of users.
    """
    title = "Demo world: a made-up film and series service with planted, known gaps"
    return _source(make_world(seed, n_users, n_items, PLANTED), title)


def null_source(seed: int = 20, *, n_users: int = 2000, n_items: int = 1200) -> Source:
    """The same people and titles as `demo_source` of that seed, with nothing planted: no attribute has any effect."""
    title = "Null world: the made-up film and series service with nothing planted"
    return _source(make_world(seed, n_users, n_items, NOTHING), title)


def _source(world: World, title: str) -> Source:
    choices = make_choices(world.seed, world.people, world.catalogue)
    n_users, n_items = len(world.people.gender), len(world.catalogue.genre)
    return Source(
        interactions=RawTable(interactions_frame(choices, n_users, n_items), "demo interactions", 1),
        items=RawTable(items_frame(world.seed, world.catalogue), "demo items", 1),
        users=RawTable(users_frame(world.people), "demo users", 1),
        kinds=dict(KINDS),
        roles=dict(ROLES),
        title=title,
        licence="None needed: every person, title and studio is made up; free for any use.",
    )
