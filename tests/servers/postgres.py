"""A real PostgreSQL 16 with pgvector (PyPI's pgserver) for the tests, in the foreground.

usage: postgres.py FOLDER [PORT]

FOLDER keeps the database from one start to the next; PORT 0 (or none) takes a free one. Prints "ready PORT" and runs
until SIGTERM. PostgreSQL refuses to run as root: then it runs as nobody, from a copy of the program in FOLDER that
nobody may read. User and database are "postgres", with the password in the file FOLDER/password; another user
"plain" with the same password may do nothing but log in. The database "bare" has no extension.
"""
import ctypes, os, pathlib, pwd, secrets, shutil, signal, socket, subprocess, sys, time

root = pathlib.Path(__file__).resolve().parents[2]
folder = pathlib.Path(sys.argv[1]).resolve()
port = int(sys.argv[2]) if len(sys.argv) > 2 else 0
packages = next((root / ".deps/servers/venv/lib").glob("python3*/site-packages"))
program, data, sockets = folder / "program", folder / "data", folder / "sockets"
as_root = os.getuid() == 0
user = {"user": "nobody", "group": pwd.getpwnam("nobody").pw_gid, "extra_groups": []} if as_root else {}
environment = {"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", "TZ": "UTC"}
libc = ctypes.CDLL(None)


def end_with_us():
    libc.prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG


def run(*words, **more):
    return subprocess.run([str(word) for word in words], check=True, stdout=subprocess.DEVNULL, env=environment,
                          preexec_fn=end_with_us, cwd=folder, **user, **more)


def make():
    """The program where nobody can read it, and an empty database."""
    for name in ("pgserver/pginstall", "pgserver.libs"):
        shutil.copytree(packages / name, program / name, ignore=shutil.ignore_patterns("include", "*.a", "pgxs"))
    folder.chmod(0o755)
    data.mkdir()
    sockets.mkdir()
    password = folder / "password"
    password.write_text(secrets.token_hex(8))
    if as_root:
        for one in (data, sockets, password):
            shutil.chown(one, "nobody")
    password.chmod(0o600)
    # -N: nobody needs it after a power cut.
    run(program / "pgserver/pginstall/bin/initdb", "-N", "-D", data, "-U", "postgres", f"--pwfile={password}",
        "--auth=scram-sha-256", "-E", "UTF8", "--locale=C")


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


if not data.exists():
    make()
port = port or free_port()
server = subprocess.Popen(
    [program / "pgserver/pginstall/bin/postgres", "-D", data, "-p", str(port), "-c", "listen_addresses=127.0.0.1",
     "-c", f"unix_socket_directories={sockets}", "-c", "fsync=off", "-c", "shared_buffers=16MB"],
    env=environment, cwd=folder, preexec_fn=end_with_us, stdout=sys.stderr, **user)
signal.signal(signal.SIGTERM, lambda *_: server.send_signal(signal.SIGINT))  # A fast shutdown.


def sql(text):
    return subprocess.run([program / "pgserver/pginstall/bin/psql", "-q", "-h", "127.0.0.1", "-p", str(port), "-U",
                           "postgres", "-v", "ON_ERROR_STOP=1", "-c", text, "postgres"], capture_output=True, text=True,
                          env=environment | {"PGPASSWORD": (folder / "password").read_text()})


end = time.monotonic() + 60
while (done := sql("SELECT 1")).returncode != 0:
    if server.poll() is not None or time.monotonic() > end:
        sys.exit(f"postgres.py: it did not start: {done.stderr}")
    time.sleep(0.05)
if sql("SELECT 'plain'::regrole").returncode != 0:
    word = (folder / "password").read_text()
    for text in (f"CREATE ROLE plain LOGIN PASSWORD '{word}'", "CREATE DATABASE bare", "CREATE EXTENSION vector"):
        if (made := sql(text)).returncode != 0:
            sys.exit(f"postgres.py: {text}: {made.stderr}")
print("ready", port, flush=True)
sys.exit(server.wait())
