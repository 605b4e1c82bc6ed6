"""Check the yardstick: whether our measures give the published and hand-computed values, at this moment."""

from __future__ import annotations

from typing import Any


def check_yardstick() -> dict[str, Any]:
    """Every golden value and constructed case made again; `ok` whether all hold, `checks` a row each, failures first."""
    from audit.yardstick_cases import yardstick

    checks = sorted(yardstick(), key=lambda check: check.ok)
    held = sum(check.ok for check in checks)
    return {"ok": held == len(checks), "held": held, "of": len(checks), "checks": [check.row() for check in checks]}
