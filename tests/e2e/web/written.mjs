// Scenarios with a chat model that writes what the test says, about two ferries and two barges.
import { ferries } from "./documents.mjs";
import { scenario } from "./harness.mjs";
import { Writer } from "./writer.mjs";

export function withWriter(name, run, more = {}) {
  let writer;
  const settings = { ...more, get DOCMIND_VLLM__URL() { return writer.url; } };
  scenario(name, { settings, before: async () => (writer = await Writer.start()), after: () => writer.stop(), prepare: (site) => site.ingest(ferries) }, (at) => run({ ...at, writer }));
}
