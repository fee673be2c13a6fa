"""A private PostgreSQL for one test run: made in a temporary folder, reached over a socket, thrown away at the end.

It never touches a server that is already installed and running. Root cannot start PostgreSQL, so as root the
`postgres` account of the system runs it. Durability is switched off: these databases need not survive the machine.
"""

from __future__ import annotations

import atexit
import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from functools import cache
from pathlib import Path

import psycopg
from psycopg import sql

FAST = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "max_connections": "200"}

# What was confirmed outlives the server, though not the machine.
DURABLE = {"fsync": "off", "max_connections": "200"}

SHARED_MEMORY = Path("/dev/shm")
ROOM = 2_000_000_000  # bytes: a cluster of its own for every process that runs tests, each with some databases


class PostgresServer:
    """One running cluster; `create` gives a fresh database, from a template where one is named."""

    def __init__(self, tuning: Mapping[str, str] = FAST, parent: str | None = None) -> None:
        """`parent`: the folder to stand in; None takes memory where there is room."""
        self.folder = Path(tempfile.mkdtemp(prefix="zhiping-pg-", dir=parent or _roomy_memory()))
        self.user = "postgres" if os.geteuid() == 0 else pwd.getpwuid(os.geteuid()).pw_name
        if os.geteuid() == 0:
            shutil.chown(self.folder, self.user)
        self._run("initdb", "-D", self.data, "-A", "trust", "-U", "postgres", "-E", "UTF8", "--no-locale", "--no-sync")
        options = " ".join(f"-c {name}={value}" for name, value in tuning.items())
        options += f" -c listen_addresses='' -c unix_socket_directories={self.folder}"
        self._run("pg_ctl", "-D", self.data, "-l", str(self.folder / "log"), "-w", "-o", options, "start")
        self._made = 0

    @property
    def data(self) -> str:
        return str(self.folder / "data")

    def url(self, database: str) -> str:
        """SQLAlchemy address of one database of this cluster."""
        return f"postgresql+psycopg://postgres@/{database}?host={self.folder}"

    def create(self, template: str | None = None) -> str:
        """Make a database and return its name."""
        self._made += 1
        name = f"zhiping_{self._made}"
        with self._admin() as connection:
            connection.execute(_creation(name, template))
        return name

    def replace(self, name: str, template: str) -> None:
        """Put a copy of another database in the place of this one."""
        with self._admin() as connection:
            connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))
            connection.execute(_creation(name, template))

    def drop(self, name: str) -> None:
        with self._admin() as connection:
            connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))

    def restart(self) -> None:
        """As after a crash: nothing is finished, every connection is lost. Returns when connections are taken again."""
        log = str(self.folder / "log")
        self._run("pg_ctl", "-D", self.data, "-l", log, "-m", "immediate", "-w", "restart")

    def end_sessions(self, database: str) -> None:
        """Throw everybody out of a database, in the middle of whatever they do."""
        mine = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s AND pid <> pg_backend_pid()"
        with self._admin() as connection:
            connection.execute(mine, (database,))

    def stop(self) -> None:
        self._run("pg_ctl", "-D", self.data, "-m", "immediate", "stop")
        shutil.rmtree(self.folder, ignore_errors=True)

    def _admin(self) -> psycopg.Connection:
        return psycopg.connect(host=str(self.folder), user="postgres", dbname="postgres", autocommit=True)

    def _run(self, program: str, *arguments: str) -> None:
        # pg_ctl hands its output to the server it starts: a pipe here would never end.
        with tempfile.TemporaryFile() as output:
            done = subprocess.run(
                [_bin() / program, *arguments],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                cwd=self.folder,
                user=self.user if os.geteuid() == 0 else None,
                env={"PATH": os.environ["PATH"], "LC_ALL": "C"},
                check=False,
            )
            output.seek(0)
            if done.returncode:
                raise RuntimeError(f"{program} failed: {output.read().decode(errors='replace')}")


def _creation(name: str, template: str | None) -> sql.Composed:
    statement = sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name))
    if template is not None:
        statement += sql.SQL(" TEMPLATE {} STRATEGY FILE_COPY").format(sql.Identifier(template))
    return statement


def _roomy_memory() -> Path | None:
    """Shared memory, where there is enough of it: a database is copied there in a third of the time. None for the usual place."""
    if os.access(SHARED_MEMORY, os.W_OK) and shutil.disk_usage(SHARED_MEMORY).free > ROOM:
        return SHARED_MEMORY
    return None


@cache
def _bin() -> Path:
    """Where initdb lives; the newest of those that Debian keeps side by side."""
    beside = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda p: int(p.parent.parent.name))
    if beside:
        return beside[-1].parent
    found = shutil.which("initdb")
    if found is None:
        raise RuntimeError("PostgreSQL is needed for the tests: install the package 'postgresql'")
    return Path(found).resolve().parent


@cache
def server() -> PostgresServer:
    started = PostgresServer()
    atexit.register(started.stop)
    return started
