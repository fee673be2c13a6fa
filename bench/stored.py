"""What a finished case leaves behind: growth of all tables and indexes, or of the SQLite file, per case."""

from __future__ import annotations

import sqlite3

import psycopg
from sqlalchemy import make_url

from bench.completion import OPINION
from bench.site import MIX_CASE, Case, Site, Web, together
from bench.table import Row

MOST = 6000  # bytes
CLIENTS = 4
# VACUUM runs after each tenth of the cases. Autovacuum comes by itself when a fifth of a table's rows have changed, which is
# sooner: a case changes its row four times. What it frees, the next cases take; once at the end would count it as theirs.
PARTS = 10


def finish(web: Web, cases: int) -> None:
    """So many cases of 12 nodes from start to end, each completion with an idempotency key."""

    def some(number: int) -> int:
        client = web.client()
        mine = range(number, cases, CLIENTS)
        for _ in mine:
            case = Case(client, "bench_office_mix", MIX_CASE)
            while case.open:
                case.step(OPINION)
        client.close()
        return len(mine)

    together(CLIENTS, some)


def size(site: Site) -> dict[str, int]:
    """Bytes by table with its indexes, after VACUUM; of SQLite the whole file, its log emptied."""
    url = site.engine.store.url
    if site.sqlite:
        assert url.database is not None
        with sqlite3.connect(url.database, timeout=30) as connection:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            pages, page, free = (
                connection.execute(f"PRAGMA {name}").fetchone()[0]
                for name in ("page_count", "page_size", "freelist_count")
            )
        return {"file": (pages - free) * page}
    with psycopg.connect(_dsn(site), autocommit=True) as connection:
        connection.execute("VACUUM")
        found = connection.execute(
            "SELECT relname, pg_total_relation_size(oid) FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
        )
        return {str(name): int(bytes_) for name, bytes_ in found}


def _dsn(site: Site) -> str:
    url = make_url(site.settings.database_url).set(drivername="postgresql")
    return url.render_as_string(hide_password=False)


def growth(site: Site, web: Web, cases: int) -> dict[str, float]:
    """Bytes per case by table, largest first."""
    finish(web, max(CLIENTS, cases // 8))  # the first pages of every index are there before
    before = size(site)
    done = 0
    while done < cases:
        some = min(max(CLIENTS, cases // PARTS), cases - done)
        finish(web, some)
        done += some
        after = size(site)
    grown = {name: (after[name] - before.get(name, 0)) / cases for name in after}
    return dict(sorted(grown.items(), key=lambda item: -item[1]))


def stored_row(site: Site, web: Web, cases: int, name: str, peer: str = "–") -> Row:
    grown = growth(site, web, cases)
    total = sum(grown.values())
    most = ", ".join(f"{table} {bytes_:.0f}" for table, bytes_ in list(grown.items())[:4] if bytes_ > 1)
    return Row(
        f"{name}: bytes stored per finished case of 12 nodes",
        f"{total:.0f} B" + ("" if site.sqlite else f" ({most})"),
        target="≤ 6 kB",
        met=total <= MOST,
        peer=peer,
    )
