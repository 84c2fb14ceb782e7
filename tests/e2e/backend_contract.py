"""What every backend of chat models has to do, asked through docmind serve: the same checks for our engine, a vLLM, an
Ollama, a llama-server, and any of them behind faults.

A test class mixes Contract in and gives `address` (of docmind serve) and `served` (the model's name at /v1)."""
import http.client
import json
import threading
import time
import urllib.parse

QUESTION = [{"role": "system", "content": "You answer briefly."}, {"role": "user", "content": "How tall is the mast?"}]
SCHEMA = {"type": "object", "properties": {"ok": {"const": True}}, "required": ["ok"], "additionalProperties": False}


class Contract:
    address = None
    served = None
    can = {}  # Capabilities as GET /api/backends tells them.

    def ask_model(self, **more):
        body = {"model": self.served, "messages": QUESTION, "max_tokens": 16, "temperature": 0, **more}
        return self.post(self.address, "/v1/chat/completions", body)

    def text_of(self, **more):
        status, body = self.ask_model(**more)
        self.assertEqual(status, 200, body)
        return body["choices"][0]["message"].get("content") or ""

    def open_stream(self, **more):
        connection = http.client.HTTPConnection(urllib.parse.urlsplit(self.address).netloc, timeout=120)
        self.addCleanup(connection.close)
        body = {"model": self.served, "messages": QUESTION, "max_tokens": 16, "temperature": 0, "stream": True,
                "stream_options": {"include_usage": True}, **more}
        connection.request("POST", "/v1/chat/completions", json.dumps(body), {"Content-Type": "application/json"})
        response = connection.getresponse()
        self.assertEqual(response.status, 200, response.status)
        return connection, response

    def events(self, response):
        for line in response:
            line = line.decode()  # Each line whole UTF-8.
            if line.startswith("data: "):
                yield line[6:].strip()

    def streamed(self, **more):
        """The text, the finish and the usage of a streamed answer."""
        _, response = self.open_stream(**more)
        text, finish, usage, done = "", None, None, False
        for event in self.events(response):
            self.assertFalse(done, "after [DONE]")
            if event == "[DONE]":
                done = True
                continue
            chunk = json.loads(event)
            usage = chunk.get("usage") or usage
            for choice in chunk["choices"]:
                text += choice["delta"].get("content") or ""
                finish = choice.get("finish_reason") or finish
        self.assertTrue(done, "the stream has no end")
        return text, finish, usage

    def test_the_same_in_anthropics_shape(self):
        """Word for word what the model says in OpenAI's, whole and as a stream."""
        for _ in range(2):  # All that are compared begin with kept cells: random weights feel the last bit.
            said = self.text_of(chat_template_kwargs={"enable_thinking": False})
        body = {"model": self.served, "max_tokens": 16, "temperature": 0, "system": QUESTION[0]["content"],
                "messages": [{"role": "user", "content": [{"type": "text", "text": QUESTION[1]["content"]}]}]}
        status, whole = self.post(self.address, "/v1/messages", body)
        self.assertEqual(status, 200, whole)
        self.assertEqual("".join(block["text"] for block in whole["content"]), said)
        self.assertIn(whole["stop_reason"], ("end_turn", "max_tokens"))
        self.assertGreater(whole["usage"]["input_tokens"] + whole["usage"]["cache_read_input_tokens"], 0)
        connection = http.client.HTTPConnection(urllib.parse.urlsplit(self.address).netloc, timeout=120)
        self.addCleanup(connection.close)
        connection.request("POST", "/v1/messages", json.dumps({**body, "stream": True}), {"Content-Type": "application/json"})
        told = [json.loads(event) for event in self.events(connection.getresponse())]
        self.assertEqual((told[0]["type"], told[-1]["type"]), ("message_start", "message_stop"))
        self.assertEqual("".join(one["delta"]["text"] for one in told if one["type"] == "content_block_delta"), said)
        self.assertEqual(told[-2]["usage"]["output_tokens"], whole["usage"]["output_tokens"])

    def test_a_whole_answer_with_its_usage(self):
        status, body = self.ask_model()
        self.assertEqual(status, 200, body)
        choice = body["choices"][0]
        self.assertEqual(choice["message"]["role"], "assistant")
        self.assertIn(choice["finish_reason"], ("stop", "length"))
        self.assertGreater(body["usage"]["prompt_tokens"], 0)
        self.assertLessEqual(body["usage"]["completion_tokens"], 16)

    def test_a_stream_says_the_same_as_the_whole(self):
        whole = self.text_of()
        text, finish, usage = self.streamed()
        self.assertEqual(text, whole)
        self.assertIn(finish, ("stop", "length"))
        self.assertGreater(usage["prompt_tokens"], 0)

    def test_the_cap_on_tokens_is_told_as_such(self):
        status, body = self.ask_model(max_tokens=2)
        self.assertEqual(status, 200, body)
        if body["usage"]["completion_tokens"] == 2:
            self.assertEqual(body["choices"][0]["finish_reason"], "length")

    def test_a_stop_string_ends_the_answer(self):
        whole = self.text_of(max_tokens=32)
        cut = whole[len(whole) // 2:len(whole) // 2 + 2]
        if len(cut) < 2 or "\ufffd" in cut:
            return
        text = self.text_of(max_tokens=32, stop=[cut])
        self.assertNotIn(cut, text)
        self.assertTrue(whole.startswith(text))

    def test_the_same_seed_says_the_same(self):
        said = {self.text_of(temperature=0.8, seed=7) for _ in range(2)}
        self.assertEqual(len(said), 1)

    def test_a_schema_holds(self):
        if not self.can.get("json_schema"):
            self.skipTest("this backend does not hold to schemas")
        status, body = self.ask_model(max_tokens=200, response_format={
            "type": "json_schema", "json_schema": {"name": "a", "strict": True, "schema": SCHEMA}})
        self.assertEqual(status, 200, body)
        text = body["choices"][0]["message"]["content"]
        if body["choices"][0]["finish_reason"] == "stop":
            self.assertEqual(json.loads(text), {"ok": True})
        else:  # White space between its parts may have no end.
            self.assertTrue('{"ok":true}'.startswith("".join(text.split())), text)

    def test_chinese_and_odd_characters_come_whole(self):
        messages = [{"role": "user", "content": "船的桅杆有多高？ 👩‍👩‍👧 \u0301 \u202e"}]
        text, _, _ = self.streamed(messages=messages, max_tokens=24)
        self.assertEqual(text.encode().decode(), text)

    def test_a_prompt_that_does_not_fit_is_refused_not_cut(self):
        window = self.can["context"]
        words = " ".join(str(i) for i in range(window))
        status, body = self.ask_model(messages=[{"role": "user", "content": words}])
        self.assertIn(status, (400, 413), body)
        self.assertTrue(body["error"]["message"], body)

    def test_a_request_that_makes_no_sense_is_refused(self):
        status, body = self.post(self.address, "/v1/chat/completions", {"model": self.served, "messages": "hello"})
        self.assertTrue(400 <= status < 500, (status, body))
        status, body = self.post(self.address, "/v1/chat/completions", {"model": "no-such-model", "messages": QUESTION})
        self.assertEqual(status, 404, body)

    def test_conversations_at_once_do_not_mix(self):
        questions = [[{"role": "user", "content": f"Say the number {i}."}] for i in range(6)]
        alone = [self.text_of(messages=messages) for messages in questions]
        together = [None] * len(questions)

        def one(i):
            together[i] = self.text_of(messages=questions[i])

        threads = [threading.Thread(target=one, args=(i,)) for i in range(len(questions))]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        # Batched sums may round otherwise; texts of other questions may not appear.
        same = sum(a == b for a, b in zip(alone, together))
        self.assertGreaterEqual(same, len(questions) - 1, list(zip(alone, together)))

    def test_a_question_is_written_by_it(self):
        self.docmind("ingest", self.write("mast.txt", "The mast of the Halcyon is 24 metres tall."))
        status, answer = self.post(self.address, "/api/ask", {"question": "How tall is the mast of the Halcyon?"})
        self.assertEqual(status, 200, answer)
        self.assertIn("24 metres", answer["answer"])
        calls = self.get(self.address, f"/api/traces/{answer['trace_id']}")[1]["model_calls"]
        self.assertEqual([call["error"] for call in calls], [None] * len(calls))
        self.assertTrue(calls and all(call["content"] and not call["fallbacks"] for call in calls), calls)

    def running(self):
        """How many texts the backend is writing now, as its own figures say; None where it has none."""
        return None

    def test_a_client_that_goes_frees_the_backend(self):
        connection, response = self.open_stream(max_tokens=4000, ignore_eos=True)
        self.assertTrue(response.readline())
        connection.sock.close()
        response.close()
        connection.close()
        end = time.monotonic() + 1.0
        while (left := self.running()) and time.monotonic() < end:
            time.sleep(0.02)
        self.assertIn(left, (None, 0), "still writing a second after its client went")
        began = time.monotonic()
        self.text_of(max_tokens=1)
        self.assertLess(time.monotonic() - began, 30)
