"""The audit plan: what is measured, on whom, what counts as a finding; fixed and hashed before the tables are seen."""

from __future__ import annotations

import hashlib
import json
import tomllib
from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    SerializerFunctionWrapHandler,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_serializer,
    model_validator,
)

from audit.measures.metrics import METRICS, Metric
from audit.measures.weights import BROWSING, DEFAULT
from audit.plan_words import allowed
from data.errors import BadInput

Share = Annotated[float, Field(gt=0, lt=1)]
Amount = Annotated[float, Field(gt=0)]
STATED = ("frame", "period", "sample", "representativeness")  # the sampling statement, in the words of whoever audits
_LATER = (*STATED, "seeds")  # not in the plan, and so not in its hash, where they are not given
_LONGEST = 500


class Plan(BaseModel):
    """Settings of an audit: checked, frozen, no unknown names.

    A group is a finding ('flag') when its adjusted p is under `alpha` and its gap to everybody else is at least
    `materiality`; 'no flag' when the whole interval of the gap lies inside plus or minus `materiality`; otherwise 'too
    few to say', and always so for fewer than `minimum_cell` people. `metrics` form the confirmatory family (corrected
    together, they alone decide the exit code); `exploratory` ones are shown, corrected among themselves by
    Benjamini-Hochberg, and decide nothing.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    known: ClassVar[Mapping[str, Metric]] = METRICS

    k: int = Field(10, ge=1, le=1000)
    metrics: tuple[str, ...] = ("ndcg",)
    exploratory: tuple[str, ...] = ("recall", "hit_rate", "diversity", "tail_share", "miscalibration_js")
    attributes: tuple[str, ...] | None = None  # None: every attribute that is given
    item_groups: tuple[str, ...] | None = None  # columns of items; None: provider, where there is one
    browsing: str = DEFAULT
    content: tuple[str, ...] | None = None  # columns that items are compared by; None: every category
    calibration: str | None = None  # column whose shares are compared; None: the first multi-category
    head: Literal["interactions", "items"] = "interactions"
    alpha: Share = 0.05
    materiality: Amount = 0.02  # for metrics that run from 0 to 1, in their own units
    own_materiality: dict[str, Amount] = Field(default_factory=dict)
    minimum_cell: int = Field(10, ge=2)
    draws: int = Field(2000, ge=100, le=100_000)  # resamples of users, and permutations of labels
    level: Share = 0.95
    seed: int = Field(0, ge=0)
    correction: Literal["holm", "bonferroni", "benjamini-hochberg"] = "holm"
    exposure_floor: Amount | None = None  # least exposure / catalogue share of a provider
    privacy: bool = False  # guess every attribute from histories, lists and inputs; takes about a minute
    interval: Literal["percentile", "bca"] = "percentile"  # how intervals of people's numbers are read from resamples
    strata: int = Field(5, ge=2, le=20)  # strata of history length in which groups are compared like with like
    equivalence: bool = False  # whether "no larger than the threshold" is tested (two one-sided tests at alpha)
    intersections: tuple[tuple[str, str], ...] | None = None  # pairs of attributes; None: all that are small enough
    impact_ratio: Literal["selection", "scoring"] | None = None  # None: no table of impact ratios
    impact_metric: str | None = None  # None: hit_rate for selection, the first confirmatory one for scoring
    impact_reference: Literal["best", "largest", "rest"] = "best"
    impact_exclude: bool = False  # leave categories of under 2 % of people out of the ratios; they stay listed
    seeds: int | None = Field(
        None, ge=2, le=20
    )  # held-out draws to spread numbers over, the audit's own first; None: one
    frame: str | None = None  # whom the data stands for; this and the next three are told and change no number
    period: str | None = None  # when the data was recorded
    sample: str | None = None  # how the people were drawn, and how many
    representativeness: str | None = None  # how far they stand for those of the frame

    @classmethod
    def of(cls, settings: dict[str, Any] | None = None, *, file: object = None) -> Self:
        """Make a plan from plain settings; a refusal is one sentence that names the setting."""
        try:
            return cls(**(settings or {}))
        except ValidationError as error:
            raise _refusal(error, file) from error

    @classmethod
    def load(cls, path: str | Path) -> Self:
        """Read a plan from a TOML or JSON file."""
        path = Path(path)
        try:
            text = path.read_text(encoding="utf-8")
            settings = json.loads(text) if path.suffix == ".json" else tomllib.loads(text)
        except OSError as error:
            raise BadInput("it cannot be read", file=path.name, fix="give a TOML or JSON file") from error
        except ValueError as error:
            raise BadInput(f"it is not well formed: {error}", file=path.name, fix="give TOML or JSON") from error
        if not isinstance(settings, dict):
            raise BadInput("it holds no settings", file=path.name, fix='write {"k": 10}')
        return cls.of(settings, file=path.name)

    @property
    def hash(self) -> str:
        """SHA-256 of the settings in one spelling; any change of any setting changes it.

        A sampling statement that is not made, and seeds that are not asked for, are not among them, so plans from before
        there were any keep their hash.
        """
        text = json.dumps(self.model_dump(mode="json"), sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()

    @property
    def impact(self) -> str | None:
        """The measure behind the impact ratios; None where the plan asks for none."""
        if self.impact_ratio is None:
            return None
        return self.impact_metric or ("hit_rate" if self.impact_ratio == "selection" else self.metrics[0])

    def threshold(self, metric: str) -> float:
        """Give the least gap in the metric that matters."""
        return self.own_materiality.get(metric, self.materiality)

    @field_validator(*STATED)
    @classmethod
    def _one_line(cls, told: str | None, info: ValidationInfo) -> str | None:
        told = (told or "").strip()
        if not told.isprintable() or len(told) > _LONGEST:
            raise ValueError(f"the setting '{info.field_name}' must be one line of at most {_LONGEST} letters")
        return told or None

    @model_serializer(mode="wrap")
    def _without_unstated(self, plain: SerializerFunctionWrapHandler) -> dict[str, Any]:
        return {name: value for name, value in plain(self).items() if value is not None or name not in _LATER}

    @model_validator(mode="after")
    def _known(self) -> Self:
        if self.browsing not in BROWSING:
            raise ValueError(f"browsing: there is no model '{self.browsing}'; known: {', '.join(BROWSING)}")
        if not self.metrics:
            raise ValueError("metrics: at least one metric must be confirmatory")
        if both := set(self.metrics) & set(self.exploratory):
            raise ValueError(f"exploratory: '{min(both)}' is confirmatory already")
        for name in (*self.metrics, *self.exploratory):
            metric = self.known.get(name)
            if metric is None or metric.scope != "user":
                known = ", ".join(key for key, each in self.known.items() if each.scope == "user")
                raise ValueError(f"metrics: there is no metric '{name}' of users; known: {known}")
            if (metric.low, metric.high) != (0, 1) and name not in self.own_materiality:
                raise ValueError(f"own_materiality: '{name}' does not run from 0 to 1; say which gap in it matters")
        if self.impact_metric is not None and self.impact_metric not in (*self.metrics, *self.exploratory):
            raise ValueError(f"impact_metric: '{self.impact_metric}' is not among the metrics of the plan")
        if twice := next((pair[0] for pair in self.intersections or () if pair[0] == pair[1]), None):
            raise ValueError(f"intersections: '{twice}' is paired with itself")
        return self


def _refusal(error: ValidationError, file: object) -> BadInput:
    first = error.errors()[0]
    if first["type"] == "value_error":
        said = str(first["msg"]).removeprefix("Value error, ")
        return BadInput(f"the plan is refused: {said}", file=file, fix="change the setting and try again")
    name = str(first["loc"][0])
    if first["type"] == "extra_forbidden":
        near = get_close_matches(name, Plan.model_fields, 1)
        fix = f"write '{near[0]}'" if near else f"settings are {', '.join(Plan.model_fields)}"
        return BadInput(f"the plan has no setting '{name}'", file=file, fix=fix)
    wanted = allowed(Plan.model_json_schema()["properties"][name])
    within = ".".join(map(str, first["loc"]))
    given = None if first["type"] == "missing" else first["input"]
    return BadInput(f"the setting '{within}' must be {wanted}", file=file, value=given, fix="change it and try again")
