// A server of OpenAI's API that writes what a test says, for what a real model would only do by chance: a sentence that no passage
// bears out, an answer that takes its time. The setting vllm.url points at it.
import { createServer } from "node:http";

export class Writer {
  text = ""; // What is written to a question about documents.
  general = "ok"; // To anything else.
  held = null; // While set: a promise that each answer waits for,
  middle = false; // after half of its words instead of before the first.
  asked = 0;

  static async start() {
    const writer = new Writer();
    writer.server = createServer((request, response) => void writer.answer(request, response));
    await new Promise((done) => writer.server.listen(0, "127.0.0.1", done));
    writer.url = `http://127.0.0.1:${writer.server.address().port}/v1`;
    return writer;
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
    if (request.method === "GET") {
      const models = { object: "list", data: [{ id: "scripted", object: "model", max_model_len: 32768 }] };
      return response.setHeader("Content-Type", "application/json").end(request.url.endsWith("/models") ? JSON.stringify(models) : "{}");
    }
    const body = JSON.parse(Buffer.concat(pieces).toString() || "{}");
    const aboutDocuments = JSON.stringify(body.messages ?? "").includes("[1]");
    if (aboutDocuments) {
      this.asked++;
      if (!this.middle) await this.held;
    }
    const text = aboutDocuments ? this.text : this.general;
    const usage = { prompt_tokens: 100, completion_tokens: 20, total_tokens: 120 };
    if (!body.stream) {
      const choices = [{ index: 0, message: { role: "assistant", content: text }, finish_reason: "stop" }];
      return response.setHeader("Content-Type", "application/json").end(JSON.stringify({ id: "1", object: "chat.completion", model: "scripted", choices, usage }));
    }
    response.setHeader("Content-Type", "text/event-stream");
    const words = text.split(/(?<= )/);
    for (const [at, word] of words.entries()) {
      if (this.middle && aboutDocuments && at === words.length >> 1) await this.held;
      response.write(`data: ${JSON.stringify({ choices: [{ index: 0, delta: { content: word } }] })}\n\n`);
    }
    response.write(`data: ${JSON.stringify({ choices: [{ index: 0, delta: {}, finish_reason: "stop" }], usage })}\n\n`);
    response.end("data: [DONE]\n\n");
  }
}
