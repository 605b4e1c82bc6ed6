"""The one vocabulary of column names and of what a column may be."""

from enum import StrEnum

USER = "user_id"
ITEM = "item_id"
VALUE = "value"
TIME = "timestamp"
TITLE = "title"
PROVIDER = "provider"
MINOR = "minor"  # an attribute of people: yes where somebody is not of age
RANK = "rank"
SCORE = "score"
MODEL = "model"
LIST = "list_id"
CONTEXT = "context"


class Role(StrEnum):
    """What a user attribute may be used for."""

    SENSITIVE = "sensitive"  # audit only, behind its own logged door
    SEGMENT = "segment"  # audit only
    FEATURE = "feature"  # audit, and a model may use it


class Kind(StrEnum):
    """How a content column of the items table is read."""

    CATEGORY = "category"
    MULTI = "multi-category"  # a|b
    TEXT = "text"
    NUMBER = "number"
    DATE = "date"


class Table(StrEnum):
    """The five tables of Sightglass."""

    INTERACTIONS = "interactions"
    ITEMS = "items"
    USERS = "users"
    RECOMMENDATIONS = "recommendations"
    OUTCOMES = "outcomes"
