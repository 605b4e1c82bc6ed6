"""Every cache of the dashboard: short bodies over the use cases, keyed by ids and version strings."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import streamlit as st

from app.workspace import Workspace
from data.keep.home import home

if TYPE_CHECKING:
    from app.use_cases.boost_previewing import BoostPreview
    from app.use_cases.boosting import Target
    from app.use_cases.previewing import Preview
    from audit.segments import Segments


def workspace() -> Workspace:
    """The state folder, opened once for the process; after an erasure nothing that was kept in memory is used again."""
    kept = _workspace(str(home()))
    seen, now = _erasures_seen(str(kept.folder)), _erasures_stamp(kept.folder)
    if seen[0] != now:
        seen[0] = now
        st.cache_data.clear()
        _tags.clear()
        kept.forget_models()
    return kept


@st.cache_resource(max_entries=4)
def _workspace(folder: str) -> Workspace:
    return Workspace.open(Path(folder))


@st.cache_resource(max_entries=4)
def _erasures_seen(folder: str) -> list[int]:
    return [_erasures_stamp(Path(folder))]


def _erasures_stamp(folder: Path) -> int:
    """Changes with every certificate, whichever process wrote it."""
    certificates = folder / "certificates"
    return certificates.stat().st_mtime_ns if certificates.exists() else 0


def datasets() -> list[str]:
    """Names of the data sets, those with a trained model first."""
    kept = workspace()
    trained = {kept.shelf.about(name)["data"] for name in kept.shelf.ids()}
    return sorted(kept.catalog.names(), key=lambda name: (name not in trained, name))


def models_of(data: str) -> dict[str, str]:
    """Model ids of a data set with the words that a person picks them by."""
    kept = workspace()
    about = {name: kept.shelf.about(name) for name in kept.shelf.ids()}
    return {name: told["model_id"] for name, told in about.items() if told["data"] == data}


def model_line(model_id: str) -> str:
    """What the model is, in one line."""
    from models.registry import recommender_class

    about = workspace().shelf.about(model_id)
    kind = recommender_class(about["model"], about["settings"].get("similarity"))
    return f"{kind.title}. Explanations: {kind.kind}. Trained on {about['people']:,} people."


def version_of(model_id: str) -> str:
    """Changes whenever the model's files do."""
    manifest = workspace().shelf.folder(model_id) / "manifest.json"
    return str(manifest.stat().st_mtime_ns)


def people(data: str) -> list[str]:
    """Ids of the people of a data set, as a list to pick from."""
    return _people(data, workspace().catalog.stamp(data))


@st.cache_data(max_entries=8, show_spinner=False)
def _people(data: str, stamp: int) -> list[str]:
    return [str(name) for name in workspace().catalog.open(data).interactions.users.values]


def tags(data: str) -> Segments:
    """What is worked out about everybody."""
    return _tags(data, workspace().catalog.stamp(data))


@st.cache_resource(max_entries=4, show_spinner=False)
def _tags(data: str, stamp: int) -> Segments:
    from app.use_cases.tagging import inferred

    return inferred(workspace().catalog.open(data))


def said_of(data: str, item: str) -> dict[str, str]:
    """What the category columns and the provider say of a title."""
    catalogue = workspace().catalogue(data)
    row = catalogue.items.loc[item]
    return {name: str(row[name]) for name in categories(data) if isinstance(row[name], str)}


def categories(data: str) -> dict[str, list[str]]:
    """What a wish can be about: category columns and the provider, with their values."""
    return _categories(data, workspace().catalog.stamp(data))


@st.cache_data(max_entries=8, show_spinner=False)
def _categories(data: str, stamp: int) -> dict[str, list[str]]:
    from app.use_cases.wishes import choosable

    return choosable(workspace().catalogue(data))


@st.cache_data(max_entries=8, show_spinner=False)
def captions(data: str, model_id: str, version: str) -> dict[str, str]:
    """A line about every title: what its category columns say."""
    from data.columns import Kind

    dataset = workspace().catalog.open(data)
    columns = [name for name, kind in dataset.kinds.items() if kind in (Kind.MULTI, Kind.CATEGORY)][:3]
    texts = dataset.items[columns].astype(object).where(dataset.items[columns].notna(), "").astype(str)
    lines = texts.agg(" · ".join, axis=1).str.replace("|", ", ").str.strip(" ·")
    return dict(zip(dataset.items.index.astype(str), lines, strict=True))


def preview(model_id: str, version: str, k: int) -> Preview:
    """What each slider position would mean for everybody."""
    from app.use_cases.boosting import boosts_mark

    return _preview(model_id, version, k, boosts_mark(workspace(), model_id))


@st.cache_data(max_entries=8, show_spinner=False)
def _preview(model_id: str, version: str, k: int, boosts: str) -> Preview:
    """Keyed by the boosts, too, which are in everybody's lists."""
    from app.use_cases.previewing import preview as compute

    return compute(workspace(), model_id, k)


@st.cache_data(max_entries=8, show_spinner=False)
def score_scale(model_id: str, version: str) -> dict[str, float]:
    """How large scores are on a list of the model."""
    from app.use_cases.boost_previewing import score_scale as measure

    return measure(workspace(), model_id)


@st.cache_data(max_entries=8, show_spinner=False)
def boost_targets(model_id: str, version: str) -> dict[Target, dict[str, str]]:
    """The titles and providers that can be boosted."""
    from app.use_cases.boosting import boost_targets as found

    return found(workspace(), model_id)


def boost_preview(
    workspace: Workspace, data: str, model_id: str, version: str, kind: Target, target: str, amount: float
) -> BoostPreview:
    """What a boost would change, beside what the operator has set at this moment."""
    from app.use_cases.overseeing import settings_of

    return _boost_preview(model_id, version, settings_of(workspace, data, model_id), kind, target, amount)


@st.cache_data(max_entries=64, show_spinner=False)
def _boost_preview(
    model_id: str, version: str, settings: str, kind: Target, target: str, amount: float
) -> BoostPreview:
    from app.use_cases.boost_previewing import preview_boost

    return preview_boost(workspace(), model_id, kind, target, amount)


def drivers(workspace: Workspace, data: str, model_id: str, version: str) -> dict[str, Any]:
    """What drives a model: measured once, beside what is declared at this moment."""
    from app.use_cases.overseeing import judged, settings_of

    return judged(workspace, _measured(model_id, version, settings_of(workspace, data, model_id)))


@st.cache_data(max_entries=8, show_spinner=False)
def _measured(model_id: str, version: str, settings: str) -> dict[str, Any]:
    """Keyed by who may not be measured and by what the operator adds, too."""
    from app.use_cases.overseeing import measure

    return measure(workspace(), model_id)


@st.cache_data(max_entries=8, show_spinner=False)
def assessed(model_id: str, version: str) -> dict[str, Any]:
    """How good the explanations of a model are."""
    from app.use_cases.assessing import assess_explanations

    return assess_explanations(workspace(), model_id)


@st.cache_data(max_entries=16, show_spinner=False)
def run(run_id: str) -> dict[str, Any]:
    """A stored audit."""
    return dict(workspace().runs.load(run_id))


def latest_run(model_id: str) -> str | None:
    """The newest audit of this state of the model, if there is one."""
    from app.use_cases.auditing import run_label

    label = run_label(workspace(), model_id)
    return next((str(run["run_id"]) for run in workspace().runs.list() if run["label"] == label), None)


def imported_runs(data: str) -> dict[str, str]:
    """Audits of lists of other systems on a data set, the newest first, with the words that a person picks them by."""
    label = f"lists on {data}"
    return {
        str(run["run_id"]): f"Imported lists, audited {str(run['at'])[:16].replace('T', ' ')}"
        for run in workspace().runs.list()
        if run["kind"] == "audit" and run["label"] == label
    }


@st.cache_data(max_entries=32, show_spinner=False)
def last_audit(run_id: str) -> dict[str, Any] | None:
    """A stored audit against the last one of the same lists; None where it is the first."""
    from app.use_cases.comparing import against_last

    return against_last(workspace(), run_id)


def beside(model_id: str, others: tuple[str, ...], run_id: str) -> dict[str, Any]:
    """Models on the same people, by the plan of a stored audit."""
    from app.use_cases.auditing import run_label

    return _beside(model_id, others, run_id, tuple(run_label(workspace(), name) for name in (model_id, *others)))


@st.cache_data(max_entries=16, show_spinner=False)
def _beside(model_id: str, others: tuple[str, ...], run_id: str, states: tuple[str, ...]) -> dict[str, Any]:
    """Keyed by the state of every model, boosts included, too."""
    from app.use_cases.comparing import compare_models
    from audit.plan import Plan

    return compare_models(workspace(), model_id, others, Plan.of(run(run_id)["plan"]))


@st.cache_data(max_entries=1, show_spinner=False)
def yardstick() -> dict[str, Any]:
    """Every golden value and constructed case, computed once for the process."""
    from app.use_cases.checking import check_yardstick

    return check_yardstick()


def forget_yardstick() -> None:
    """Compute the yardstick again at the next look."""
    yardstick.clear()
