"""One answer a document: asked, followed, kept, checked."""
import json
import unittest

from harness import DocMindTest
from test_runs import Follows

BOATS = "# Boats\n\nThe main mast of the boat is 24 metres tall.\n"
SHIPS = "# Ships\n\nThe main mast of the ship is 31 metres tall.\n"
BREAD = "# Bread\n\nKnead flour and water for ten minutes.\n"
QUESTION = "How tall is the main mast?"


class Separate(Follows, DocMindTest):
    def setUp(self):
        super().setUp()
        for name, text in {"boats.md": BOATS, "ships.md": SHIPS, "bread.md": BREAD}.items():
            self.write(name, text)
        self.docmind("ingest", self.work)

    def parts(self, answer):
        """What each document says, by its file's name."""
        return {part["document"].rsplit("/", 1)[-1]: [claim["text"] for claim in
                answer["claims"][part["first"]:part["first"] + part["count"]]] for part in answer["parts"]}

    def test_each_document_answers_for_itself(self):
        answer = self.docmind("ask", QUESTION, "--separate", "--json").json
        self.assertEqual((answer["analysis"], answer["status"]), ("separate", "answered"))
        self.assertEqual(answer["coverage"], {"read": 3, "total": 3, "unit": "document"})
        parts = self.parts(answer)
        self.assertIn("24 metres", parts["boats.md"][0])
        self.assertIn("31 metres", parts["ships.md"][0])
        self.assertEqual(parts["bread.md"], [])
        by_name = {part["document"].rsplit("/", 1)[-1]: part for part in answer["parts"]}
        self.assertEqual(by_name["bread.md"]["status"], "abstained")
        for part in answer["parts"]:
            for claim in answer["claims"][part["first"]:part["first"] + part["count"]]:
                self.assertEqual({one["document_id"] for one in claim["citations"]}, {part["document_id"]})
            self.assertEqual(self.docmind("trace", part["trace_id"], "--json").json["question"], QUESTION)
        self.assertIn("same, byte for byte", self.docmind("trace", answer["trace_id"], "--replay").out)
        self.assertIn("docmind trace " + by_name["bread.md"]["trace_id"], self.docmind("trace", answer["trace_id"]).out)
        file = self.write("answer.json", json.dumps(answer))
        self.assertTrue(self.docmind("verify", file, "--json").json["holds"])
        self.write("ships.md", SHIPS.replace("31", "32"))
        self.docmind("ingest", self.work / "ships.md")
        self.assertFalse(self.docmind("verify", file, "--json", code=1).json["holds"])
        shown = self.docmind("ask", QUESTION, "--separate").out
        self.assertIn(f"Do not say: {self.work}/bread.md", shown)
        combined = self.docmind("ask", QUESTION, "--json").json
        self.assertEqual((combined["analysis"], combined["parts"]), ("combined", []))

    def test_more_than_ten_are_counted(self):
        for n in range(12):
            self.write(f"many/boat{n}.md", f"# Boat {n}\n\nThe main mast of boat {n} is {n + 10} metres tall.\n")
        self.docmind("ingest", self.work / "many")
        answer = self.docmind("ask", QUESTION, "--separate", "--json").json
        self.assertEqual(len(answer["parts"]), 10)
        self.assertEqual(answer["coverage"], {"read": 10, "total": 15, "unit": "document"})
        self.assertNotIn("bread.md", self.parts(answer), "those with the nearest passages")
        self.assertIn("Not asked: 5 documents", self.docmind("ask", QUESTION, "--separate").out)
        few = self.docmind("ask", QUESTION, "--separate", "--json", "--document", self.work / "many/boat3.md",
                           "--document", self.work / "bread.md").json
        self.assertEqual(set(self.parts(few)), {"boat3.md", "bread.md"})

    def test_a_chat_keeps_it_and_a_deletion_takes_its_part(self):
        _, address = self.serve()
        status, turn = self.post(address, "/api/sessions/s/ask", {"question": QUESTION, "analysis": "separate"})
        self.assertEqual(status, 200)
        self.assertEqual(self.get(address, "/api/sessions/s")[1]["messages"][0]["answer"], turn["answer"])
        exported = self.docmind("sessions", "export", "s").out
        ships = f"{self.work}/ships.md".replace("_", "\\_")  # Else Markdown could take it for emphasis.
        self.assertIn(f"### {ships}\n\n> The main mast of the ship is 31 metres tall. (", exported)
        self.docmind("delete", self.work / "ships.md")
        left = self.get(address, "/api/sessions/s")[1]["messages"][0]["answer"]
        self.assertEqual(set(self.parts(left)), {"boats.md", "bread.md"})
        self.assertIn("24 metres", self.parts(left)["boats.md"][0])
        self.assertNotIn("31 metres", json.dumps(left))
        self.assertEqual(self.get(address, "/api/traces/" + turn["answer"]["trace_id"])[0], 404)
        self.docmind("sessions", "delete", "s")
        for part in left["parts"]:
            self.assertEqual(self.get(address, "/api/traces/" + part["trace_id"])[0], 404)

    def test_a_run_tells_of_each_document_in_order(self):
        _, address = self.serve()
        run = self.start_run(address, session="s", question=QUESTION, analysis="separate")
        events = self.events(address, run)
        told = [(name, data["index"], data.get("part")) for _, name, data in events if name in ("part", "seal")]
        done = events[-1][2]["answer"]
        expected, sentence = [], 0
        for index, part in enumerate(done["parts"]):
            expected.append(("part", index, None))
            for _ in range(part["count"]):
                expected.append(("seal", sentence, index))
                sentence += 1
        self.assertEqual(told, expected)
        steps = {data["document"] for _, name, data in events if name == "step"}
        self.assertEqual(steps, {part["document"] for part in done["parts"]})
        self.assertEqual(self.events(address, run), events)

    def test_a_cached_part_is_given_again(self):
        self.environment["DOCMIND_CACHE__ENABLED"] = "true"
        _, address = self.serve()
        alone = {"question": QUESTION, "filter": {"documents": [str(self.work / "boats.md"), str(self.work / "ships.md")]}}
        first = self.post(address, "/api/ask", {**alone, "analysis": "separate"})[1]
        self.assertEqual(first["cache"], "miss")
        again = self.post(address, "/api/ask", {**alone, "analysis": "separate"})[1]
        self.assertEqual((again["cache"], again["claims"]), ("exact", first["claims"]))
        self.assertEqual(self.post(address, "/api/ask", alone)[1]["cache"], "miss")

    def test_clients_of_other_apis_get_headings(self):
        _, address = self.serve()
        reply = self.post(address, "/v1/chat/completions", {
            "model": "docmind", "messages": [{"role": "user", "content": QUESTION}], "docmind": {"analysis": "separate"}})[1]
        content = reply["choices"][0]["message"]["content"]
        self.assertIn("ships.md:\n\nThe main mast of the ship is 31 metres tall. [", content)
        self.assertIn("bread.md: This document does not say.", content)
        self.assertEqual(len(reply["docmind"]["parts"]), 3)
        self.assertEqual(self.post(address, "/api/ask", {"question": QUESTION, "analysis": "each"})[0], 400)


if __name__ == "__main__":
    unittest.main()
