// Model files: whether they fit, and how they come.
import assert from "node:assert/strict";
import { join } from "node:path";
import { existsSync, readdirSync } from "node:fs";
import { assertAccessible, scenario, withAxe } from "./harness.mjs";
import { importTiny, ModelHub, tinyFile } from "./hub.mjs";

const phone = { viewport: { width: 360, height: 740 } };
const narrow = (tab) => tab.evaluate(() => document.documentElement.scrollWidth <= innerWidth);

scenario("EE28 plan: refuses with numbers, the fix works and serves after the next start", { furnish: (site) => importTiny(site, "tiny") }, async ({ site, open }) => {
  const post = (path, body) => site.json(path, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) });
  const context = 32768;
  const wide = await post("/api/models/plan", { model: "tiny", context, kv_type: "f16" });
  const small = await post("/api/models/plan", { model: "tiny", context, kv_type: "q8_0" });
  assert.ok(wide.fits && small.fits && small.bytes + 2 ** 21 < wide.bytes);
  const allowed = Math.ceil(small.bytes / 2 ** 20); // The whole context fits as q8_0, and only a part of it as f16.
  await site.json("/api/settings", { method: "PATCH", headers: { "Content-Type": "application/json" }, body: JSON.stringify({ changes: { "engine.cpu_memory_mb": allowed } }) });

  const tab = await open("/models", phone);
  await withAxe(tab);
  const plan = tab.getByRole("region", { name: "Does it fit?" });
  await plan.getByRole("textbox", { name: "Context, in tokens" }).fill(String(context));
  await plan.getByRole("combobox", { name: "Keys and values" }).selectOption("f16");
  await plan.getByRole("button", { name: "Plan" }).click();
  const mebibytes = (bytes) => `${(bytes / 2 ** 20).toFixed(1)} MiB`;
  await plan.getByText(`Does not fit: f16 at 32,768 tokens needs ${mebibytes(wide.bytes)}, it may take ${allowed}.0 MiB.`).waitFor();
  assert.equal(await plan.getByRole("button", { name: "Use from the next start" }).count(), 0);
  const fixes = await plan.getByRole("list", { name: "What fits" }).getByRole("button").allInnerTexts();
  assert.equal(fixes.length, 2);
  assert.match(fixes[0], /^Apply [\d,]+ tokens \([\d.]+ MiB\)$/);
  assert.equal(fixes[1], `Apply q8_0 (${mebibytes(small.bytes)})`);
  await assertAccessible(tab, "a plan that does not fit");
  assert.ok(await narrow(tab), "a plan is wider than a phone");

  await plan.getByRole("button", { name: fixes[1] }).press("Enter");
  await plan.getByText(`✓ Fits: ${mebibytes(small.main_memory)} of ${allowed}.0 MiB`).waitFor();
  assert.equal(await plan.getByRole("combobox", { name: "Keys and values" }).inputValue(), "q8_0");
  await plan.getByRole("button", { name: "Use from the next start" }).click();
  await plan.getByText(/^Saved: tiny with 32,768 tokens as q8_0 serves from the next start/).waitFor();
  await site.restart();
  await tab.reload();
  const engine = tab.getByRole("listitem").filter({ has: tab.getByRole("heading", { name: "llamacpp" }) });
  await engine.getByText("32,768 tokens").waitFor();
  const said = await post("/v1/chat/completions", { model: "tiny", messages: [{ role: "user", content: "Hello" }], max_tokens: 4 });
  assert.ok(said.usage.completion_tokens > 0, JSON.stringify(said));
  // What a setting names is not removed.
  await tab.getByRole("button", { name: "Remove tiny" }).click();
  await tab.getByRole("dialog").getByRole("button", { name: "Remove" }).click();
  await tab.getByText(/The model tiny is in use: engine\.model names it\./).first().waitFor();
  assert.ok(existsSync(join(site.folder, "data/models/tiny.gguf")));
});

let hub;
const withHub = { furnish: (site) => (site.tiny = tinyFile(site)), prepare: async (site) => (hub = await ModelHub.start(site.tiny)), after: () => hub.stop() };

scenario("EE27 pull: paused and cut it goes on, a wrong checksum installs nothing", withHub, async ({ site, open }) => {
  const models = () => (existsSync(join(site.folder, "data/models")) ? readdirSync(join(site.folder, "data/models")).filter((name) => !name.startsWith(".")) : []);
  const tab = await open("/models", phone);
  await withAxe(tab);
  const pull = tab.getByRole("region", { name: "Pull from a model hub" });
  const jobs = tab.getByRole("region", { name: "Pulls and imports" });
  const begin = async (name) => {
    await pull.getByRole("textbox", { name: "Repository" }).fill("owner/tiny");
    await pull.getByRole("textbox", { name: "From" }).fill(hub.address);
    await pull.getByRole("textbox", { name: "File in it" }).fill("tiny.gguf");
    await pull.getByRole("textbox", { name: "Name" }).fill(name);
    await pull.getByRole("button", { name: "Pull" }).click();
  };

  await hub.say("stall 4000");
  await begin("");
  await jobs.getByText(/pulling tiny\.gguf: 4 kB of \d+ kB/).waitFor();
  await tab.reload(); // It goes on in the server.
  await jobs.getByText(/pulling tiny\.gguf: 4 kB of \d+ kB/).waitFor();
  await assertAccessible(tab, "a pull that goes on");
  assert.ok(await narrow(tab), "a pull is wider than a phone");
  await jobs.getByRole("button", { name: "Pause" }).press("Enter");
  await jobs.getByText(/^Paused at 4 kB of \d+ kB\.$/).waitFor();
  assert.deepEqual(models(), []);

  await hub.say("release", "cut 3000", "cut 0", "cut 0");
  await jobs.getByRole("button", { name: "Resume" }).click();
  await jobs.getByText(/^Cut at 7 kB; goes on in \d s\.$/).waitFor();
  await jobs.getByText(/^✓ tiny is ready/).waitFor();
  assert.deepEqual((await hub.say())["tiny.gguf"], [null, "bytes=4000-", "bytes=7000-", "bytes=7000-", "bytes=7000-"]);
  await tab.getByRole("list", { name: "Model files" }).getByText(/writes text/).waitFor();
  assert.deepEqual(models(), ["tiny.gguf", "tiny.json"]);

  // A server that is started again: what had come is gone on with.
  await hub.say("stall 5000");
  await begin("third");
  await jobs.getByText(/pulling tiny\.gguf: 5 kB of \d+ kB/).waitFor();
  await site.restart();
  await jobs.getByText(/^Paused at 5 kB of \d+ kB\.$/).waitFor();
  await hub.say("release");
  await jobs.getByRole("button", { name: "Resume" }).click();
  await jobs.getByText(/^✓ third is ready/).waitFor();
  assert.equal((await hub.say())["tiny.gguf"].at(-1), "bytes=5000-");
  await tab.getByRole("button", { name: "Remove third" }).click();
  await tab.getByRole("dialog").getByRole("button", { name: "Remove" }).click();
  await tab.getByRole("button", { name: "Remove third" }).waitFor({ state: "detached" });

  await hub.say("corrupt");
  await begin("second");
  await jobs.getByText(/^✕ Checksum differs, nothing installed\./).waitFor();
  assert.deepEqual(models(), ["tiny.gguf", "tiny.json"]);
  await jobs.getByRole("button", { name: "Pull again" }).click();
  await jobs.getByText(/^✓ second is ready/).waitFor();
  assert.deepEqual(models(), ["second.gguf", "second.json", "tiny.gguf", "tiny.json"]);
});

scenario("models: a folder of this machine becomes a model file, and is removed after a question", { furnish: (site) => (site.made = importTiny(site, "first")) }, async ({ site, open }) => {
  const tab = await open("/models");
  const form = tab.getByRole("region", { name: "Import from a folder of this machine" });
  await form.getByRole("textbox", { name: "Folder" }).fill(site.made.checkpoint);
  await form.getByRole("textbox", { name: "Name" }).fill("first");
  await form.getByRole("button", { name: "Import" }).click();
  await form.getByText(/There is a model called first already\./).waitFor();
  await form.getByRole("textbox", { name: "Name" }).fill("second");
  await form.getByRole("button", { name: "Import" }).click();
  await tab.getByText(/^✓ second is ready/).waitFor();
  await tab.getByRole("list", { name: "Model files" }).getByText(/q8_0 · .* · loss -?\d+\.\d\d %/i).waitFor();
  await tab.getByRole("button", { name: "Remove second" }).click();
  await tab.getByRole("dialog", { name: "Remove second?" }).getByRole("button", { name: "Remove" }).click();
  await tab.getByRole("button", { name: "Remove second" }).waitFor({ state: "detached" });
  assert.ok(!existsSync(join(site.folder, "data/models/second.gguf")));
});
