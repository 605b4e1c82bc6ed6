"""What a newcomer finds at the first start: the demo world, and a model whose setting validation would choose."""

from __future__ import annotations

from pathlib import Path

from app.use_cases.demonstrating import LINEAR, ensure_demo
from app.workspace import opened
from data.build import build
from data.demo import demo_source
from models.histories import Training
from models.selection import choose_regularization


def test_the_given_regularization_is_the_one_that_validation_chooses() -> None:
    dataset, _ = build(demo_source(), "demo")
    assert LINEAR["regularization"] == choose_regularization(Training.of(dataset))


def test_the_first_start_makes_one_data_set_and_one_model_and_the_second_nothing(home: Path) -> None:
    with opened() as workspace:
        model_id = ensure_demo(workspace)
        assert workspace.catalog.names() == ["demo"]
        assert workspace.shelf.ids() == [model_id]
        assert ensure_demo(workspace) == model_id
        assert workspace.shelf.ids() == [model_id]
        kinds = [entry.kind for entry in workspace.log.entries()]
    assert [str(kind) for kind in kinds] == ["import", "policy", "train"]
    assert (home.stat().st_mode & 0o777) == 0o700
