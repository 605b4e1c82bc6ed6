"""Where a test keeps its database: SQLite in its own folder, or a schema of its own on a PostgreSQL server."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import create_engine, make_url, text


@contextmanager
def fresh_address(folder: Path) -> Iterator[str]:
    """An address of an empty database; set SIGHTGLASS_TEST_DATABASE_URL to a PostgreSQL server to test with that."""
    server = os.environ.get("SIGHTGLASS_TEST_DATABASE_URL")
    if not server:
        yield f"sqlite:///{folder / 'state.db'}"
        return
    schema = f"test_{secrets.token_hex(8)}"
    engine = create_engine(server)
    with engine.begin() as connection:
        connection.execute(text(f"CREATE SCHEMA {schema}"))
    try:
        url = make_url(server).update_query_dict({"options": f"-csearch_path={schema}"})
        yield url.render_as_string(hide_password=False)
    finally:
        with engine.begin() as connection:
            connection.execute(text(f"DROP SCHEMA {schema} CASCADE"))
        engine.dispose()
