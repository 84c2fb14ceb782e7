// Text of others is text: in names, documents, questions and what a model writes. Nothing of it runs, nothing of it is loaded.
import assert from "node:assert/strict";
import { ask, scenario } from "./harness.mjs";
import { payloads } from "./payloads.mjs";
import { Writer } from "./writer.mjs";

const words = ["harbour", "lantern", "anchor", "compass", "rudder"];
const document_ = (list) => list.map((payload, at) => `The ${words[at % words.length]} number ${at} of the ship says ${payload} to everybody.\n`).join("\n");

async function assertNothingRan(tab) {
  assert.equal(await tab.evaluate(() => window.ran), undefined, "a payload ran");
  assert.equal(await tab.locator("#app img:not([src^='/api/']), #app iframe, #app object, #app embed, #app form[action], #app base, #app meta").count(), 0);
}

scenario("EE38 five hundred payloads in names, documents, questions and searches: no dialog, no request", {}, async ({ site, open }) => {
  assert.ok(payloads.length >= 500);
  const tab = await open("/library");
  const names = payloads.filter((one) => !one.includes("/") && one.length < 120).slice(0, 20);
  const files = [
    ...names.map((name, at) => ({ name: `${name}.txt`, mimeType: "text/plain", buffer: Buffer.from(`The ${words[at % 5]} of file ${at} is here.\n`) })),
    ...[0, 1, 2, 3, 4].map((part) => ({ name: `part${part}.md`, mimeType: "text/markdown", buffer: Buffer.from(document_(payloads.slice(part * 100, part * 100 + 100))) })),
    { name: "all.txt", mimeType: "text/plain", buffer: Buffer.from(document_(payloads)) },
  ];
  await tab.getByLabel("Files to add").setInputFiles(files);
  await tab.getByRole("heading", { name: `${files.length} of ${files.length} files` }).waitFor({ timeout: 180_000 });
  await tab.getByRole("link", { name: "all.txt" }).waitFor();
  await assertNothingRan(tab);
  const { documents } = await site.json("/api/documents");
  assert.ok(documents.some((one) => one.document.includes("<")), "a name with markup is in the library");
  for (const word of words) {
    await tab.goto(`${site.address}/search?q=${word}`);
    await tab.getByText("best first").waitFor();
    assert.match(await tab.locator("main").innerText(), /[<>]/, "the payload is shown as text");
    await assertNothingRan(tab);
  }
  await tab.goto(site.address + "/");
  for (const payload of payloads.slice(0, 12)) {
    await ask(tab, `What does the ${words[0]} say about ${payload}?`);
    await tab.locator("[data-chip]").last().click({ timeout: 500 }).catch(() => {}); // An abstention has none.
    await assertNothingRan(tab);
  }
});

let writer;
scenario(
  "EE38 payloads written by a model",
  { settings: { get DOCMIND_VLLM__URL() { return writer.url; } }, before: async () => (writer = await Writer.start()), after: () => writer.stop(),
    prepare: (site) => site.ingest({ name: "ship.txt", bytes: "The lantern of the ship was lit by Anna Weber in 1901.\n" }) },
  async ({ open }) => {
    const tab = await open("/");
    for (let at = 0; at < payloads.length; at += 50) {
      writer.text = `The lantern was lit by Anna Weber in 1901 [1]. ${payloads.slice(at, at + 50).join(" [1]. ")} [1].`;
      await ask(tab, "Who lit the lantern of the ship?");
      await assertNothingRan(tab);
    }
    assert.match(await tab.locator("main").innerText(), /onerror/, "what the model wrote is shown as text");
  },
);

scenario("the policy holds: what a page must not do is refused by the browser", {}, async ({ open }) => {
  const tab = await open("/help");
  const refused = await tab.evaluate(async () => {
    const results = {};
    try {
      document.body.innerHTML += "<b>x</b>";
    } catch {
      results.html = true;
    }
    const script = document.createElement("script");
    try {
      script.textContent = "window.ran = true";
      document.head.append(script);
    } catch {
      results.script = true;
    }
    results.ran = window.ran === true;
    results.fetch = await fetch("http://127.0.0.1:9/").then(() => false, () => true);
    return results;
  });
  assert.deepEqual(refused, { html: true, script: true, ran: false, fetch: true });
  tab.log.complaints.length = 0; // They are what this test is about.
  tab.log.outside.length = 0;
});
