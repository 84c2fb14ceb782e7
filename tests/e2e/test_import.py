"""`docmind import`: documents and chats of other programs, in the formats that docs/migration.md names, made here."""
import json
import shutil
import sqlite3
import unittest

from harness import FIXTURES, DocMindTest

NOTE = "# 船\n\nThe main mast is 24 metres tall.\n"
SYSTEMS = {"open-webui": "Open WebUI", "anything-llm": "AnythingLLM", "private-gpt": "PrivateGPT", "docmind": "DocMind (upstream)"}


def database(path, *statements):
    """Closed: a database that its program has left."""
    path.parent.mkdir(parents=True, exist_ok=True)
    connection = sqlite3.connect(path)
    for statement, *rows in statements:
        connection.execute(statement) if not rows else connection.executemany(statement, rows[0])
    connection.commit()
    connection.close()


def open_webui(folder):
    """0.6: chats are trees of messages; files lie in uploads/ID_NAME."""
    (folder / "uploads").mkdir(parents=True)
    (folder / "uploads" / "f1_桅杆.md").write_text(NOTE)
    shutil.copy(FIXTURES / "stores.pdf", folder / "uploads" / "f2_stores.pdf")
    messages = {"a": {"id": "a", "parentId": None, "childrenIds": ["b"], "role": "user", "content": "How tall is it?", "timestamp": 1700000000},
                "b": {"id": "b", "parentId": "a", "childrenIds": [], "role": "assistant", "content": "24 metres.", "timestamp": 1700000001}}
    database(folder / "webui.db",
             ["CREATE TABLE file(id TEXT PRIMARY KEY, user_id TEXT, hash TEXT, filename TEXT, path TEXT, data JSON, meta JSON,"
              " created_at BIGINT, updated_at BIGINT)"],
             ["CREATE TABLE chat(id TEXT PRIMARY KEY, user_id TEXT, title TEXT, chat JSON, created_at BIGINT, updated_at BIGINT)"],
             ["INSERT INTO file VALUES(?,'u','',?,?,?,'{}',?,0)",
              [("f1", "桅杆.md", "/app/backend/data/uploads/f1_桅杆.md", "{}", 1), ("f2", "stores.pdf", "/app/backend/data/uploads/f2_stores.pdf", "{}", 2),
               ("f3", "gone.pdf", "", json.dumps({"content": "The ferry has three decks."}), 3), ("f4", "lost.pdf", "", "{}", 4)]],
             ["INSERT INTO chat VALUES(?,'u',?,?,1,1)",
              [("c-1", "Masts", json.dumps({"history": {"currentId": "b", "messages": messages}})), ("c-2", "Broken", "{")]])
    return {"documents": {"桅杆.md", "stores.pdf", "gone.pdf.txt"}, "text_only": 1, "chats": {"open-webui-c-1"}, "left_out": {"lost.pdf", "chat Broken"}}


def anything_llm(folder):
    """1.8: text of the documents, a chat for each thread."""
    documents = folder / "documents" / "custom-documents"
    documents.mkdir(parents=True)
    (documents / "mast-1.json").write_text(json.dumps({"id": "1", "title": "桅杆.pdf", "pageContent": "The main mast is 24 metres tall."}))
    (documents / "broken-2.json").write_text("{")
    database(folder / "anythingllm.db",
             ["CREATE TABLE workspaces(id INTEGER PRIMARY KEY, name TEXT, slug TEXT)"],
             ["CREATE TABLE workspace_threads(id INTEGER PRIMARY KEY, name TEXT, slug TEXT, workspace_id INTEGER, user_id INTEGER)"],
             ["CREATE TABLE workspace_chats(id INTEGER PRIMARY KEY, workspaceId INTEGER, prompt TEXT, response TEXT, include BOOLEAN,"
              " user_id INTEGER, thread_id INTEGER, createdAt DATETIME)"],
             ["INSERT INTO workspaces VALUES(1,'Ships','ships')"], ["INSERT INTO workspace_threads VALUES(7,'Masts','m',1,NULL)"],
             ["INSERT INTO workspace_chats VALUES(1,1,'How tall is it?',?,1,NULL,7,1700000000000)", [(json.dumps({"text": "24 metres."}),)]])
    return {"documents": {"桅杆.pdf.txt"}, "text_only": 1, "chats": {"anything-llm-1-7-0"}, "left_out": {"broken-2.json"}}


def private_gpt(folder):
    """0.6: pieces of text of each file; no chats."""
    folder.mkdir(parents=True)
    piece = {"text": "The main mast is 24 metres tall.", "metadata": {"file_name": "桅杆.pdf"}}
    (folder / "docstore.json").write_text(json.dumps({
        "docstore/data": {"n": {"__data__": piece, "__type__": "1"}}, "docstore/metadata": {},
        "docstore/ref_doc_info": {"d": {"node_ids": ["n"], "metadata": {"file_name": "桅杆.pdf"}}, "e": {"node_ids": [], "metadata": {"file_name": "empty.pdf"}}}}))
    return {"documents": {"桅杆.pdf.txt"}, "text_only": 1, "chats": set(), "left_out": {"empty.pdf"}}


def upstream(folder):
    database(folder / "docmind.db",
             ["CREATE TABLE sessions(id TEXT PRIMARY KEY, user_id TEXT, created_at TIMESTAMP, updated_at TIMESTAMP, data JSON NOT NULL)"],
             ["CREATE TABLE chat_history(id INTEGER PRIMARY KEY AUTOINCREMENT, session_id TEXT REFERENCES sessions(id), role TEXT NOT NULL,"
              " content TEXT NOT NULL, timestamp TIMESTAMP DEFAULT CURRENT_TIMESTAMP, metadata JSON)"],
             ["CREATE TABLE document_cache(file_hash TEXT PRIMARY KEY, file_name TEXT NOT NULL, processed_at TIMESTAMP, chunks JSON NOT NULL, metadata JSON)"],
             ["INSERT INTO chat_history(session_id, role, content, timestamp) VALUES('s-1',?,?,'2023-11-14 22:13:20')",
              [("user", "How tall is it?"), ("assistant", "24 metres."), ("user", "And the other?")]],
             ["INSERT INTO document_cache VALUES('h','桅杆.pdf','',?,'{}')", [(json.dumps([{"text": "The main mast is 24 metres tall."}]),)]])
    return {"documents": {"桅杆.pdf.txt"}, "text_only": 1, "chats": {"docmind-s-1"}, "left_out": {"chat s-1"}}


MAKE = {"open-webui": open_webui, "anything-llm": anything_llm, "private-gpt": private_gpt, "docmind": upstream}


class Import(DocMindTest):
    def names(self):
        return {one["document"] for one in self.docmind("library", "--json").json["documents"]}

    def check(self, system):
        folder = self.work / "旧" / system
        holds = MAKE[system](folder)
        before = {path: path.stat().st_mtime_ns for path in folder.rglob("*")}
        run = lambda *more, code=3: self.docmind("import", "--from", system, folder, "--json", *more, code=code).json

        dry = run("--dry-run", code=0)
        self.assertEqual({one["name"] for one in dry["documents"]}, holds["documents"])
        self.assertEqual({one["session"] for one in dry["chats"]}, holds["chats"])
        self.assertFalse((self.data / "library.db").exists())

        done = run()
        self.assertEqual(done["documents"], {"added": len(holds["documents"]), "there": 0, "text_only": holds["text_only"]})
        self.assertEqual(done["chats"], {"added": len(holds["chats"]), "there": 0})
        self.assertEqual({one["what"] for one in done["left_out"]}, holds["left_out"])
        self.assertEqual(self.names(), holds["documents"])
        answer = self.docmind("ask", "How tall is the main mast?", "--json").json
        self.assertIn("24 metres", answer["answer"])
        for chat in holds["chats"]:
            session = self.docmind("sessions", "show", chat, "--json").json
            turn = session["messages"][0]
            self.assertEqual((turn["question"], turn["answer"]["answer"]), ("How tall is it?", "24 metres."))
            self.assertEqual(turn["asked_ms"] // 1000, 1700000000)
            self.assertEqual(turn["answer"]["partial_reason"], f"Imported from {SYSTEMS[system]}: it was not checked against your documents.")
            claim = turn["answer"]["claims"][0]
            self.assertEqual((claim["supported"], claim["origin"], claim["citations"]), (None, "general", []))

        again = run()
        self.assertEqual((again["documents"]["added"], again["documents"]["there"]), (0, len(holds["documents"])))
        self.assertEqual((again["chats"]["added"], again["chats"]["there"]), (0, len(holds["chats"])))
        self.assertEqual(self.names(), holds["documents"])
        self.assertEqual({path: path.stat().st_mtime_ns for path in folder.rglob("*")}, before)
        return holds

    def test_open_webui(self):
        self.check("open-webui")
        for chat in ("open-webui-c-1",):
            self.assertIn("24 metres.", self.docmind("sessions", "export", chat).out)
            self.docmind("sessions", "delete", chat)

    def test_anything_llm(self):
        self.check("anything-llm")

    def test_private_gpt(self):
        self.check("private-gpt")

    def test_upstream_docmind(self):
        self.check("docmind")

    def test_while_a_server_runs_and_over_nobodys_document(self):
        folder = self.work / "data"
        open_webui(folder)
        process, address = self.serve()
        self.upload(address, "桅杆.md", "# Mine\n\nThe boathouse has nine doors.\n".encode())
        said = self.docmind("import", "--from", "open-webui", folder, code=3)
        self.assertIn("3 documents added (1 as text alone), 0 were there", said.out)
        self.assertIn("left out: lost.pdf: its file is not in uploads/", said.err)
        self.assertLessEqual({"桅杆.md", "桅杆 (open-webui 1).md"}, self.names())
        self.assertIn("nine", self.docmind("ask", "How many doors has the boathouse?", "--json").json["answer"])
        self.stop(process)

    def upload(self, address, name, data):
        import urllib.request
        head = f'--x\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n\r\n'.encode()
        status, body = self.request(urllib.request.Request(address + "/api/documents", data=head + data + b"\r\n--x--\r\n", method="POST",
                                                           headers={"Content-Type": "multipart/form-data; boundary=x"}))
        self.assertEqual(status, 200, body)

    def test_what_is_none_of_it_is_refused(self):
        empty = self.work / "leer"
        empty.mkdir()
        for system, name in SYSTEMS.items():
            with self.subTest(system=system):
                self.assertIn(f"does not look like the data of {name}", self.docmind("import", "--from", system, empty, code=1).err)
                self.assertIn("is no folder", self.docmind("import", "--from", system, self.write("a.txt", "x"), code=1).err)
                self.docmind("import", "--from", system, self.work / "none", code=1)
        for system, broken in (("open-webui", "webui.db"), ("anything-llm", "anythingllm.db"), ("private-gpt", "docstore.json"), ("docmind", "x.db")):
            with self.subTest(broken=system):
                (empty / broken).write_text("this is no database, and long enough to have had a header " * 4)
                self.docmind("import", "--from", system, empty, code=1)
                (empty / broken).unlink()
        open_webui(empty / "damaged")
        whole = (empty / "damaged" / "webui.db").read_bytes()
        (empty / "damaged" / "webui.db").write_bytes(whole[:4096] + b"\xff" * 4096 + whole[8192:])
        self.docmind("import", "--from", "open-webui", empty / "damaged", code=1)
        self.docmind("import", "--from", "chatgpt", empty, code=2)
        self.docmind("import", empty, code=2)
        self.assertFalse((self.data / "library.db").exists())

    def test_one_in_use_is_refused(self):
        folder = self.work / "busy"
        open_webui(folder)
        connection = sqlite3.connect(folder / "webui.db")
        self.addCleanup(connection.close)
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("UPDATE chat SET title='x'")
        connection.commit()
        said = self.docmind("import", "--from", "open-webui", folder, code=1)
        self.assertIn("webui.db is in use", said.err)
        self.assertIn("Stop that program first", said.err)


if __name__ == "__main__":
    unittest.main()
