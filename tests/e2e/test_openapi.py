"""The server held to its own OpenAPI document by schemathesis: no server error, no status, type or shape undeclared."""
import json
import os
import re
import shutil
import subprocess
import unittest
import urllib.request

import tiny_chat
from harness import FIXTURES, ROOT, DocMindTest
from test_contracts import MARKDOWN

TOOL = ROOT / ".deps" / "schemathesis" / "venv" / "bin" / "st"
NIGHTLY = os.environ.get("NIGHTLY") == "1"
EXAMPLES = 10_000 if NIGHTLY else 500
CHECKS = ("not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance,"
          "response_headers_conformance,missing_required_header")
# What cannot answer well here: what it needs is not set up (a chat model, an Ollama, a reranker), it is refused (paths of
# this machine), or it needs a question that was interrupted, or a job that still goes on.
NEVER_WELL = {
    ("DELETE", "/api/jobs/{id}"),
    ("POST", "/api/backends/use"), ("POST", "/api/ingest"), ("POST", "/v1/completions"), ("POST", "/v1/rerank"),
    ("GET", "/api/backends/ollama/models"), ("POST", "/api/backends/ollama/models"),
    ("DELETE", "/api/backends/ollama/models"), ("GET", "/api/backends/ollama/loaded"),
    ("POST", "/api/backends/ollama/pull"), ("POST", "/api/backends/ollama/unload"),
    ("POST", "/api/sessions/{id}/resume"), ("POST", "/api/models/import"),
}


ENDLESS = "/api/events"  # Nobody would wait for its end: tests/e2e/test_events.py has it.


class OpenApi(DocMindTest):
    def furnish(self):
        """A server with a small library, chats, traces and runs: (address, key, what is there, what may be deleted)."""
        self.environment["DOCMIND_CACHE__ENABLED"] = "true"
        self.write("a.md", MARKDOWN)
        self.write("doomed.md", "# Barges\n\nBarges carry sand.\n")
        shutil.copy(FIXTURES / "stores.pdf", self.work)
        checkpoint = tiny_chat.write_checkpoint(self.work / "checkpoint" / "tiny")
        for name in ("tiny", "doomed"):
            self.docmind("models", "import", checkpoint, "--name", name, "--no-loss")
        shutil.rmtree(checkpoint.parent)
        self.docmind("ingest", self.work)
        made = self.docmind("keys", "add", "--scope", "admin", "--json").json
        key, self.environment["OPENAPI_OWN_KEY"] = made["key"], made["id"]
        # With keys needed no path of this machine is read, whatever a request says.
        process, address = self.serve("--set", "server.require_key=true", "--set", "server.requests_per_minute=0")
        self.addCleanup(self.stop, process)
        bearer = {"Authorization": "Bearer " + key}
        question = {"question": "How tall is the main mast?"}
        pulled = {"repository": "owner/gone", "from": "http://127.0.0.1:9"}
        job = self.post(address, "/api/models/pull", pulled, bearer)[1]["id"]
        answer = self.post(address, "/api/ask", question, bearer)[1]
        for session in ("masts", "doomed"):
            self.post(address, f"/api/sessions/{session}/ask", question, bearer)
        runs = [self.post(address, "/api/runs", question, bearer)[1]["run"] for _ in range(2)]
        documents = {one["document"]: one["document_id"] for one in self.docmind("library", "--json").json["documents"]}
        doomed = documents.pop(str(self.work / "doomed.md"))
        there = {"documents": list(documents.values()), "sessions": ["masts"], "traces": [answer["trace_id"]],
                 "runs": runs[:1], "models": ["docmind"], "templates": ["mine"]}
        self.docmind("templates", "add", "doomed", "How tall is {mast}?")
        spare = self.docmind("keys", "add", "--scope", "ask", "--json").json["id"]
        return address, key, there, {"documents": [doomed], "sessions": ["doomed"], "runs": runs[1:], "keys": [spare],
                                     "jobs": [job], "files": ["doomed"], "templates": ["doomed"]}

    def test_schemathesis(self):
        address, key, there, doomed = self.furnish()
        status, document = self.get(address, "/api/openapi.json")
        self.assertEqual(status, 200)
        operations = [(method.upper(), path) for path, methods in document["paths"].items() for method in methods
                      if path != ENDLESS]
        self.environment |= {"OPENAPI_THERE": json.dumps(there), "OPENAPI_DOOMED": json.dumps(doomed),
                             "SCHEMATHESIS_HOOKS": "openapi_hooks", "PYTHONPATH": str(ROOT / "tests" / "e2e"),
                             "PYTHONHASHSEED": "0"}
        self.assertGreaterEqual(self.schemathesis(address, key, "coverage", 1000), 1000)
        # Operations that take nothing have one example each: the others have more.
        self.assertGreaterEqual(self.schemathesis(address, key, "fuzzing", EXAMPLES // 35), EXAMPLES)
        self.held(address, key, operations)

    def schemathesis(self, address, key, phase, each):
        """Runs one phase; fails for anything that it finds. How many requests it made."""
        seed = os.getpid() if NIGHTLY else 1
        ran = subprocess.run(
            [str(TOOL), "run", address + "/api/openapi.json", "--header", f"Authorization: Bearer {key}",
             "--exclude-path", ENDLESS, "--phases", phase, "--max-examples", str(each), "--checks", CHECKS, "--seed", str(seed), "--workers", "2",
             "--request-timeout", "60", "--no-color", "--suppress-health-check", "all", "--generation-database", "none",
             "--continue-on-failure", "--warnings", "off"],
            capture_output=True, text=True, env=self.environment, cwd=self.work, timeout=7200 if NIGHTLY else 600)
        self.assertEqual(ran.returncode, 0, ran.stdout[:20000] + ran.stdout[-8000:] + ran.stderr[-4000:])
        # Else all the rest would have been refused, and nothing tested.
        self.assertEqual(self.get_with(address, key, "/api/keys")[0], 200, f"{phase}: our own key was revoked")
        made = int(re.search(r"([\d,]+) generated", ran.stdout)[1].replace(",", ""))
        print(f"{phase}: {made} requests, seed {seed}, nothing found")
        return made

    def get_with(self, address, key, path):
        return self.request(urllib.request.Request(address + path, headers={"Authorization": "Bearer " + key}))

    def held(self, address, key, operations):
        """Which operations answered well, by the server's own count: the schemas of all others were held to nothing."""
        metrics = self.get_with(address, key, "/metrics")[1]
        well = set()
        for labels in re.findall(r'docmind_http_requests_total\{(.*)\} ', metrics):
            said = dict(re.findall(r'(\w+)="([^"]*)"', labels))
            if said["status"].startswith("2"):
                well.add((said["method"], said["route"]))
        never = set(operations) - well
        print(f"{len(well & set(operations))} of {len(operations)} operations answered well; never: {sorted(never)}")
        self.assertLessEqual(never, NEVER_WELL)


if __name__ == "__main__":
    unittest.main()
