// A server of OpenAI's API, and of Ollama's, that writes what a test says, for what a real model would only do by chance: a sentence
// that no passage bears out, an answer that takes its time or is cut off. The settings vllm.url and ollama.url point at it.
import { createServer } from "node:http";

export class Writer {
  text = ""; // What is written to a question about documents.
  general = "ok"; // To anything else.
  held = null; // While set: a promise that each answer waits for,
  middle = false; // after half of its words instead of before the first.
  cut = false; // Its connection breaks after half of the words.
  asked = 0;
  window = 32768; // Tokens.

  static async start() {
    const writer = new Writer();
    writer.server = createServer((request, response) => void writer.answer(request, response));
    await new Promise((done) => writer.server.listen(0, "127.0.0.1", done));
    writer.ollama = `http://127.0.0.1:${writer.server.address().port}`;
    writer.url = `${writer.ollama}/v1`;
    return writer;
  }

  // Where it was, after a stop.
  restart() {
    return new Promise((done) => this.server.listen(Number(new URL(this.url).port), "127.0.0.1", done));
  }

  stop() {
    this.server.closeAllConnections();
    this.server.close();
  }

  hold(where = "before") {
    this.middle = where === "middle";
    let release;
    this.held = new Promise((done) => (release = done));
    return () => ((this.held = null), release());
  }

  async answer(request, response) {
    const pieces = [];
    for await (const piece of request) pieces.push(piece);
    const asJson = (value) => response.setHeader("Content-Type", "application/json").end(JSON.stringify(value));
    if (request.url === "/api/version") return asJson({ version: "0.17.4" });
    if (request.url === "/api/tags") return asJson({ models: [{ name: "scripted:latest" }] });
    if (request.url === "/api/show") return asJson({ model_info: { "general.architecture": "a", "a.context_length": 4096 }, capabilities: ["completion"] });
    if (request.method === "GET") {
      const models = { object: "list", data: [{ id: "scripted", object: "model", max_model_len: this.window }] };
      return asJson(request.url.endsWith("/models") ? models : {});
    }
    const body = JSON.parse(Buffer.concat(pieces).toString() || "{}");
    const aboutDocuments = JSON.stringify(body.messages ?? "").includes("[1]");
    if (aboutDocuments) {
      this.asked++;
      if (!this.middle) await this.held;
    }
    const text = aboutDocuments ? this.text : this.general;
    const ollama = request.url === "/api/chat";
    const ended = { done: true, done_reason: "stop", prompt_eval_count: 100, eval_count: 20 };
    const usage = { prompt_tokens: 100, completion_tokens: 20, total_tokens: 120 };
    if (!body.stream) {
      const message = { role: "assistant", content: text };
      const choices = [{ index: 0, message, finish_reason: "stop" }];
      return asJson(ollama ? { message, ...ended } : { id: "1", object: "chat.completion", model: "scripted", choices, usage });
    }
    response.setHeader("Content-Type", ollama ? "application/x-ndjson" : "text/event-stream");
    const words = text.split(/(?<= )/);
    for (const [at, word] of words.entries()) {
      if (this.middle && aboutDocuments && at === words.length >> 1) await this.held;
      if (this.cut && aboutDocuments && at === words.length >> 1) return response.destroy();
      if (ollama) response.write(`${JSON.stringify({ message: { role: "assistant", content: word }, done: false })}\n`);
      else response.write(`data: ${JSON.stringify({ choices: [{ index: 0, delta: { content: word } }] })}\n\n`);
    }
    if (ollama) return response.end(`${JSON.stringify({ message: { role: "assistant", content: "" }, ...ended })}\n`);
    response.write(`data: ${JSON.stringify({ choices: [{ index: 0, delta: {}, finish_reason: "stop" }], usage })}\n\n`);
    response.end("data: [DONE]\n\n");
  }
}
