"""deploy/prometheus and deploy/grafana: a real Prometheus scrapes a real server, and every expression finds what it asks for."""
import http.client
import contextlib
import json
import math
import pathlib
import re
import shutil
import sqlite3
import socket
import subprocess
import time
import unittest
import urllib.error
import urllib.parse
import urllib.request

from harness import ROOT, DocMindTest
from test_engine import wait_for
from tiny_model import TinyModelTest

PROGRAMS = ROOT / ".deps" / "unpacked" / "usr" / "bin"
PROMETHEUS = ROOT / "deploy" / "prometheus"
DASHBOARD = ROOT / "deploy" / "grafana" / "docmind.json"
NAME = re.compile(r"\b(?:docmind_|process_|vllm:)[a-zA-Z0-9_]+")
# What this machine has not under the test's load, and why. Everything else has to be there.
NO_CARD = "no card here; e2e/cards has one"
A_VLLM = "no vLLM here; names as of vLLM 0.8 and later"
ABSENT = {
    "docmind_gpu_memory_bytes": NO_CARD,
    "docmind_gpu_memory_total_bytes": NO_CARD,
    "vllm:num_requests_running": A_VLLM,
    "vllm:request_generation_tokens_sum": A_VLLM,
    "vllm:request_decode_time_seconds_sum": A_VLLM,
    "vllm:request_prompt_tokens_sum": A_VLLM,
    "vllm:request_prefill_time_seconds_sum": A_VLLM,
    "docmind_cache_purges_waiting": "no shared cache here",
    "docmind_fallbacks_total": "no backend fails here",
}
FERRIES = "# Ferries\n\nThe ferry Aurora was built in 1901 by Anna Weber in Kiel. The ferry Borealis was built in 1902.\n"


def dashboard():
    return json.loads(DASHBOARD.read_text())


def expressions():
    """[(panel, expression)] of the dashboard as Grafana would send them, for all servers and the last minute."""
    out = []
    for panel in dashboard()["panels"]:
        for target in panel.get("targets", []):
            text = target["expr"].replace("$__rate_interval", "1m").replace("$__range", "1m").replace("$instance", ".*")
            out.append((panel["title"], text))
    return out


def names_in(expression):
    return set(NAME.findall(expression))


class Files(unittest.TestCase):
    """What can be said without a server. Of Grafana's own reading of the dashboard this says only what is checked here."""

    def promtool(self, *args):
        ran = subprocess.run([PROGRAMS / "promtool", *args], capture_output=True, text=True, timeout=300)
        self.assertEqual(ran.returncode, 0, ran.stdout + ran.stderr)

    def test_prometheus_reads_its_files(self):
        self.promtool("check", "rules", PROMETHEUS / "docmind.rules.yml")
        self.promtool("check", "config", PROMETHEUS / "prometheus.yml")

    def test_alerts_fire_and_clear(self):
        self.promtool("test", "rules", PROMETHEUS / "docmind.rules.test.yml")

    def test_each_alert_is_tested_and_says_what_to_do(self):
        rules, tests = ((PROMETHEUS / name).read_text() for name in ("docmind.rules.yml", "docmind.rules.test.yml"))
        alerts = re.findall(r"- alert: (\w+)", rules)
        self.assertGreater(len(alerts), 10)
        for name in alerts:
            self.assertIn(f'"{name}"', tests, "no test in which it fires")
        for text in ("summary:", "description:"):
            self.assertEqual(rules.count(text), len(alerts))

    def test_panels_have_their_place(self):
        panels = dashboard()["panels"]
        ids = [panel["id"] for panel in panels]
        self.assertEqual(len(ids), len(set(ids)))
        taken = {}
        for panel in panels:
            at = panel["gridPos"]
            self.assertGreaterEqual(at["x"], 0, panel["title"])
            self.assertLessEqual(at["x"] + at["w"], 24, panel["title"])
            for cell in ((x, y) for x in range(at["x"], at["x"] + at["w"]) for y in range(at["y"], at["y"] + at["h"])):
                self.assertNotIn(cell, taken, f"{panel['title']} lies over {taken.get(cell)}")
                taken[cell] = panel["title"]

    def test_panels_say_what_they_show(self):
        for panel in dashboard()["panels"]:
            with self.subTest(panel["title"]):
                self.assertTrue(panel["title"])
                if panel["type"] == "row":
                    continue
                self.assertIn(panel["type"], ("timeseries", "stat"))
                self.assertTrue(panel["fieldConfig"]["defaults"]["unit"])
                self.assertTrue(panel["targets"])
                self.assertEqual(len({target["refId"] for target in panel["targets"]}), len(panel["targets"]))
                for target in panel["targets"]:
                    self.assertTrue(target["expr"].strip())
                    self.assertEqual(target["datasource"], panel["datasource"])
                values = [step["value"] for step in panel["fieldConfig"]["defaults"]["thresholds"]["steps"]]
                self.assertIsNone(values[0])
                self.assertEqual(values[1:], sorted(values[1:]))

    def test_it_belongs_to_no_installation(self):
        whole = dashboard()
        self.assertIsNone(whole["id"])
        self.assertNotIn("uid", whole)
        declared = {variable["name"] for variable in whole["templating"]["list"]}
        text = DASHBOARD.read_text()
        used = set(re.findall(r"\$\{?(\w+)", text)) - {"__rate_interval", "__range", "__all"}
        self.assertEqual(used, declared)
        self.assertEqual(set(re.findall(r'"uid": "([^"]*)"', text)), {"${datasource}"})

    def test_the_panels_of_the_specification(self):
        titles = [panel["title"] for panel in dashboard()["panels"]]
        for title in ("Query Latency", "GPU Utilization", "Cache Performance", "Query Throughput", "Agents", "Caches", "Engine", "Store"):
            self.assertIn(title, titles)

    def test_what_is_absent_here_is_ours_by_name(self):
        source = "".join(file.read_text() for file in (ROOT / "src").rglob("*.cc"))
        for name in ABSENT:
            if name.startswith("docmind_"):
                self.assertIn(f'"{name}"', source)


class Prometheus:
    """Debian's, on a free port, with our files: only the address and the times are others."""

    def __init__(self, test, target, key=None):
        self.folder = pathlib.Path(test.folder.name) / "prometheus"
        self.folder.mkdir()
        shutil.copy(PROMETHEUS / "docmind.rules.yml", self.folder)
        config = (PROMETHEUS / "prometheus.yml").read_text()
        for ours, other in (('"127.0.0.1:8080"', json.dumps(target)), ("_interval: 15s", "_interval: 1s")):
            test.assertIn(ours, config)
            config = config.replace(ours, other)
        if key:
            (self.folder / "docmind.key").write_text(key)
            config = re.sub(r"# (authorization:|  credentials_file:)", r"\1", config)
            config = config.replace("/etc/prometheus/docmind.key", str(self.folder / "docmind.key"))
        (self.folder / "prometheus.yml").write_text(config)
        with open(self.folder / "log", "wb") as log:
            self.process = subprocess.Popen(
                [PROGRAMS / "prometheus", "--enable-feature=exemplar-storage", f"--config.file={self.folder}/prometheus.yml", "--web.listen-address=127.0.0.1:0",
                 f"--storage.tsdb.path={self.folder}/data"], stderr=log, stdout=log, env={"GOMAXPROCS": "1"})
        test.addCleanup(self.process.wait)
        test.addCleanup(self.process.kill)
        self.address = wait_for(self.listens)
        wait_for(self.is_ready)

    def listens(self):
        text = (self.folder / "log").read_text()
        if self.process.poll() is not None:
            raise AssertionError(text)
        found = re.search(r'msg="Listening on" address=(\S+)', text)
        return found and "http://" + found[1]

    def is_ready(self):
        try:
            return self.read("/-/ready")
        except urllib.error.HTTPError:  # 503 until it has read its own files.
            return None

    def read(self, path):
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(self.address + path, timeout=60) as reply:
            return reply.read()

    def get(self, path, **parameters):
        return json.loads(self.read(f"/api/v1/{path}?{urllib.parse.urlencode(parameters)}"))["data"]

    def exemplars(self, expression):
        """Their labels, of all series, of the last minute."""
        now = time.time()
        found = self.get("query_exemplars", query=expression, start=now - 60, end=now)
        return [one["labels"] for series in found for one in series["exemplars"]]

    def values(self, expression):
        """Of all series, numbers alone. An expression that Prometheus cannot evaluate raises."""
        found = (float(one["value"][1]) for one in self.get("query", query=expression)["result"])
        return [value for value in found if math.isfinite(value)]


class Scraped(TinyModelTest):
    def setUp(self):
        super().setUp()
        self.log = self.work / "log.jsonl"
        self.environment |= {"DOCMIND_CACHE__ENABLED": "true", "DOCMIND_LOG__LEVEL": "debug", "DOCMIND_LOG__FORMAT": "json",
                             "DOCMIND_LOG__FILE": str(self.log)}
        # A backend behind a guard, and nobody there.
        self.server, self.address = self.serve("--model", "tiny", "--set", "ask.max_tokens=16",
                                               "--set", "ollama.url=http://127.0.0.1:9")
        self.prometheus = Prometheus(self, self.address.removeprefix("http://"))
        self.asked = 0

    def load(self):
        """Each kind of work once, and Prometheus has seen it. What was kept before rests on another text, and is dropped."""
        ferries = self.write("ferries.md", f"{FERRIES}\nWritten {self.asked}.\n")
        self.assertEqual(self.post(self.address, "/api/ingest", {"paths": [str(ferries)]})[0], 200)
        for changes, question in (({"ask.generate": True}, "Who built the ferry Aurora?"),
                                  ({"ask.generate": False}, "When was the ferry Borealis built?"),
                                  ({}, "When was the ferry Borealis built?"), ({}, "What do penguins eat?")):
            if changes:
                self.assertEqual(self.patch({"changes": changes})[0], 200)
            self.assertEqual(self.post(self.address, "/api/ask", {"question": question})[0], 200)
            self.asked += 1
        self.assertEqual(self.get(self.address, "/api/search?q=ferry")[0], 200)
        self.asked += 1
        counted = 'sum(docmind_http_requests_total{route=~"/api/(ask|search)"})'
        wait_for(lambda: self.prometheus.values(counted) == [self.asked])

    def patch(self, body):
        return self.request(urllib.request.Request(self.address + "/api/settings", json.dumps(body).encode(), method="PATCH",
                                                   headers={"Content-Type": "application/json"}))

    def test_every_expression_finds_what_it_asks_for(self):
        for _ in range(3):  # The first makes the series, the others let them grow.
            self.load()
        wait_for(lambda: self.prometheus.values("docmind_cpu_usage_percent"))  # From the server's second look, 5 s, on.
        there = set(self.prometheus.get("label/__name__/values"))
        rules = [rule for group in self.prometheus.get("rules")["groups"] for rule in group["rules"]]
        self.assertGreater(len(rules), 10)
        for rule in rules:
            with self.subTest(rule["name"]):
                self.assertEqual((rule["health"], rule.get("lastError", "")), ("ok", ""))
                self.prometheus.values(rule["query"])
                self.assertLessEqual(names_in(rule["query"]) - there, ABSENT.keys())
        for panel, expression in expressions():
            with self.subTest(f"{panel}: {expression}"):
                values = self.prometheus.values(expression)
                if not names_in(expression) & ABSENT.keys():
                    self.assertTrue(values)
        self.assertEqual(there & ABSENT.keys(), set(), "they are there: take them off the list")
        self.look_at_performance()

    def look_at_performance(self):
        wait_for(lambda: self.get(self.address, "/api/performance")[1]["answers"]["count"] == self.asked - 3)  # Searches.
        told = self.get(self.address, "/api/performance")[1]
        self.assertGreater(told["inference"]["decode_tokens_per_second"], 0)
        self.assertGreater(told["inference"]["time_to_first_token"], 0)
        self.assertEqual(told["inference"]["backend"], "llamacpp")
        self.assertGreater(told["generations"]["count"], 2)
        self.assertGreater(told["generations"]["latency_ms"]["p95"], 0)
        self.assertGreater(told["answers"]["given_again_share"], 0)
        self.assertGreater(told["resources"]["ram_used"], 0)
        said = self.docmind("performance").out
        self.assertIn("by llamacpp", said)
        with contextlib.closing(sqlite3.connect(f"file:{self.data}/library.db?mode=ro", uri=True)) as library:
            rows = library.execute("SELECT operation, latency_ms, metrics FROM performance_logs").fetchall()
        self.assertEqual({operation for operation, _, _ in rows}, {"ask", "generate"})
        self.assertNotRegex(str(rows), "(?i)ferry|Aurora|penguin")
        self.exemplars_lead_to_their_requests()

    def exemplars_lead_to_their_requests(self):
        for name, routes in (("docmind_query_duration_seconds_bucket", {"/api/ask", "/api/search"}),
                             ('docmind_http_request_duration_seconds_bucket{route="/api/ingest"}', {"/api/ingest"})):
            found = self.prometheus.exemplars(name)
            self.assertTrue(found, name)
            for labels in found:
                self.assertEqual(labels.keys(), {"trace_id"})
                lines = map(json.loads, self.log.read_text().splitlines())
                led = {line["route"] for line in lines if line.get("trace") == labels["trace_id"] and line["event"] == "http_request"}
                self.assertTrue(led and led <= routes, (name, labels, led))

    def test_a_server_that_is_away_is_told(self):
        wait_for(lambda: self.prometheus.values('up{job="docmind"}') == [1])
        self.stop(self.server)
        wait_for(lambda: "DocMindDown" in [alert["labels"]["alertname"] for alert in self.prometheus.get("alerts")["alerts"]])


class WithAKey(DocMindTest):
    def test_it_is_scraped_with_the_key_of_the_file(self):
        key = self.docmind("keys", "add", "--scope", "ask", "--json").json["key"]
        _, address = self.serve("--set", "server.require_key=true")
        self.assertEqual(self.get(address, "/metrics")[0], 401)
        prometheus = Prometheus(self, address.removeprefix("http://"), key)
        wait_for(lambda: prometheus.values('up{job="docmind"}') == [1])


class MetricsPort(DocMindTest):
    def setUp(self):
        super().setUp()
        self.log = self.work / "log.jsonl"
        self.environment |= {"DOCMIND_LOG__FORMAT": "json", "DOCMIND_LOG__FILE": str(self.log)}

    def logged(self, event):
        """It is written a moment after the server says where it listens."""
        def found():
            lines = self.log.read_text().split("\n")[:-1] if self.log.exists() else []
            return [line for line in map(json.loads, lines) if line["event"] == event]
        return wait_for(found)[0]

    def fetch(self, port, path, method="GET", accept="*/*"):
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        self.addCleanup(connection.close)
        connection.request(method, path, headers={"Accept": accept, "Content-Length": "0"})
        reply = connection.getresponse()
        return reply.status, reply.headers["Content-Type"], reply.read().decode()

    def test_it_has_metrics_and_nothing_else(self):
        self.serve("--set", "server.metrics_port=0")
        opened = self.logged("metrics_port_open")
        self.assertEqual(opened["host"], "127.0.0.1")
        status, kind, page = self.fetch(opened["port"], "/metrics")
        self.assertEqual((status, kind), (200, "text/plain; version=0.0.4; charset=utf-8"))
        self.assertIn("docmind_http_requests_active 1\n", page)
        status, kind, page = self.fetch(opened["port"], "/metrics", accept="application/openmetrics-text; version=1.0.0")
        self.assertEqual((status, kind), (200, "application/openmetrics-text; version=1.0.0; charset=utf-8"))
        self.assertTrue(page.endswith("\n# EOF\n"))
        self.assertIn("# TYPE docmind_http_requests counter\n", page)
        for method, path in (("GET", "/health"), ("GET", "/"), ("GET", "/api/documents"), ("DELETE", "/metrics"), ("GET", "/metrics/")):
            self.assertEqual(self.fetch(opened["port"], path, method)[0], 404, path)

    def test_a_port_that_is_taken_is_a_warning(self):
        with socket.create_server(("127.0.0.1", 0)) as taken:
            _, address = self.serve("--set", f"server.metrics_port={taken.getsockname()[1]}")
            warned = self.logged("metrics_port_unusable")
            self.assertEqual((warned["level"], warned["code"]), ("warn", "conflict"))
            self.assertEqual(self.get(address, "/health/live")[0], 200)

    def test_others_need_a_key(self):
        _, address = self.serve("--set", "server.metrics_port=0", "--set", "server.metrics_host=0.0.0.0")
        self.assertIn("want a key", self.logged("metrics_port_unusable")["message"])
        self.assertEqual(self.get(address, "/health/live")[0], 200)

    def test_with_a_key_others_come_in(self):
        self.docmind("keys", "add", "--scope", "ask")
        self.serve("--set", "server.metrics_port=0", "--set", "server.metrics_host=0.0.0.0")
        self.assertEqual(self.fetch(self.logged("metrics_port_open")["port"], "/metrics")[0], 401)


if __name__ == "__main__":
    unittest.main()
