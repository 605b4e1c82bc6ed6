"""The report as a PDF, set by typst. What the data says reaches it as JSON text and is never read as markup."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from importlib.resources import files
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Literal

from audit.report.contents import contents

_DATA = "report.json"
_MARKUP = ("template.typ", "charts.typ")
_LAST_COVERED = "\u052f"  # Latin, Greek and Cyrillic are in typst's own fonts; so is what lies in the next range
_COVERED = ("\u1e00", "\u2bff")


def render(document: Mapping[str, Any]) -> bytes:
    """The JSON document of an audit run as a tagged PDF. Equal documents give equal bytes on one machine.

    Only typst's own fonts are used, unless the text needs a script that they lack: then the fonts of this machine help
    out. A sign that none of them has shows as a box, and the file is then no PDF/UA-1, which it is otherwise.
    """
    import typst

    try:
        return compiled(document, "pdf", "ua-1")[0]
    except typst.TypstError:  # PDF/UA refuses boxes; a fault of the markup itself is raised again here
        return compiled(document, "pdf")[0]


def compiled(
    document: Mapping[str, Any], kind: Literal["pdf", "png", "svg"], standard: Literal["ua-1"] | None = None
) -> list[bytes]:
    """The pages as one PDF, or as a picture or drawing each."""
    import typst

    with TemporaryDirectory() as folder:
        main = write_sources(document, Path(folder))
        pages = typst.compile(
            str(main),
            root=folder,
            format=kind,
            ignore_system_fonts=not _needs_more_fonts(main.with_name(_DATA).read_text(encoding="utf-8")),
            pdf_standards=standard,
            package_path=folder,
            package_cache_path=folder,
        )
    return pages if isinstance(pages, list) else [pages]


def write_sources(document: Mapping[str, Any], folder: Path) -> Path:
    """Write what typst reads, the fixed markup and the data as JSON; returns the path of the markup."""
    told = json.dumps(asdict(contents(document)), ensure_ascii=False, allow_nan=False)
    (folder / _DATA).write_text(told, encoding="utf-8")
    for name in _MARKUP:
        (folder / name).write_text(files(__package__).joinpath(name).read_text(encoding="utf-8"), encoding="utf-8")
    return folder / _MARKUP[0]


def _needs_more_fonts(text: str) -> bool:
    return any(sign > _LAST_COVERED and not _COVERED[0] <= sign <= _COVERED[1] for sign in set(text))
