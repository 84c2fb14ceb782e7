#!/usr/bin/env python3
"""The clients that OpenAI, Anthropic and the Model Context Protocol publish for Python and JavaScript, pointed at docmind:
each asks and finds the citations where its own types have them."""
import os
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
PEERS = pathlib.Path(os.environ.get("PEERS", pathlib.Path.home() / ".cache/docmind-peers"))
PYTHON = PEERS / "clients/bin/python"
if pathlib.Path(sys.prefix) != PEERS / "clients":
    subprocess.run([ROOT / "bench/peers/setup.sh", "clients"], check=True)
    sys.exit(subprocess.run([PYTHON, __file__, *sys.argv[1:]]).returncode)

import asyncio  # noqa: E402
import unittest  # noqa: E402

import anthropic  # noqa: E402
import mcp  # noqa: E402
import openai  # noqa: E402

from harbour import QUESTION, HarbourTest  # noqa: E402
import tiny_chat  # noqa: E402  (harbour knows where it lies)

ASKED = [{"role": "user", "content": QUESTION}]


class ClientsTest(HarbourTest):
    def openai(self):
        return openai.OpenAI(base_url=self.serve()[1] + "/v1", api_key="sk-none")

    def test_openai_chat(self):
        client = self.openai()
        self.assertIn("docmind", [model.id for model in client.models.list()])
        self.assertEqual(client.models.retrieve("docmind").owned_by, "docmind")
        message = client.chat.completions.create(model="docmind", messages=ASKED).choices[0].message
        cited = message.annotations[0].url_citation
        self.assertIn("1911", message.content)
        self.assertEqual((message.content[cited.start_index:cited.end_index], cited.title), ("[1]", "harbour.md"))
        chunks = list(client.chat.completions.create(model="docmind", messages=ASKED, stream=True,
                                                     stream_options={"include_usage": True}))
        self.assertEqual("".join(c.choices[0].delta.content or "" for c in chunks if c.choices), message.content)
        self.assertEqual((chunks[-2].choices[0].finish_reason, chunks[-1].usage.total_tokens), ("stop", 0))
        with self.assertRaises(openai.BadRequestError) as caught:
            client.chat.completions.create(model="docmind", messages=[])
        self.assertEqual(caught.exception.type, "invalid_request_error")
        with self.assertRaises(openai.NotFoundError):
            client.chat.completions.create(model="gpt-none", messages=ASKED)

    def test_openai_responses(self):
        client = self.openai()
        response = client.responses.create(model="docmind", input=QUESTION)
        self.assertIn("1911", response.output_text)
        self.assertEqual(response.output[0].content[0].annotations[0].filename, "harbour.md")
        with client.responses.stream(model="docmind", input=QUESTION) as stream:
            types = [event.type for event in stream]
            final = stream.get_final_response()
        self.assertEqual((types[0], types[-1]), ("response.created", "response.completed"))
        self.assertEqual(final.output_text, response.output_text)

    def test_anthropic_messages(self):
        client = anthropic.Anthropic(base_url=self.serve()[1], api_key="none")
        message = client.messages.create(model="docmind", max_tokens=64, messages=ASKED)
        self.assertIn("1911", message.content[0].text)
        cited = message.content[0].citations[0]
        self.assertIn("1911", cited.cited_text)
        self.assertEqual((cited.type, cited.title), ("search_result_location", "harbour.md"))
        with client.messages.stream(model="docmind", max_tokens=64, messages=ASKED) as stream:
            text = "".join(stream.text_stream)
            final = stream.get_final_message()
        self.assertEqual(text, message.content[0].text)
        self.assertEqual(final.content[0].citations[0].cited_text, cited.cited_text)
        self.assertEqual(final.stop_reason, "end_turn")
        with self.assertRaises(anthropic.NotFoundError):
            client.messages.create(model="claude-none", max_tokens=64, messages=ASKED)

    def test_anthropic_messages_of_a_loaded_model(self):
        checkpoint = tiny_chat.write_checkpoint(self.work / "checkpoint")
        self.docmind("models", "import", checkpoint, "--name", "tiny")
        address = self.serve("--model", self.data / "models" / "tiny.gguf")[1]
        client = anthropic.Anthropic(base_url=address, api_key="none")
        asked = {"model": "tiny", "max_tokens": 24, "messages": ASKED, "system": "Be short.",
                 "extra_body": {"temperature": 0}}
        client.messages.create(**asked)  # The next two both begin with its cells: random weights feel the last bit.
        message = client.messages.create(**asked)
        self.assertEqual((message.model, message.role, message.stop_reason), ("tiny", "assistant", "max_tokens"))
        self.assertEqual(message.usage.output_tokens, 24)
        with client.messages.stream(**asked) as stream:
            text = "".join(stream.text_stream)
            final = stream.get_final_message()
        self.assertEqual(text, message.content[0].text)
        self.assertEqual((final.stop_reason, final.usage.output_tokens), ("max_tokens", 24))

    async def use(self, server):
        async with mcp.Client(server) as client:
            tools = [tool.name for tool in (await client.list_tools()).tools]
            self.assertEqual(tools, ["ask", "search", "list_documents", "read_passage"])
            answer = await client.call_tool("ask", {"question": QUESTION})
            self.assertIn("1911", answer.content[0].text)
            self.assertIn("Sources:\n[1] harbour.md", answer.content[0].text)
            citation = answer.structured_content["claims"][0]["citations"][0]
            passage = await client.call_tool("read_passage", {key: citation[key] for key in ("document_id", "start", "end")})
            self.assertIn("lighthouse", passage.content[0].text)
            found = await client.call_tool("search", {"query": "lighthouse", "k": 1})
            self.assertEqual(len(found.structured_content["hits"]), 1)
            listed = await client.call_tool("list_documents", {})
            self.assertEqual(listed.structured_content["total"], 1)
            self.assertTrue((await client.call_tool("ask", {})).is_error)

    def test_mcp_on_standard_input_and_output(self):
        command = self.command("mcp")
        asyncio.run(self.use(mcp.StdioServerParameters(command=command[0], args=command[1:], env=self.environment)))

    def test_all_in_javascript(self):
        node = ROOT / ".deps/node-bin"
        subprocess.run([ROOT / "bench/peers/setup.sh", "clients-js", node], check=True)
        ran = subprocess.run([node / "node", ROOT / "tests/peers/clients.mjs", PEERS / "clients-js", self.serve()[1],
                              *self.command("mcp")], env=self.environment, capture_output=True, text=True)
        self.assertEqual(ran.returncode, 0, ran.stdout + ran.stderr)
        self.assertIn("# pass 5\n", ran.stdout)

    def test_mcp_over_http(self):
        asyncio.run(self.use(self.serve()[1] + "/mcp"))


if __name__ == "__main__":
    print(f"openai {openai.__version__}, anthropic {anthropic.__version__}")
    unittest.main()
