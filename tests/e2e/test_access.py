"""Who may come in: keys, their scopes, addresses that others can reach, and what a proxy hands on."""
import json
import os
import re
import stat
import unittest
import urllib.error
import urllib.request

from harness import DocMindTest
from test_contracts import MARKDOWN


class Access(DocMindTest):
    def key(self, *words):
        return self.docmind("keys", "add", *words, "--json").json

    def serve_open(self, *args):
        """A server on all addresses: (process, its address on this machine)."""
        process = self.start("serve", "--port", "0", *args)
        line = process.stdout.readline()
        self.assertRegex(line, r"^listening on http://\S+:\d+$",
                         lambda: process.stderr.read() if process.poll() is not None else "")
        return process, "http://127.0.0.1:" + line.strip().rsplit(":", 1)[1]

    def asked(self, address, path, headers=None, method="GET", body=None):
        request = urllib.request.Request(address + path, data=None if body is None else json.dumps(body).encode(),
                                         method=method, headers={"Content-Type": "application/json", **(headers or {})})
        return self.request(request)

    def test_another_address_wants_keys_and_obeys_them_at_once(self):
        refused = self.docmind("serve", "--host", "0.0.0.0", "--port", "0", code=1)
        self.assertIn("docmind keys add --scope ask", refused.err)
        self.assertNotIn("listening", refused.out)
        self.write("a.md", MARKDOWN)
        self.docmind("ingest", self.work)
        ask, ingest = self.key("--scope", "ask", "--name", "reader"), self.key("--scope", "ingest")
        process, address = self.serve_open("--host", "0.0.0.0")
        bearer = {"Authorization": "Bearer " + ask["key"]}
        self.assertEqual(self.asked(address, "/health/live")[0], 200)
        self.assertEqual(self.asked(address, "/")[0], 200)
        self.assertEqual(self.asked(address, "/api/documents")[0], 401)
        self.assertEqual(self.asked(address, "/api/documents", {"Authorization": "Bearer dmk_no"})[0], 401)
        self.assertEqual(self.asked(address, "/api/documents", bearer)[0], 200)
        self.assertEqual(self.asked(address, "/v1/models", {"x-api-key": ask["key"]})[0], 200)
        self.assertEqual(self.asked(address, "/api/documents", {**bearer, "Host": "10.1.2.3:80"})[0], 200)
        self.assertEqual(self.asked(address, "/api/documents", {**bearer, "Host": "evil.test"})[0], 421)
        status, answer = self.asked(address, "/api/ask", bearer, "POST", {"question": "How tall is the main mast?"})
        self.assertEqual((status, answer["status"]), (200, "answered"))
        ingesting = {"Authorization": "Bearer " + ingest["key"]}
        self.assertEqual(self.asked(address, "/api/ingest", bearer, "POST", {"paths": ["/etc"]})[0], 403)
        status, reply = self.asked(address, "/api/ingest", ingesting, "POST", {"paths": ["/etc"]})
        self.assertEqual((status, reply["error"]["message"]),
                         (403, "this address takes no paths of its own machine"))
        self.docmind("keys", "revoke", ask["id"])  # goes through the running server
        self.assertEqual(self.asked(address, "/api/documents", bearer)[0], 401)
        self.docmind("library")  # who owns the machine needs no key
        self.stop(process)
        self.assertNotIn(ask["key"], process.stderr.read())

    def test_only_a_hash_of_a_key_is_kept(self):
        made = self.key("--scope", "ask,ingest,admin", "--name", "all", "--expires", "2999-01-01")
        self.assertRegex(made["key"], r"^dmk_[0-9a-f]{64}$")
        self.assertEqual(made["scopes"], ["ask", "ingest", "admin"])
        for path in self.data.rglob("*"):
            if path.is_file():
                self.assertNotIn(made["key"][4:].encode(), path.read_bytes(), path)
        self.assertEqual(stat.S_IMODE(os.stat(self.data / "keys.json").st_mode), 0o600)
        listed = self.docmind("keys", "list", "--json").json["keys"]
        self.assertEqual(listed, [{k: v for k, v in made.items() if k != "key"}])
        self.assertIn("this is the only time", self.docmind("keys", "add", "--scope", "ask").out.lower())
        self.docmind("keys", "add", "--scope", "ask", "--expires", "2020-01-01", code=1)
        self.docmind("keys", "add", "--scope", "root", code=2)
        self.docmind("keys", "revoke", "nobody", code=1)
        (self.data / "keys.json").write_text("{")
        self.assertIn("keys.json", self.docmind("serve", "--port", "0", code=1).err)

    def test_behind_a_proxy(self):
        """A proxy with TLS on this machine: it is known by the name that others call."""
        arguments = ("--set", "server.hosts=docs.example")
        self.assertIn("keys add", self.docmind("serve", "--port", "0", *arguments, code=1).err)
        made = self.key("--scope", "ask")
        process, address = self.serve_open(*arguments)
        through = {"Host": "docs.example", "Origin": "https://docs.example"}
        status, _ = self.asked(address, "/api/documents", through)
        self.assertEqual(status, 401)
        request = urllib.request.Request(address + "/api/sign-in", method="POST",
                                         data=json.dumps({"key": made["key"]}).encode(),
                                         headers={"Content-Type": "application/json", **through})
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=60) as reply:
            cookie = reply.headers["Set-Cookie"]
        self.assertTrue(cookie.endswith("; Secure"), cookie)
        signed_in = {**through, "Cookie": cookie.split(";")[0]}
        self.assertEqual(self.asked(address, "/api/documents", signed_in)[0], 200)
        self.assertEqual(self.asked(address, "/api/documents", {**signed_in, "Origin": "https://evil.test"})[0], 403)
        self.stop(process)

    def test_too_many_requests_are_told_when_to_come_again(self):
        made = self.key("--scope", "ask")
        process, address = self.serve_open("--set", "server.require_key=true", "--set", "server.requests_per_minute=6")
        bearer = {"Authorization": "Bearer " + made["key"]}
        statuses = [self.asked(address, "/api/documents", bearer)[0] for _ in range(12)]
        self.assertEqual(statuses, [200] * 10 + [429] * 2)
        request = urllib.request.Request(address + "/api/documents", headers=bearer)
        with self.assertRaises(urllib.error.HTTPError) as refused:
            urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=60)
        self.assertIn(int(refused.exception.headers["Retry-After"]), range(1, 11))
        refused.exception.close()
        self.stop(process)

    def test_doctor_tells_when_the_address_is_open(self):
        def access(*args, code=None):
            report = self.docmind(*args, "doctor", "--json", code=code).json
            return next((one["status"], one["message"]) for one in report["checks"] if one["name"] == "access")
        self.assertEqual(access(code=0)[0], "ok")
        status, message = access("--set", "server.host=0.0.0.0", code=1)
        self.assertEqual(status, "failed")
        self.assertIn("docmind keys add", message)
        self.key("--scope", "ask")
        status, message = access("--set", "server.host=0.0.0.0")
        self.assertEqual(status, "degraded")
        self.assertTrue(re.search("open to other machines, with keys .1 key.; nothing is encrypted", message), message)


if __name__ == "__main__":
    unittest.main()
