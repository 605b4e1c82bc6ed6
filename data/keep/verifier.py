"""Check an evidence bundle, an erasure certificate, a receipt or an exported log, offline.

It needs Python's own library alone.

    python verify.py PATH [--head SIZE:ROOT]

It says what holds and what does not, one line a check, and ends with 0 if all hold, 1 if not, and 2 if all hold but the
log does not bind the whole file, as in bundles of earlier versions. Hashes and proofs tie a file to one log and to its
head. Whoever can write a whole new log can forge everything under a new head; only a head that you noted earlier, or had
from somebody else, shows that this was not done. Give it as --head. A forged file can bring a forged verify.py: use one
that you have from somewhere you trust.

Formats. Hashes are SHA-256 as 64 hex digits. `canonical(x)` is JSON with sorted keys, no spaces, and ASCII only. A leaf
is the canonical text of one log entry {v, index, at, kind, actor, subject, detail}; tree hashes are those of RFC 6962.
A proof is {index, size, root, path: [hex]} and a head is {size, root}.

Log, JSON lines: the first is the head {format: "sightglass-log/1", size, root}, then one leaf a line, in order.

Certificate, JSON: format "sightglass-certificate/1", cert_version, request_id, subject_commitment, received_at,
executed_at, legal_ground, scope, models: [{name, class, stats_hash_before, stats_hash_after, stats_hash_retrain,
weights_max_diff_same_run, ranked_lists_equal, …}], models_removed, suppression_entry_present, exports: [{log_index, kind,
at, what, held, sha256}], recipients_notified, remains, code_version, library_versions, verifier_version; these are the
claims, and the entry in the log carries their hash as detail.claims_sha256. Then log_index, tree_head, inclusion_proof,
leaf, and sha256: the hash of canonical(everything else). The word user_id is nowhere a key. The text is laid out as json
writes it: on one line, or indented by 1 or 2. A class is exact or retrained, where statistics and lists are those of a
model fitted without the person and weights differ by 1e-12 at most; or approximate, where they need not be.
cert_version 1 had no models_removed, exports and remains.

Receipt of a list that was shown, JSON: format "sightglass-receipt/1", receipt_version, receipt_id, subject (pseudonym, or
null where the list was made of nobody's data), profiled, dataset, data_hash, model {model_id, name, settings, digest,
statistics_hash}, settings of the list, list: [{item_id, title, rank, score, base, kind, background, parts: [{kind, id,
title, value}], sha256: the hash of canonical(the rest of the entry)}], made_at, code_version, library_versions,
verifier_version; these are the claims. The rest is as in a certificate. Base and the values of the parts add up to the
score: to 1e-9 where kind begins with "exact", to 1e-6 where it is "shap over signals" (of the largest, if above 1).

Bundle, zip: manifest.json and exactly the files it lists, stored uncompressed, in the order and with the headers that
`zip_bytes` gives them. manifest.json {format: "sightglass-bundle/2", files: {name: {sha256, size}}, run_entry, plan_entry,
leaf, tree_head, inclusion_proof, verifier_version, sha256: the hash of canonical(everything else)}. log.json {head,
entries: [{leaf, inclusion_proof}]} holds the entries about the run in the order of the log. The one at run_entry is also
the leaf of the manifest; its detail.sha256 is the hash of a file. The one at plan_entry (null where the log has none) comes
before it, and its detail.plan_hash is the hash of plan.json and the plan_hash of audit.json. The last is the seal: its
detail.bundle_sha256 is the hash of canonical({format, files but for log.json, run_entry, plan_entry, verifier_version}),
so that the log binds every file. In "sightglass-bundle/1" there was no seal, run_entry and plan_entry: there the log binds
only the file whose hash the entry of the run names, and a plan.json that an entry names.
"""

from __future__ import annotations

import hashlib
import io
import json
import math
import re
import sys
import zipfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

VERSION = 4
LOG, CERTIFICATE, BUNDLE = "sightglass-log/1", "sightglass-certificate/1", "sightglass-bundle/2"
OLD_BUNDLE = "sightglass-bundle/1"
RECEIPT = "sightglass-receipt/1"
MANIFEST, PROOFS, PLAN, RUN = "manifest.json", "log.json", "plan.json", "audit.json"
SEALED = (
    "format",
    "files",
    "run_entry",
    "plan_entry",
    "verifier_version",
)  # what the seal of a bundle carries the hash of
AROUND_SEALED = ("leaf", "tree_head", "inclusion_proof", "sha256")
EMPTY_ROOT = hashlib.sha256(b"").digest()
AROUND_CLAIMS = ("log_index", "tree_head", "inclusion_proof", "leaf", "sha256")
CLAIMS = (
    "cert_version", "request_id", "subject_commitment", "received_at", "executed_at", "legal_ground", "scope", "models",
    "models_removed", "suppression_entry_present", "exports", "recipients_notified", "remains", "code_version",
    "library_versions", "verifier_version",
)  # fmt: skip
_SINCE_2 = ("models_removed", "exports", "remains")  # claims that a certificate of version 1 does not have
PROOF = ("name", "class", "stats_hash_before", "stats_hash_after", "stats_hash_retrain", "weights_max_diff_same_run",
         "ranked_lists_equal")  # fmt: skip
COPY = ("log_index", "kind", "at", "what", "held", "sha256")
CLASSES = ("exact", "retrained", "approximate")
_SAME_WEIGHTS = 1e-12  # two solves in one run
RECEIPT_CLAIMS = (
    "receipt_version", "receipt_id", "subject", "profiled", "dataset", "data_hash", "model", "settings", "list", "made_at",
    "code_version", "library_versions", "verifier_version",
)  # fmt: skip
ENTRY = ("item_id", "title", "rank", "score", "base", "kind", "background", "parts", "sha256")
TOLERANCE = {"exact": 1e-9, "exact given neighbours": 1e-9, "shap over signals": 1e-6}  # other kinds promise no sum
_HEX = re.compile(r"[0-9a-f]{64}\Z")
_LONGEST = 60
_PROOF, _HEAD = {"index", "size", "root", "path"}, {"size", "root"}

Check = dict[str, Any]
Entry = dict[str, Any]
Head = tuple[int, bytes]


class Broken(Exception):
    """What was read is not what it should be."""


_MALFORMED = (
    Broken, ValueError, KeyError, TypeError, AttributeError, IndexError, RecursionError, OverflowError, OSError,
)  # fmt: skip


def verify_path(path: str | Path, head: Head | None = None) -> dict[str, Any]:
    """{"ok": bool, "checks": [{name, ok, detail}], "unbound": str} for a bundle, a certificate, a receipt or a log.

    `unbound` is '' where the log binds everything that the file holds; else one sentence on what it does not, and then
    `ok` is false, though every check may hold. `head` is a tree head (size, root) that you trust; without one the past
    is only checked against itself.
    """
    try:
        content = Path(path).read_bytes()
    except OSError as error:
        failed = {"name": "the file can be read", "ok": False, "detail": str(error.strerror)}
        return {"ok": False, "checks": [failed], "unbound": ""}
    return verify_content(content, head)


def verify_content(content: bytes, head: Head | None = None) -> dict[str, Any]:
    """The same for the content of such a file."""
    checks = Checks()
    try:
        _verify(content, checks, head)
    except _MALFORMED as error:
        checks.add("the file has the form it should have", False, f"{type(error).__name__}: {error}")
    return {"ok": checks.hold() and not checks.unbound, "checks": checks.done, "unbound": checks.unbound}


class Checks:
    """The checks that were made, in order."""

    def __init__(self) -> None:
        self.done: list[Check] = []
        self.unbound = ""  # what the log does not bind, in one sentence

    def hold(self) -> bool:
        """Whether there were any, and all hold."""
        return bool(self.done) and all(check["ok"] for check in self.done)

    def add(self, name: str, ok: bool, detail: str = "") -> None:
        """Keep the outcome of one check."""
        self.done.append({"name": name, "ok": bool(ok), "detail": detail})


def _verify(content: bytes, checks: Checks, head: Head | None) -> None:
    if content[:4] == b"PK\x03\x04":
        return _verify_bundle(content, checks, head)
    first = parse(content.split(b"\n", 1)[0]) if content.startswith(b'{"format":"sightglass-log') else None
    if first is not None:
        return _verify_log(first, content, checks, head)
    document = parse(content)
    layout = _is_laid_out(document, content)
    if list(document) == ["certificate"]:  # as `sightglass erase --json` prints it
        document = document["certificate"]
    if document["format"] == RECEIPT:
        return _verify_receipt(document, checks, head)
    checks.add("it is laid out as it was written", layout)
    return _verify_certificate(document, checks, head)


def _is_laid_out(document: object, content: bytes) -> bool:
    """Whether the text is one that json writes of the value, so that no changed white space goes unseen."""
    text = content.decode().removesuffix("\n")
    ways: tuple[dict[str, Any], ...] = ({}, {"separators": (",", ":")}, {"indent": 1}, {"indent": 2})
    return any(json.dumps(document, ensure_ascii=plain, **way) == text for way in ways for plain in (True, False))


def _verify_log(first: Mapping[str, Any], content: bytes, checks: Checks, head: Head | None) -> None:
    leaves = content.split(b"\n")[1:]
    checks.add("every line is whole", bool(leaves) and leaves.pop() == b"", "the last line ends too")
    checks.add("the format is known", first["format"] == LOG, str(first["format"]))
    checks.add("the head says nothing else", set(first) == {"format", *_HEAD})
    bad = next((place for place, leaf in enumerate(leaves) if not _is_entry(leaf, place)), None)
    checks.add("every entry is canonical and in its place", bad is None, "" if bad is None else f"see entry {bad}")
    checks.add("as many entries as the head says", len(leaves) == first["size"], f"{len(leaves)} of {first['size']}")
    checks.add("the entries give the root of the head", tree_root(leaves).hex() == first["root"], str(first["root"]))
    if head is not None:
        size, root = head
        same = size <= len(leaves) and tree_root(leaves[:size]) == root
        checks.add("the past is the one of the head you trust", same, f"first {size} entries")


def _is_entry(leaf: bytes, place: int) -> bool:
    entry = parse(leaf)
    return canonical(entry) == leaf and entry["index"] == place


def _verify_certificate(told: Mapping[str, Any], checks: Checks, head: Head | None) -> None:
    checks.add("the format is known", told["format"] == CERTIFICATE, str(told["format"]))
    first = told["cert_version"] == 1
    checks.add("the version is known", first or told["cert_version"] == 2, str(told["cert_version"]))
    names = tuple(name for name in CLAIMS if not (first and name in _SINCE_2))
    entry = _check_claims(told, names, "erase", checks, head)
    checks.add("the log entry is the one of this request", entry["detail"].get("request_id") == told["request_id"])
    for model in told["models"]:
        _check_model(model, first, checks)
    if not told["models"]:
        checks.add("no model held the person", True)
    if not first:
        unknown = sorted(set(told) - {"format", *names, *AROUND_CLAIMS})
        checks.add("no field is unknown", not unknown, ", ".join(unknown))
        stays_out = told["suppression_entry_present"] is True
        checks.add("the person stays out of operators' imports", stays_out)
        checks.add("it was done after it was asked for", told["received_at"] <= told["executed_at"] <= entry["at"])
        checks.add("every copy is told in full", all(set(copy) == set(COPY) for copy in told["exports"]))
    checks.add("nobody is named", not _has_key({**told, "leaf": entry}, "user_id"))


def _check_model(model: Mapping[str, Any], first: bool, checks: Checks) -> None:
    name, after, retrained = model["name"], model["stats_hash_after"], model["stats_hash_retrain"]
    same = after == retrained and bool(_HEX.match(after))
    checks.add(f"model {name}: statistics equal a retrain without the person", same, str(after))
    if first:
        return
    missing = sorted(set(PROOF) - set(model))
    checks.add(f"model {name}: every field is there", not missing, ", ".join(missing))
    checks.add(f"model {name}: its class is known", model["class"] in CLASSES, str(model["class"]))
    if model["class"] != "approximate":
        apart = model["weights_max_diff_same_run"]
        checks.add(f"model {name}: its weights are those of the retrain", 0 <= apart <= _SAME_WEIGHTS, f"{apart}")
        checks.add(f"model {name}: its lists are those of the retrain", model["ranked_lists_equal"] is True)


def _verify_receipt(told: Mapping[str, Any], checks: Checks, head: Head | None) -> None:
    checks.add("the format is known", told["format"] == RECEIPT, str(told["format"]))
    entry = _check_claims(told, RECEIPT_CLAIMS, "receipt", checks, head)
    checks.add("the log entry is the one of this receipt", entry["detail"].get("receipt_id") == told["receipt_id"])
    checks.add("the log entry is about the same person", entry["subject"] == told["subject"])
    alone = told["profiled"] is (told["subject"] is not None)
    checks.add(
        "a list made without a profile is about nobody", alone, "profiled" if told["profiled"] else "the same for all"
    )
    rows = told["list"]
    checks.add("the ranks go from 1 without a gap", [row["rank"] for row in rows] == list(range(1, len(rows) + 1)))
    checks.add("no title comes twice", len({row["item_id"] for row in rows}) == len(rows))
    for place, row in enumerate(rows, start=1):
        _check_row(row, f"title {place}, {shown(row['title'])}", checks)
    checks.add("nobody is named", not _has_key({**told, "leaf": entry}, "user_id"))


def _check_row(row: Mapping[str, Any], name: str, checks: Checks) -> None:
    whole = sha256(canonical({key: value for key, value in row.items() if key != "sha256"})) == row["sha256"]
    fields = set(row) == set(ENTRY)
    checks.add(f"{name}: as it was written", whole and fields, "" if whole and fields else "was changed")
    values = [row["base"], *(part["value"] for part in row["parts"])]
    gap = math.fsum([*values, -row["score"]])
    if row["kind"] in TOLERANCE:
        limit = TOLERANCE[row["kind"]] * max(1.0, abs(row["score"]), *map(abs, values))
        checks.add(f"{name}: the reasons add up to the score", abs(gap) <= limit, f"they differ by {gap:.3g}")


def _check_claims(
    told: Mapping[str, Any], names: Sequence[str], kind: str, checks: Checks, head: Head | None
) -> dict[str, Any]:
    """The log entry of a certificate or a receipt, which carries the hash of what is claimed."""
    _check_own_hash(told, checks)
    missing = [name for name in (*names, *AROUND_CLAIMS) if name not in told]
    checks.add("every field is there", not missing, ", ".join(missing))
    entry = _check_entry(told, kind, checks, head)
    claims = sha256(canonical({key: value for key, value in told.items() if key not in AROUND_CLAIMS}))
    checks.add("the log entry carries the hash of these claims", entry["detail"].get("claims_sha256") == claims)
    checks.add("the log entry is at the index that is named", told["log_index"] == entry["index"])
    return entry


def _verify_bundle(content: bytes, checks: Checks, head: Head | None) -> None:
    files = _unzipped(content)
    raw = files.pop(MANIFEST, None)
    if raw is None:
        raise Broken(f"there is no {MANIFEST}")
    manifest = parse(raw)
    old = manifest["format"] == OLD_BUNDLE
    checks.add("the format is known", old or manifest["format"] == BUNDLE, str(manifest["format"]))
    checks.add("the manifest is laid out as it was written", pretty(manifest) == raw)
    _check_own_hash(manifest, checks)
    listed = manifest["files"]
    for name in sorted({*listed, *files}):
        checks.add(f"file {name}", *_whole(listed.get(name), files.get(name)))
    checks.add("the archive holds nothing else", zip_bytes({**files, MANIFEST: raw}) == content)
    run: Entry = _check_entry(manifest, None, checks, head)
    named = run["detail"].get("sha256")
    bound = {name for name, file in listed.items() if file["sha256"] == named}
    checks.add("the log entry names a file of the bundle", bool(bound))
    if not old:
        return _verify_sealed(manifest, files, run, checks)
    told = _proven_entries(files[PROOFS], manifest["tree_head"], checks) if PROOFS in files else []
    if PLAN in files:
        plan = _plan_before(files[PLAN], told, run)
        _check_plan(files, plan, _result(told, run), checks)
        bound |= {PLAN} if plan else set()
    rest = ", ".join(sorted(set(listed) - bound - {PROOFS}))
    checks.unbound = (
        f"This bundle was written by an earlier version, whose log binds only {', '.join(sorted(bound)) or 'nothing'}; "
        f"it does not show whether anybody changed the rest: {rest}."
    )
    return None


def _verify_sealed(manifest: Mapping[str, Any], files: Mapping[str, bytes], run: Entry, checks: Checks) -> None:
    """That the log binds the whole bundle: its last entry here carries the hash of all that the manifest lists."""
    checks.add("the manifest says nothing else", set(manifest) == {*SEALED, *AROUND_SEALED})
    told = _proven_entries(files[PROOFS], manifest["tree_head"], checks)
    seal, at = told[-1], {entry["index"]: entry for entry in told}
    sealed = {**{name: manifest[name] for name in SEALED}, "files": {**manifest["files"]}}
    sealed["files"].pop(PROOFS)
    carried = seal["kind"] == "report" and seal["detail"].get("bundle_sha256") == sha256(canonical(sealed))
    checks.add("the log carries the hash of every file", carried, f"entry {seal['index']}")
    same = run["index"] == manifest["run_entry"] and at.get(run["index"]) == run
    checks.add("the log entry of the run is the one that is named", same, f"entry {manifest['run_entry']}")
    if PLAN in files:
        plan = None if manifest["plan_entry"] is None else at[manifest["plan_entry"]]
        _check_plan(files, plan, _result(told, run), checks)


def _proven_entries(raw: bytes, head: Mapping[str, Any], checks: Checks) -> list[Entry]:
    """The entries of log.json, each proven to be in the tree of the bundle's own head."""
    told = parse(raw)
    form = pretty(told) == raw and set(told) == {"head", "entries"} and told["head"] == head
    checks.add("the log's part is laid out as it was written, under the same head", form)
    found: list[Entry] = []
    for one in told["entries"]:
        if set(one) != {"leaf", "inclusion_proof"}:
            raise Broken("an entry of the log is its leaf and its proof")
        found.append(_check_entry({**one, "tree_head": told["head"]}, None, checks, None))
    order = [entry["index"] for entry in found]
    checks.add("the entries are in the order of the log", bool(order) and order == sorted(set(order)))
    return found


def _plan_before(plan: bytes, told: Sequence[Entry], run: Entry) -> Entry | None:
    """Where an earlier version named no entry of the plan: the first that carries its hash, before the run's."""
    earlier = (entry for entry in told if entry["index"] < run["index"])
    return next((entry for entry in earlier if entry["detail"].get("plan_hash") == sha256(plan)), None)


def _result(told: Sequence[Entry], run: Entry) -> Entry:
    """The entry of the result; `run` names the hash of the numbers, and may have been added later."""
    about = ("audit", "result", run["detail"].get("run_id"))
    found = (one for one in told if (one["kind"], one["detail"].get("stage"), one["detail"].get("run_id")) == about)
    return next(found, run)


def _check_plan(files: Mapping[str, bytes], entry: Entry | None, result: Entry, checks: Checks) -> None:
    """That plan.json is the plan of the numbers, and of an entry that came before that of the result."""
    digest = sha256(files[PLAN])
    ran = parse(files[RUN])
    theirs = [ran["plan_hash"], result["detail"].get("plan_hash", digest)]
    checks.add(
        "the plan is the one of the numbers", theirs == [digest, digest] and canonical(ran["plan"]) == files[PLAN]
    )
    if entry is None:
        checks.add("the log names no plan before the result", True, "so it does not show that the plan came first")
        return
    named = entry["kind"] == "audit" and entry["detail"].get("stage") == "plan"
    about = all(entry["detail"].get(name) == ran.get(name) for name in ("data", "data_hash", "model_id"))
    checks.add("the log entry of the plan is about this run", named and about)
    first = entry["detail"].get("plan_hash") == digest and entry["index"] < result["index"]
    checks.add("the log named the plan before the result", first, f"entry {entry['index']}, then {result['index']}")


def _whole(listed: Mapping[str, Any] | None, content: bytes | None) -> tuple[bool, str]:
    if listed is None:
        return False, "is not listed"
    if content is None:
        return False, "is missing"
    same = sha256(content) == listed["sha256"] and len(content) == listed["size"]
    return same, listed["sha256"] if same else "was changed"


def _check_own_hash(told: Mapping[str, Any], checks: Checks) -> None:
    own = sha256(canonical({key: value for key, value in told.items() if key != "sha256"}))
    checks.add("its own hash", own == told["sha256"], own)


def _check_entry(told: Mapping[str, Any], kind: str | None, checks: Checks, head: Head | None) -> dict[str, Any]:
    """The log entry of a certificate or a bundle, with its proof checked against the tree head."""
    leaf, proof, at = told["leaf"].encode(), told["inclusion_proof"], told["tree_head"]
    entry = parse(leaf)
    checks.add("the log entry is canonical", canonical(entry) == leaf)
    if kind is not None:
        checks.add(f"the log entry is of kind {kind}", entry["kind"] == kind, str(entry["kind"]))
    same = (proof["size"], proof["root"], proof["index"]) == (at["size"], at["root"], entry["index"])
    checks.add("the proof says nothing else", set(proof) == _PROOF and set(at) == _HEAD)
    path, root = _bytes(proof["path"]), bytes.fromhex(at["root"])
    included = same and inclusion_holds(entry["index"], at["size"], leaf_hash(leaf), path, root)
    checks.add("the log entry is in the tree of the head", included, f"entry {entry['index']} of {at['size']}")
    if head is not None:
        checks.add("the head is the one you trust", (at["size"], root) == head, "export the log to compare other sizes")
    return entry


def leaf_hash(leaf: bytes) -> bytes:
    """RFC 6962 hash of a leaf."""
    return hashlib.sha256(b"\x00" + leaf).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """RFC 6962 hash of two subtrees."""
    return hashlib.sha256(b"\x01" + left + right).digest()


def tree_root(leaves: Iterable[bytes]) -> bytes:
    """Merkle tree hash of the leaves, from the complete subtrees on the left to the rest on the right."""
    peaks: list[tuple[int, bytes]] = []
    for leaf in leaves:
        peaks.append((0, leaf_hash(leaf)))
        while len(peaks) > 1 and peaks[-1][0] == peaks[-2][0]:
            (level, left), (_, right) = peaks[-2:]
            peaks[-2:] = [(level + 1, node_hash(left, right))]
    digest = peaks.pop()[1] if peaks else EMPTY_ROOT
    while peaks:
        digest = node_hash(peaks.pop()[1], digest)
    return digest


def inclusion_holds(index: int, size: int, leaf: bytes, path: Sequence[bytes], root: bytes) -> bool:
    """RFC 9162 2.1.3.2: the leaf hash is at `index` of the tree of `size` leaves with this root."""
    if not 0 <= index < size:
        return False
    here, last, digest = index, size - 1, leaf
    for sibling in path:
        if last == 0:
            return False
        if here & 1 or here == last:
            digest = node_hash(sibling, digest)
            while not here & 1 and here:
                here, last = here >> 1, last >> 1
        else:
            digest = node_hash(digest, sibling)
        here, last = here >> 1, last >> 1
    return last == 0 and digest == root


def consistency_holds(old: int, old_root: bytes, size: int, root: bytes, path: Sequence[bytes]) -> bool:
    """RFC 9162 2.1.4.2: the tree of `size` leaves begins with the `old` leaves that had `old_root`."""
    if old in (0, size):
        return not path and old_root == (EMPTY_ROOT if old == 0 else root)
    if not 0 < old < size or not path:
        return False
    rest = list(path) if old & (old - 1) else [old_root, *path]
    here, last = old - 1, size - 1
    while here & 1:
        here, last = here >> 1, last >> 1
    before = after = rest[0]
    for sibling in rest[1:]:
        if last == 0:
            return False
        if here & 1 or here == last:
            before, after = node_hash(sibling, before), node_hash(sibling, after)
            while not here & 1 and here:
                here, last = here >> 1, last >> 1
        else:
            after = node_hash(after, sibling)
        here, last = here >> 1, last >> 1
    return last == 0 and (before, after) == (old_root, root)


def canonical(value: object) -> bytes:
    """The one text of a JSON value: sorted keys, no spaces, ASCII; NaN and infinity are refused."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False).encode()


def shown(text: object) -> str:
    """A title as it can be printed: on one line, cut, and with nothing that steers a terminal."""
    printable = "".join(sign if sign.isprintable() else " " for sign in str(text)[: _LONGEST + 1])
    return f"'{printable[:_LONGEST]}…'" if len(printable) > _LONGEST else f"'{printable}'"


def pretty(value: object) -> bytes:
    """The JSON value as people read it."""
    return (json.dumps(value, sort_keys=True, indent=2, allow_nan=False) + "\n").encode()


def sha256(content: bytes) -> str:
    """Hash as hex digits."""
    return hashlib.sha256(content).hexdigest()


def zip_bytes(files: Mapping[str, bytes]) -> bytes:
    """The one archive of these files: sorted by name, stored, without times, so that equal files give equal bytes."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for name in sorted(files):
            about = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
            about.create_system, about.create_version, about.extract_version = 3, 20, 20
            about.external_attr = 0o100644 << 16
            archive.writestr(about, files[name], zipfile.ZIP_STORED)
    return buffer.getvalue()


def _unzipped(content: bytes) -> dict[str, bytes]:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            entries = archive.infolist()
            if any(entry.compress_type != zipfile.ZIP_STORED for entry in entries):
                raise Broken("a file of the archive is compressed")
            if sum(entry.file_size for entry in entries) > len(content):
                raise Broken("the archive says that it is larger than it is")
            if len({entry.filename for entry in entries}) < len(entries):
                raise Broken("two files of the archive have one name")
            return {entry.filename: archive.read(entry) for entry in entries}
    except (zipfile.BadZipFile, EOFError, NotImplementedError, RuntimeError) as error:
        raise Broken(f"the archive cannot be read: {error}") from error


def parse(content: bytes) -> Any:
    """A JSON value; a key that comes twice, NaN, infinity and a number in another spelling than ours are refused.

    Two spellings can be one number (0.30000000000000004 and …05 are), and a changed digit is to be seen.
    """
    return json.loads(
        content.decode(), object_pairs_hook=_once, parse_constant=_refuse, parse_float=_spelled, parse_int=_spelled
    )


def _spelled(text: str) -> int | float:
    number: int | float = json.loads(text)
    if json.dumps(number) != text:
        raise Broken(f"the number {text[:_LONGEST]} is not written as it was")
    return number


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise Broken("a key comes twice")
    return found


def _refuse(constant: str) -> None:
    raise Broken(f"{constant} is no number")


def _bytes(path: Sequence[str]) -> list[bytes]:
    if not all(isinstance(digest, str) and _HEX.match(digest) for digest in path):
        raise Broken("a proof is a list of hashes")
    return [bytes.fromhex(digest) for digest in path]


def _has_key(value: object, key: str) -> bool:
    if isinstance(value, dict):
        return key in value or any(_has_key(inner, key) for inner in value.values())
    return isinstance(value, list) and any(_has_key(inner, key) for inner in value)


def parse_head(text: str) -> Head:
    """`SIZE:ROOT` as a tree head."""
    size, _, root = text.partition(":")
    if not size.isdigit() or not _HEX.match(root):
        raise ValueError("a tree head is written SIZE:ROOT, with 64 hex digits")
    return int(size), bytes.fromhex(root)


def main(arguments: Sequence[str], say: Callable[[str], object] = print) -> int:
    """Check one path and say what holds."""
    if len(arguments) not in (1, 3) or (len(arguments) == 3 and arguments[1] != "--head"):
        say("usage: python verify.py PATH [--head SIZE:ROOT]")
        return 3
    told = verify_path(arguments[0], parse_head(arguments[2]) if len(arguments) == 3 else None)
    for check in told["checks"]:
        say(f"{'holds ' if check['ok'] else 'FAILS '} {check['name']}{': ' * bool(check['detail'])}{check['detail']}")
    if told["unbound"]:
        say(f"NOT SHOWN {told['unbound']}")
    held = all(check["ok"] for check in told["checks"])
    whole = "what this bundle can show holds, and that is not all" if told["unbound"] else "all checks hold"
    say(whole if held else "something does not hold")
    return exit_code(told)


def exit_code(told: Mapping[str, Any]) -> int:
    """0 all checks hold, 1 some do not, 2 all do, but the log does not bind the whole file."""
    return 0 if told["ok"] else 2 if told["unbound"] and all(check["ok"] for check in told["checks"]) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
