// Answers while the server or what writes them goes away, and back ends that are switched.
import assert from "node:assert/strict";
import { ask, begin, counted } from "./harness.mjs";
import { withWriter } from "./written.mjs";

const aurora = "Who built the ferry Aurora?";
const written = "Anna Weber built the ferry Aurora in Kiel in 1901 [1].";

withWriter("EE23 server restart in the middle of an answer: nothing is passed off as an answer, the question is kept", async ({ site, open, writer }) => {
  const release = writer.hold("middle");
  writer.text = written;
  const tab = await open("/");
  await begin(tab, aurora);
  const running = tab.getByRole("article", { name: "The question being answered" });
  await running.getByText("Anna Weber built the").waitFor();
  await tab.waitForURL("**/chat/*");
  await site.restart();
  release();
  await running.getByText("No answer: The server was started again while it answered.").waitFor();
  assert.equal(await tab.locator("[data-chip]").count(), 0);
  await tab.reload();
  await tab.getByRole("article", { name: "The question being answered" }).getByText(aurora).waitFor();
  await tab.getByRole("button", { name: "Retry" }).click();
  await tab.locator("article[data-turn] [data-chip]").waitFor();
  await counted(tab.locator("article[data-turn]"), 1);
});

withWriter("EE24 a backend that breaks off: the draft is gone, the next writes, and that is said", async ({ open, writer }) => {
  writer.text = written;
  writer.cut = true;
  const tab = await open("/");
  const answer = await ask(tab, aurora);
  await answer.locator("[data-chip]").first().waitFor();
  assert.match(await answer.innerText(), /▤ .*vllm/);
  assert.equal(await answer.getByText("written by").count(), 0, "half a sentence of the one that broke off is no answer");
});

const two = (writer) => ({ DOCMIND_OLLAMA__URL: writer.ollama });

withWriter("EE25 a switch keeps the chat, and shows where it was", async ({ open, writer }) => {
  writer.text = written;
  const tab = await open("/");
  await (await ask(tab, aurora)).getByText(/written by scripted$/).waitFor();
  await tab.waitForURL("**/chat/*");
  const chat = new URL(tab.url()).pathname;
  await tab.goto(new URL("/models", tab.url()).href);
  const ollama = tab.getByRole("listitem").filter({ has: tab.getByRole("heading", { name: "ollama" }) });
  await ollama.getByRole("button", { name: "Use" }).click();
  await ollama.getByText("In use").waitFor();
  await tab.goto(new URL(chat, tab.url()).href);
  await tab.locator("article[data-turn]").waitFor(); // Who asks before the chat is there has no turn to count from.
  const second = await ask(tab, "When was the ferry Aurora built?");
  await second.getByText(/written by scripted:latest$/).waitFor();
  await tab.getByText(/^From here: scripted:latest, window [\d,]+\.$/).waitFor();
  await counted(tab.locator("article[data-turn]"), 2);
}, two);

withWriter("EE26 a switch that fails: the reason is said, and the old one serves", async ({ open, writer }) => {
  writer.text = written;
  const tab = await open("/models");
  const ollama = tab.getByRole("listitem").filter({ has: tab.getByRole("heading", { name: "ollama" }) });
  await ollama.getByRole("button", { name: "Use" }).click();
  await tab.getByText(/vllm serves\./).waitFor();
  assert.match(await tab.locator("p.note.failed").innerText(), /nobody answers at 127\.0\.0\.1:9/);
  await tab.goto(new URL("/", tab.url()).href);
  await (await ask(tab, aurora)).getByText(/written by scripted$/).waitFor();
}, () => ({ DOCMIND_OLLAMA__URL: "http://127.0.0.1:9" }));
