// Scenarios with a chat model that writes what the test says, about two ferries and two barges.
import { ferries } from "./documents.mjs";
import { scenario } from "./harness.mjs";
import { Writer } from "./writer.mjs";

// `more`: further settings, made when the writer has its address.
export function withWriter(name, run, more = () => ({})) {
  let writer;
  const settings = () => ({ DOCMIND_VLLM__URL: writer.url, ...more(writer) });
  scenario(name, { settings, before: async () => (writer = await Writer.start()), after: () => writer.stop(), prepare: (site) => site.ingest(ferries) }, (at) => run({ ...at, writer }));
}
