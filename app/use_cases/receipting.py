"""Receipts: what a list was, why, and from what; made when it is shown, and replayed later to show that it was so."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from app.outputs import check_file
from app.use_cases.erasing import VERSION
from app.use_cases.personal import PersonalList
from app.use_cases.recommending import recommend_non_profiled
from app.workspace import Workspace
from data.columns import ITEM, RANK, SCORE, TITLE
from data.errors import BadInput, NotFound
from data.keep.evidence import sealed_entries, versions
from data.keep.home import write_whole
from data.keep.verifier import RECEIPT, Broken, canonical, parse, pretty, shown, verify_content
from models.explanation import Exactness
from models.popularity import chosen_by
from models.why.account import request_of, settings_of, shown_rows

SAME, DIFFERS, PURGED, ERASED, REFUSED = "same", "differs", "version purged", "person erased", "refused"
_MODEL = ("model_id", "name", "settings", "digest", "statistics_hash")
_LARGEST = 256 << 20  # bytes; a receipt of the longest list and history is far below


def receipt(
    workspace: Workspace, model_id: str, user: str, k: int = 10, serendipity: float | None = None
) -> dict[str, Any]:
    """Make the list exactly as it is shown, and leave the receipt of it.

    For a person who switched profiling off, or none of whose choices may be used, it is the list that is the same for
    all: no record of a person enters it, and the receipt is about nobody. `serendipity` of None is what the person chose,
    or else the default.
    """
    about = workspace.shelf.about(model_id)
    told = _personal(workspace, about, user, k, serendipity)
    if told is None:
        return workspace.receipts.keep(about["data"], None, {**_about(about), **_non_profiled(workspace, model_id, k)})
    _refuse_replaced(workspace, about)
    return workspace.receipts.keep(about["data"], user, {**_about(about), **told})


def receipt_file(
    workspace: Workspace, model_id: str, user: str, out: Path, k: int = 10, serendipity: float | None = None
) -> dict[str, Any]:
    """`receipt`, written to a JSON file: path, receipt_id, sha256, and the titles that it is about."""
    if out.suffix != ".json":
        raise BadInput("a receipt is written as JSON", value=out, fix="give a file name that ends in .json")
    check_file(out)
    told = receipt(workspace, model_id, user, k, serendipity)
    write_whole(out, pretty(told))  # for its owner only: it has the reasons, which are what the person chose
    items = [{name: row[name] for name in (RANK, ITEM, TITLE, SCORE)} for row in told["list"]]
    about = {name: told[name] for name in ("receipt_id", "sha256", "profiled", "made_at")}
    return {"path": str(out), **about, "items": items}


def replay(workspace: Workspace, document: Mapping[str, Any]) -> dict[str, Any]:
    """Check a receipt, make its list and reasons again with its own settings, and compare them byte for byte.

    {replayed, state, reason, checks}. States: `same`; `differs`; `version purged`: that state of the model is gone, since
    it was fitted again or a person was erased from it; `person erased`: nobody can be found for it any more; `refused`: it
    does not verify, or is not from this installation. What the person chose since plays no part.
    """
    if document.get("format") != RECEIPT:
        raise BadInput("this is not a receipt", value=document.get("format"), fix="give what `receipt` made")
    checks = verify_content(canonical(document))["checks"]
    if failed := [check for check in checks if not check["ok"]]:
        return _answer(REFUSED, f"{failed[0]['name']}: it does not hold. {failed[0]['detail']}".strip(), checks)
    if not _in_our_record(workspace, document):
        return _answer(REFUSED, "It was made by another installation: the record here has no such entry.", checks)
    user = workspace.receipts.owner(document["receipt_id"])
    if document["profiled"] and user is None:
        reason = "The person was erased, so nobody can be found for it; its entry in the record still holds."
        return _answer(ERASED, reason, checks)
    if gone := _purged(workspace, document):
        return _answer(PURGED, gone, checks)
    again = _again(workspace, document, user)
    if canonical(again) == canonical({name: document[name] for name in again}):
        return _answer(SAME, "The list and every reason came out the same, byte for byte.", checks)
    return _answer(DIFFERS, _difference(document, again), checks)


def replay_file(workspace: Workspace, path: Path) -> dict[str, Any]:
    """`replay` of the receipt in a file; a file that holds none is refused in a sentence."""
    return replay(workspace, read_receipt(path))


def read_receipt(path: Path) -> dict[str, Any]:
    """The receipt in a file, as it was written; whether it holds is for `replay` or the verifier to say."""
    fix = "give a file that `sightglass receipt` wrote"
    try:
        if path.stat().st_size > _LARGEST:
            raise BadInput("this file is too large to be a receipt", file=path, fix=fix)
        document = parse(path.read_bytes())
    except OSError as error:
        raise BadInput(f"it cannot be read ({error.strerror})", file=path, fix=fix) from error
    except (Broken, ValueError, RecursionError) as error:
        raise BadInput(f"this is not a whole receipt ({error})", file=path, fix=fix) from error
    if not isinstance(document, dict) or document.get("format") != RECEIPT:
        raise BadInput("this file is not a receipt", file=path, fix=fix)
    return document


# -- what was shown ----------------------------------------------------------------------------


def _about(manifest: Mapping[str, Any]) -> dict[str, Any]:
    told = {**manifest, "name": manifest["model"]}
    model = {name: told[name] for name in _MODEL}
    return {"data_hash": manifest["data_hash"], "model": model, "code_version": VERSION}


def _personal(
    workspace: Workspace, about: Mapping[str, Any], user: str, k: int, serendipity: float | None
) -> dict[str, Any] | None:
    """The settings and the list of a person; None where it is the one that is the same for all."""
    shown = PersonalList.of(workspace, about["model_id"], user, k, serendipity)
    if shown.model is None or shown.request is None:
        return None
    return {"settings": settings_of(shown.model, shown.request), "list": shown_rows(shown.model, shown.request)}


def _non_profiled(workspace: Workspace, model_id: str, k: int) -> dict[str, Any]:
    """The same for the list that is made of nobody's data; how many chose a title is its only reason."""
    rows = []
    for row in recommend_non_profiled(workspace, model_id, k)["items"]:
        title = chosen_by(row["score"])
        part = {"kind": "term", "id": "popularity", "title": title, "value": row["score"]}
        reasons = {"base": 0.0, "kind": str(Exactness.EXACT), "background": "an item that nobody chose"}
        rows.append({**{name: row[name] for name in (ITEM, TITLE, RANK, SCORE)}, **reasons, "parts": [part]})
    return {"settings": {"k": k}, "list": rows}


def _refuse_replaced(workspace: Workspace, about: Mapping[str, Any]) -> None:
    """A model that was replaced between reading its manifest and making the list gets no receipt under the former one."""
    if workspace.shelf.about(about["model_id"])["digest"] != about["digest"]:
        raise BadInput("the model was replaced while the list was made", value=about["model_id"], fix="ask again")


# -- what is still there -----------------------------------------------------------------------


def _in_our_record(workspace: Workspace, document: Mapping[str, Any]) -> bool:
    head, index = document["tree_head"], document["log_index"]
    try:
        ours = workspace.log.prove(index, head["size"])
    except NotFound:
        return False
    return bool(ours == document["inclusion_proof"])


def _purged(workspace: Workspace, document: Mapping[str, Any]) -> str:
    """Why the model of the receipt is not there any more; empty where it is."""
    model_id = document["model"]["model_id"]
    try:
        now = workspace.shelf.about(model_id)
    except NotFound:
        return f"The model {model_id} was removed since; the receipt's entry in the record still holds."
    if now["digest"] == document["model"]["digest"] and now["data_hash"] == document["data_hash"]:
        return ""
    return (
        f"The model {model_id} was fitted again, or a person was erased from it, since; the receipt's entry in the record "
        "still holds."
    )


def _again(workspace: Workspace, document: Mapping[str, Any], user: str | None) -> dict[str, Any]:
    """The settings and the list, made anew; each entry with its hash, as in a receipt."""
    model_id, told = document["model"]["model_id"], document["settings"]
    if user is None:
        made = _non_profiled(workspace, model_id, told["k"])
    else:
        model = workspace.model(model_id)
        request = request_of(model, user, told)
        made = {"settings": settings_of(model, request), "list": shown_rows(model, request)}
    return {**made, "list": sealed_entries(made["list"])}


def _difference(document: Mapping[str, Any], again: Mapping[str, Any]) -> str:
    old, new = document["list"], again["list"]
    first = next((row for row, made in zip(old, new, strict=False) if canonical(row) != canonical(made)), None)
    where = f"It has {len(new)} titles now and had {len(old)}."
    if first is not None:
        where = f"The first difference is at rank {first['rank']}, {shown(first['title'])}."
    then, now = document["library_versions"], versions()
    other = [f"{name} {then.get(name)} then and {now[name]} now" for name in now if then.get(name) != now[name]]
    return f"{where} Versions differ: {', '.join(other)}." if other else where


def _answer(state: str, reason: str, checks: list[dict[str, Any]]) -> dict[str, Any]:
    return {"replayed": state == SAME, "state": state, "reason": reason, "checks": checks}
