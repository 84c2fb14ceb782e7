"""A model hub on this machine, with one repository, that redirects, and that cuts, stalls and corrupts what it is told to.

As a program it serves owner/tiny with the given files and prints its address. What is to happen to the next requests for bytes
comes line by line on its standard input: cut N, stall N, corrupt; release ends a stall; get prints the ranges asked for so far."""
import hashlib
import http.server
import json
import pathlib
import re
import ssl
import sys
import threading

COMMIT = "c" * 40


class Hub(http.server.ThreadingHTTPServer):
    """One repository, owner/tiny. `faults` are taken one by one by the requests for bytes: each is a function of the
    handler and the body it should send, and answers itself, or gives back the body to send."""

    daemon_threads = True

    def __init__(self, files, certificate=None):
        super().__init__(("127.0.0.1", 0), Handler)
        self.scheme = "https" if certificate else "http"
        if certificate:
            tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            tls.load_cert_chain(certificate)
            self.socket = tls.wrap_socket(self.socket, server_side=True)
        self.files = files  # path -> bytes
        self.faults = []
        self.etags = {}  # path -> what is told instead of the SHA-256
        self.sizes = {}
        self.listed = None
        self.asked = []  # (method, path, Range)
        self.release = threading.Event()  # Ends stalls.
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def handle_error(self, request, client_address):
        pass  # A client that hangs up is what is tested.

    @property
    def address(self):
        return f"{self.scheme}://127.0.0.1:{self.server_port}"

    def gets(self, path):
        return [r for m, p, r in self.asked if m == "GET" and p == "/blob/" + path]


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def do_HEAD(self):
        self.do_GET()

    def answer(self, status, headers, body=b""):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        if "Content-Length" not in headers:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def do_GET(self):
        hub = self.server
        hub.asked.append((self.command, self.path, self.headers.get("Range")))
        if self.path.startswith("/api/models/owner/tiny/revision/"):
            names = hub.listed if hub.listed is not None else list(hub.files)
            body = json.dumps({"id": "owner/tiny", "sha": COMMIT, "siblings": [{"rfilename": n} for n in names]})
            return self.answer(200, {"Content-Type": "application/json"}, body.encode())
        if found := re.fullmatch(r"/owner/tiny/resolve/[^/]+/(.+)", self.path):
            path = found[1]
            if path not in hub.files:
                return self.answer(404, {})
            body = hub.files[path]
            etag = hub.etags.get(path, hashlib.sha256(body).hexdigest())
            return self.answer(302, {"Location": "/moved/" + path, "X-Repo-Commit": COMMIT, "X-Linked-Etag": f'"{etag}"',
                                     "X-Linked-Size": str(hub.sizes.get(path, len(body))), "ETag": '"redirect"'})
        if self.path.startswith("/moved/"):  # A second redirect, to another address of the same machine.
            return self.answer(307, {"Location": f"{hub.scheme}://localhost:{hub.server_port}/blob/" + self.path[7:]})
        if self.path.startswith("/blob/"):
            return self.blob(hub, hub.files[self.path[6:]])
        return self.answer(404, {})

    def blob(self, hub, body):
        headers = {"ETag": '"cdn"', "Accept-Ranges": "bytes"}
        status, first = 200, 0
        if wanted := self.headers.get("Range"):
            first = int(re.fullmatch(r"bytes=(\d+)-", wanted)[1])
            status = 206
            headers["Content-Range"] = f"bytes {first}-{len(body) - 1}/{len(body)}"
        rest = body[first:]
        if hub.faults and self.command == "GET":
            rest = hub.faults.pop(0)(self, status, headers, rest)
            if rest is None:
                return
        self.answer(status, headers, rest)


def cut_after(n):
    def fault(handler, status, headers, rest):
        handler.answer(status, {**headers, "Content-Length": str(len(rest))}, rest[:n])
        handler.close_connection = True
        handler.connection.shutdown(2)
    return fault


def stall_after(n):
    def fault(handler, status, headers, rest):
        handler.answer(status, {**headers, "Content-Length": str(len(rest))}, rest[:n])
        handler.wfile.flush()
        handler.server.release.wait(60)
        handler.close_connection = True
    return fault


def corrupt(handler, status, headers, rest):
    return rest[:100] + bytes([rest[100] ^ 1]) + rest[101:]


def ranges_are_ignored(handler, status, headers, rest):
    whole = handler.server.files[handler.path[6:]]
    handler.answer(200, {"ETag": '"cdn"'}, whole)


def main():
    hub = Hub({pathlib.Path(path).name: pathlib.Path(path).read_bytes() for path in sys.argv[1:]})
    print(hub.address, flush=True)
    for line in sys.stdin:
        word, *number = line.split()
        if word == "release":
            hub.release.set()
        elif word == "get":
            print(json.dumps({path: hub.gets(path) for path in hub.files}), flush=True)
        else:
            hub.release.clear()
            hub.faults.append({"cut": cut_after, "stall": stall_after, "corrupt": lambda: corrupt}[word](*map(int, number)))


if __name__ == "__main__":
    main()
