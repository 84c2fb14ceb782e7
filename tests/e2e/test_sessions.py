"""Chats: follow-ups, and what is kept of them over kills, forks, exports and deletes."""
import json
import os
import pty
import select
import signal
import subprocess
import threading
import time
import unittest
import urllib.parse

from harness import DocMindTest

FERRIES = """# Ferries

The ferry Aurora was built in 1901 by Anna Weber in Kiel.

The ferry Aurora carries 240 passengers and 12 bicycles.

The barge Mathilda was built in 1955 in Lübeck.

The barge Mathilda carries gravel and sand.
"""


class Sessions(DocMindTest):
    def setUp(self):
        super().setUp()
        self.write("ferries.md", FERRIES)
        self.docmind("ingest", self.work)

    def chat(self, lines, *args, code=0):
        ran = subprocess.run(self.command("chat", *args), input="".join(line + "\n" for line in lines).encode(),
                             capture_output=True, timeout=120, env=self.environment)
        self.assertEqual(ran.returncode, code, (ran.stdout, ran.stderr))
        return ran.stdout.decode(), ran.stderr.decode()

    def turns(self, lines, *args, code=0):
        return [json.loads(line) for line in self.chat(lines, "--json", *args, code=code)[0].splitlines()]

    def quotes(self, turn):
        return " ".join(c["quote"] for claim in turn["answer"]["claims"] for c in claim["citations"])

    def path(self, session, what=""):
        return f"/api/sessions/{urllib.parse.quote(session)}{what}"

    def test_a_second_question_refers_back(self):
        first, second = self.turns(["Who built the ferry Aurora?", "", "How many passengers does it carry?"],
                                   "--session", "渡船")
        self.assertIsNone(first["because"])
        self.assertEqual(first["query_used"], "Who built the ferry Aurora?")
        self.assertIn("Anna Weber", self.quotes(first))
        self.assertEqual(second["because"], "it")
        self.assertEqual(second["query_used"], "How many passengers does the ferry Aurora carry?")
        self.assertEqual(second["answer"]["query_used"], second["query_used"])
        self.assertIn("240 passengers", self.quotes(second))
        self.assertEqual([first["turn"], second["turn"]], [1, 2])

        shown = self.docmind("sessions", "show", "渡船", "--json").json
        self.assertEqual([turn["question"] for turn in shown["messages"]],
                         ["Who built the ferry Aurora?", "How many passengers does it carry?"])
        self.assertEqual(shown["messages"][1]["answer"], second["answer"])
        people = self.docmind("sessions", "show", "渡船").out
        self.assertIn("↳ Searched “How many passengers does the ferry Aurora carry?”, because “it” points back.", people)
        self.assertIn("渡船", self.docmind("sessions", "list").out)

        typed, = self.turns(["Is it old?"], "--session", "渡船", "--as-typed")
        self.assertEqual((typed["turn"], typed["query_used"]), (3, "Is it old?"))

    def test_list_fork_export_delete(self):
        self.chat(["Who built the ferry Aurora?", "When was it built?"], "--session", "a")
        out, err = self.chat(["What does the barge carry?"])
        self.assertIn("gravel", out)
        new = err.split("--session '")[1].split("'")[0]
        listed = self.docmind("sessions", "list", "--json").json["sessions"]
        self.assertEqual([(one["session"], one["turns"]) for one in listed], [(new, 1), ("a", 2)])
        self.assertEqual(listed[1]["title"], "Who built the ferry Aurora?")

        self.docmind("sessions", "fork", "a", "--to", "b", "--turns", "1")
        self.docmind("sessions", "fork", "a", "--to", "b", code=1)
        turn, = self.turns(["How many bicycles does it carry?"], "--session", "b")
        self.assertEqual(turn["turn"], 2)
        self.assertIn("the ferry Aurora", turn["query_used"])
        self.assertEqual(len(self.docmind("sessions", "show", "a", "--json").json["messages"]), 2)

        markdown = self.docmind("sessions", "export", "a").out
        self.assertTrue(markdown.startswith("# Who built the ferry Aurora?\n"))
        self.assertIn("## When was it built?\n\nSearched: When was the ferry Aurora built?\n", markdown)
        self.assertEqual(self.docmind("sessions", "export", "a", "--json").json,
                         self.docmind("sessions", "show", "a", "--json").json)

        self.assertIn(b"the ferry Aurora", self.words_of(self.export_pdf("a")))

        self.docmind("sessions", "delete", "a", new)
        self.docmind("sessions", "show", "a", code=1)
        self.assertEqual([one["session"] for one in self.docmind("sessions", "list", "--json").json["sessions"]], ["b"])
        self.assertIn("there is no session a", self.docmind("sessions", "delete", "a", code=1).err)
        self.assertIn("there is no session a", self.docmind("sessions", "resume", "a", code=1).err)

    def export_pdf(self, session):
        exported = subprocess.run(self.command("sessions", "export", session, "--format", "pdf"), capture_output=True,
                                  timeout=120, env=self.environment)
        self.assertEqual(exported.returncode, 0, exported.stderr)
        self.assertEqual(exported.stdout[:5], b"%PDF-")
        return exported.stdout

    def words_of(self, pdf):
        words = subprocess.run(["pdftotext", "-enc", "UTF-8", "-", "-"], input=pdf, capture_output=True, check=True)
        return b" ".join(words.stdout.split())

    def test_a_pdf_has_the_words_of_every_script(self):
        self.write("многие.md", "# Суда\n\nПаром Аврора построен в 1901 году.\n\n"
                                "渡轮奥罗拉号建于一九零一年。\n\nبُنيت العبارة أورورا عام ألف وتسعمئة.\n")
        self.docmind("ingest", self.work)
        self.turns(["Who built the ferry Aurora?", "Когда построен паром Аврора?", "渡轮奥罗拉号建于哪一年？",
                    "متى بنيت العبارة أورورا", "<b>& \x1b]0;x"], "--session", "a")
        words = self.words_of(self.export_pdf("a")).decode()
        shown = self.docmind("sessions", "show", "a", "--json").json
        quotes = [c["quote"] for turn in shown["messages"] for claim in turn["answer"]["claims"] for c in claim["citations"]]
        for quote in ["Паром Аврора построен в 1901 году.", "渡轮奥罗拉号建于一九零一年。"]:
            self.assertIn(quote, quotes)
            self.assertIn("“" + "".join(quote.split()) + "”", "".join(words.split()))  # Lines break anywhere in Chinese.
        plain = words.replace("\u202b", "").replace("\u202c", "")
        for said in ["Who built the ferry Aurora?", "Когда построен паром Аврора?", "渡轮奥罗拉号建于哪一年？",
                     "متى بنيت العبارة أورورا", "<b>& ]0;x", "[1]", "ferries.md"]:
            self.assertIn(said, plain)
        self.assertNotIn("in no font", words)

    def test_a_deleted_documents_words_leave_the_chats(self):
        turn, = self.turns(["Who built the ferry Aurora?"], "--session", "a")
        self.assertIn("Anna Weber", self.quotes(turn))
        self.docmind("delete", self.work / "ferries.md")
        shown = self.docmind("sessions", "show", "a", "--json")
        self.assertNotIn("Weber", shown.out)
        self.assertIn("deleted", shown.json["messages"][0]["answer"]["partial_reason"])
        for file in self.data.glob("sessions.db*"):
            self.assertNotIn(b"Weber", file.read_bytes(), file)

    def test_questions_that_cannot_be_asked_do_not_end_the_chat(self):
        turns = self.turns(["x" * 9000, "Who built the ferry Aurora?"], "--session", "a", code=3)
        self.assertEqual(turns[0]["error"]["code"], "invalid_argument")
        self.assertEqual(turns[1]["turn"], 1)
        self.assertEqual(self.turns([], "--session", "b"), [])
        self.assertEqual(self.turns(["", "  "], "--session", "b"), [])
        self.assertEqual(self.chat(["Who?"], "--session", "a/b", code=1)[0], "")
        self.assertEqual(len(self.docmind("sessions", "list", "--json").json["sessions"]), 1)

    def test_killed_between_turns(self):
        server, address = self.serve()
        for question in ["Who built the ferry Aurora?", "When was it built?"]:
            status, _ = self.post(address, self.path("渡船", "/ask"), {"question": question})
            self.assertEqual(status, 200)
        server.send_signal(signal.SIGKILL)
        server.wait()
        server, address = self.serve()
        status, shown = self.get(address, self.path("渡船"))
        self.assertEqual((status, shown["turns"], shown["unanswered"]), (200, 2, None))
        status, turn = self.post(address, self.path("渡船", "/ask"), {"question": "How many bicycles does it carry?"})
        self.assertEqual(turn["turn"], 3)
        self.assertIn("the ferry Aurora", turn["query_used"])
        self.assertEqual(self.get(address, self.path("nobody"))[0], 404)
        self.assertEqual(self.post(address, self.path("a", "/ask"), {"question": ""})[0], 400)
        self.assertEqual(self.post(address, self.path("a", "/ask"), {"question": "Who?", "turn": 7})[0], 409)
        self.assertEqual(self.get(address, "/api/sessions?limit=0")[0], 400)

    def test_killed_within_a_turn(self):
        """Wherever the kill falls, the turns that are there are whole, and the question can be asked again."""
        interrupted = 0
        for round_, wait in enumerate([0.0, 0.001, 0.002, 0.004, 0.008, 0.016, 0.03, 0.06]):
            session = f"s{round_}"
            server, address = self.serve()
            self.assertEqual(
                self.post(address, self.path(session, "/ask"), {"question": "Who built the ferry Aurora?"})[0], 200)

            def ask():
                try:
                    self.post(address, self.path(session, "/ask"), {"question": "When was it built?", "turn": 2})
                except (OSError, ValueError):
                    pass  # It was killed.

            asking = threading.Thread(target=ask)
            asking.start()
            time.sleep(wait)
            server.send_signal(signal.SIGKILL)
            server.wait()
            asking.join()
            server, address = self.serve()
            shown = self.get(address, self.path(session))[1]
            self.assertIn(shown["turns"], [1, 2])
            self.assertEqual(len(shown["messages"]), shown["turns"])
            interrupted += shown["unanswered"] is not None
            # Repeating the request gives the one turn, whether it was kept or not.
            status, turn = self.post(address, self.path(session, "/ask"), {"question": "When was it built?", "turn": 2})
            self.assertEqual((status, turn["turn"]), (200, 2), turn)
            shown = self.get(address, self.path(session))[1]
            self.assertEqual([one["question"] for one in shown["messages"]],
                             ["Who built the ferry Aurora?", "When was it built?"])
            self.stop(server)
        print(f"killed within a turn: {interrupted} of 8")

    def test_a_terminal_has_a_prompt_and_ctrl_d_ends_it(self):
        mine, theirs = pty.openpty()
        process = subprocess.Popen(self.command("chat", "--session", "a"), stdin=theirs, stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE, env=self.environment, start_new_session=True)
        os.close(theirs)
        os.write(mine, b"Who built the ferry Aurora?\n")
        out = b""
        while b"docmind trace" not in out:
            self.assertTrue(select.select([process.stdout], [], [], 60)[0])
            piece = os.read(process.stdout.fileno(), 4096)
            self.assertTrue(piece)
            out += piece
        os.write(mine, b"\x04")
        rest, err = process.communicate(timeout=60)
        os.close(mine)
        self.assertEqual(process.returncode, 0)
        self.assertIn(b"Anna Weber", out + rest)
        self.assertIn(b"> ", err)
        self.assertIn(b"Ctrl-D", err)

    def test_ctrl_c_at_the_prompt_ends_the_chat(self):
        process = subprocess.Popen(self.command("chat", "--session", "a"), stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE, env=self.environment)
        process.stdin.write(b"Who built the ferry Aurora?\n")
        process.stdin.flush()
        self.assertIn(b"Anna Weber", process.stdout.readline())
        process.send_signal(signal.SIGINT)
        self.assertEqual(process.wait(60), 130)  # Before its input ends, which would end it, too.
        process.communicate()
        self.assertEqual(self.docmind("sessions", "show", "a", "--json").json["turns"], 1)


if __name__ == "__main__":
    unittest.main()
