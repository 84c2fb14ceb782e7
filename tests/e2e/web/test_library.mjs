// Documents in and out.
import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ferries } from "./documents.mjs";
import { faq, fixture, scenario } from "./harness.mjs";

scenario("EE3 a folder with bad files: each has its reason and a remedy, the good ones are read", {}, async ({ site, open }) => {
  const folder = join(site.folder, "Docs");
  mkdirSync(join(folder, "deep"), { recursive: true });
  for (const name of ["bad/password.pdf", "bad/truncated.pdf", "bad/empty.txt", "bad/not_a_doc.png"]) {
    writeFileSync(join(folder, name.replace("bad/", "")), fixture(name).bytes);
  }
  writeFileSync(join(folder, "deep/ferries.md"), ferries.bytes);
  writeFileSync(join(folder, ".hidden"), "x");
  const tab = await open("/library");
  await tab.getByLabel("Folder to add").setInputFiles(folder);
  await tab.getByRole("heading", { name: "5 of 5 files" }).waitFor();
  const lines = await tab.getByRole("region", { name: "Files being added" }).getByRole("listitem").allInnerTexts();
  const of = (name) => lines.find((line) => line.includes(name)) ?? "";
  assert.match(of("ferries.md"), /✓ ready/);
  assert.match(of("password.pdf"), /✕ .*password/i);
  for (const name of ["password.pdf", "truncated.pdf", "not_a_doc.png"]) assert.match(of(name), /✕ [^.]{8,}.*Retry\s*Dismiss/s, name);
  assert.ok(!lines.some((line) => line.includes(".hidden")));
  await tab.getByRole("link", { name: "ferries.md" }).waitFor();
});

scenario("EE4 cancel keeps what is finished", {}, async ({ site, open }) => {
  const tab = await open("/library");
  await tab.getByLabel("Files to add").setInputFiles([ferries, faq()].map((one) => site.file(one)));
  await tab.getByRole("link", { name: "ferries.md" }).waitFor();
  await tab.getByRole("region", { name: "Files being added" }).getByRole("button", { name: "Cancel" }).click();
  await tab.getByText("Cancelled. Nothing of this file is kept.").waitFor();
  await tab.reload();
  await tab.getByRole("link", { name: "ferries.md" }).waitFor();
  assert.deepEqual((await site.json("/api/documents")).documents.map((one) => one.document), ["ferries.md"]);
});

scenario("filter, ask only some, delete", { prepare: (site) => site.ingest(ferries, fixture("boats.md")) }, async ({ site, open }) => {
  const tab = await open("/library");
  await tab.getByRole("searchbox", { name: "Name of a document" }).fill("BOATS");
  await tab.getByRole("link", { name: "ferries.md" }).waitFor({ state: "detached" });
  await tab.getByRole("searchbox").fill("zebra");
  await tab.getByText("No name matches “zebra”.").waitFor();
  await tab.getByRole("button", { name: "Clear" }).click();
  await tab.getByRole("checkbox", { name: "Select ferries.md" }).check();
  await tab.getByRole("button", { name: "Ask these" }).click();
  await tab.getByText("Asking 1 of your documents.").waitFor();
  await tab.getByRole("textbox", { name: "Ask about your documents" }).fill("How many boats are there?");
  await tab.keyboard.press("Enter");
  await tab.locator("article[data-turn]").waitFor();
  assert.equal(await tab.locator("article").getByText("Petrel").count(), 0, "the other document was not asked");
  await tab.getByRole("button", { name: "Ask not only ferries.md" }).click();
  await tab.getByText("Asking all your documents.").waitFor();

  await tab.getByRole("link", { name: "Library" }).click();
  await tab.getByRole("button", { name: "Delete boats.md" }).click();
  await tab.keyboard.press("Escape");
  assert.equal((await site.json("/api/documents")).documents.length, 2);
  await tab.getByRole("button", { name: "Delete boats.md" }).click();
  await tab.getByRole("button", { name: "Delete 1 document" }).click();
  await tab.getByRole("link", { name: "boats.md" }).waitFor({ state: "detached" });
  assert.equal((await site.json("/api/documents")).documents.length, 1);
});
