"""The shipped command line with two things more in its web server: the floor, and what each request asked of the database.

    python -m bench.serving web|serve|worker …      as `zhiping web|serve|worker …`

`POST /api/v1/bench-floor` is authenticated, inserts one row and commits: what any request that keeps something costs here.
Every answer says in `X-Bench` how many statements (pings of the pool included) and commits the request took.
"""

from __future__ import annotations

from typing import Any

from flask import Flask, Response, g
from sqlalchemy import Column, MetaData, Table, event, insert

from engine.store.metadata import Id, new_id
from web import server
from web.cli import main
from web.security import login_required

floor_row = Table("bench_floor", MetaData(), Column("id", Id, primary_key=True))


class BenchServer(server.Server):
    def load(self) -> Flask:
        app = super().load()
        engine = self.engine
        assert engine is not None
        count_statements(app, engine.store.dialect.engine)

        @app.post("/api/v1/bench-floor")
        @login_required
        def floor() -> dict[str, str]:
            row = new_id()
            with engine.store.transaction() as connection:
                connection.execute(insert(floor_row).values(id=row))
            return {"id": row}

        return app


def count_statements(app: Flask, database: Any) -> None:
    def one_more(name: str) -> None:
        if g:
            setattr(g, name, g.get(name, 0) + 1)

    ping = database.dialect.do_ping

    def counted_ping(connection: Any) -> bool:
        one_more("bench_statements")
        return bool(ping(connection))

    database.dialect.do_ping = counted_ping
    event.listen(database, "before_cursor_execute", lambda *_: one_more("bench_statements"))
    event.listen(database, "commit", lambda *_: one_more("bench_commits"))

    @app.after_request
    def tell(response: Response) -> Response:
        response.headers["X-Bench"] = f"{g.get('bench_statements', 0)} {g.get('bench_commits', 0)}"
        return response


if __name__ == "__main__":
    server.Server = BenchServer  # type: ignore[misc]
    main()
