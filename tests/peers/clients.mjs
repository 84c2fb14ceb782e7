// The clients that OpenAI, Anthropic and the Model Context Protocol publish for JavaScript, pointed at docmind.
// usage: node clients.mjs FOLDER ADDRESS COMMAND...    (FOLDER has their node_modules, COMMAND is `docmind mcp`)
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { test } from "node:test";

const [folder, address, command, ...words] = process.argv.slice(2);
const require = createRequire(`${folder}/package.json`);
const { OpenAI } = require("openai");
const { Anthropic } = require("@anthropic-ai/sdk");
const { Client } = require("@modelcontextprotocol/sdk/client/index.js");
const { StdioClientTransport } = require("@modelcontextprotocol/sdk/client/stdio.js");
const { StreamableHTTPClientTransport } = require("@modelcontextprotocol/sdk/client/streamableHttp.js");

const question = "When was the lighthouse of the harbour painted red?";
const messages = [{ role: "user", content: question }];
const openai = new OpenAI({ baseURL: `${address}/v1`, apiKey: "none", maxRetries: 0 });
const anthropic = new Anthropic({ baseURL: address, apiKey: "none", maxRetries: 0 });

test("openai, chat completions", async () => {
  const { choices } = await openai.chat.completions.create({ model: "docmind", messages });
  const { content, annotations } = choices[0].message;
  assert.match(content, /1911/);
  const cited = annotations[0].url_citation;
  assert.deepEqual([content.slice(cited.start_index, cited.end_index), cited.title], ["[1]", "harbour.md"]);
  const stream = openai.chat.completions.stream({ model: "docmind", messages });
  assert.equal(await stream.finalContent(), content);
  await assert.rejects(openai.chat.completions.create({ model: "gpt-none", messages }), OpenAI.NotFoundError);
  await assert.rejects(openai.chat.completions.create({ model: "docmind", messages: [] }), OpenAI.BadRequestError);
});

test("openai, responses", async () => {
  const response = await openai.responses.create({ model: "docmind", input: question });
  assert.match(response.output_text, /1911/);
  assert.equal(response.output[0].content[0].annotations[0].filename, "harbour.md");
  const stream = openai.responses.stream({ model: "docmind", input: question });
  const types = [];
  for await (const event of stream) types.push(event.type);
  assert.deepEqual([types[0], types.at(-1)], ["response.created", "response.completed"]);
  assert.equal((await stream.finalResponse()).output_text, response.output_text);
});

test("anthropic, messages", async () => {
  const message = await anthropic.messages.create({ model: "docmind", max_tokens: 64, messages });
  const [block] = message.content;
  assert.match(block.text, /1911/);
  assert.equal(block.citations[0].title, "harbour.md");
  const final = await anthropic.messages.stream({ model: "docmind", max_tokens: 64, messages }).finalMessage();
  assert.equal(final.content[0].text, block.text);
  assert.equal(final.content[0].citations[0].cited_text, block.citations[0].cited_text);
  await assert.rejects(anthropic.messages.create({ model: "claude-none", max_tokens: 64, messages }), Anthropic.NotFoundError);
});

for (const [name, transport] of [
  ["standard input and output", () => new StdioClientTransport({ command, args: words, env: process.env })],
  ["HTTP", () => new StreamableHTTPClientTransport(new URL(`${address}/mcp`))],
]) {
  test(`model context protocol over ${name}`, async () => {
    const client = new Client({ name: "test", version: "1" });
    await client.connect(transport());
    const { tools } = await client.listTools();
    assert.deepEqual(tools.map((tool) => tool.name), ["ask", "search", "list_documents", "read_passage"]);
    const answer = await client.callTool({ name: "ask", arguments: { question } });
    assert.match(answer.content[0].text, /1911/);
    const { document_id, start, end } = answer.structuredContent.claims[0].citations[0];
    const passage = await client.callTool({ name: "read_passage", arguments: { document_id, start, end } });
    assert.match(passage.content[0].text, /lighthouse/);
    assert.equal((await client.callTool({ name: "ask", arguments: {} })).isError, true);
    await client.close();
  });
}
