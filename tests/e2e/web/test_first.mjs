// The first minutes: an empty library, files dropped in, a first answer.
import assert from "node:assert/strict";
import { ask, counted, faq, fixture, scenario, settled } from "./harness.mjs";

scenario("EE1 first run: a sample answer without a model", {}, async ({ site, open }) => {
  const tab = await open("/");
  await tab.getByRole("heading", { name: "DocMind is running. Nothing leaves this machine." }).waitFor();
  await settled(tab);
  assert.ok(tab.log.requests.length <= 8, `the first view takes ${tab.log.requests.length} requests: ${tab.log.requests}`);
  await tab.getByRole("link", { name: "Add documents" }).click();
  await tab.waitForURL("**/library");
  await tab.getByText("Nothing here yet.").waitFor();
  await tab.getByLabel("Files to add").setInputFiles(site.file(fixture("boats.md")));
  await tab.getByRole("link", { name: "boats.md" }).waitFor();
  await tab.getByRole("link", { name: "Chat", exact: true }).click();
  const answer = await ask(tab, "What do boats have?");
  await answer.getByText(/Checked: \d+ of \d+ quotes? match|Your documents do not say/).waitFor();
  assert.match(tab.url(), /\/chat\/.+/);
});

scenario("EE2 upload of three documents: progress never falls", {}, async ({ site, open }) => {
  const tab = await open("/library");
  await tab.evaluate(() => {
    const seen = (window.seen = {});
    new MutationObserver(() => {
      for (const bar of document.querySelectorAll("progress")) (seen[bar.getAttribute("aria-label")] ??= []).push(bar.value);
    }).observe(document.body, { subtree: true, childList: true, attributes: true, attributeFilter: ["value"] });
  });
  await tab.getByLabel("Files to add").setInputFiles([faq(), fixture("stores.pdf"), fixture("watch.docx")].map((one) => site.file(one)));
  await tab.getByRole("heading", { name: "3 of 3 files" }).waitFor({ timeout: 180_000 });
  const seen = await tab.evaluate(() => window.seen);
  assert.deepEqual(Object.keys(seen).length, 3, "each file had a bar");
  assert.ok(Object.values(seen).some((values) => new Set(values).size > 2), "a bar moved");
  for (const [name, values] of Object.entries(seen)) {
    assert.ok(values.every((value, at) => at === 0 || value >= values[at - 1]), `${name}: ${values}`);
    assert.ok(values.every((value) => value <= 1), name);
  }
  const rows = tab.getByRole("table").getByRole("row");
  await counted(rows, 4);
  const { documents } = await site.json("/api/documents");
  assert.equal(documents.length, 3);
});
