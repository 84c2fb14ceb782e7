// Settings: changed while docmind serves, locked where something else sets them, refused with the old value in force.
import assert from "node:assert/strict";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ferries } from "./documents.mjs";
import { announced, fixture, scenario } from "./harness.mjs";

const file = (site) => join(site.folder, ".config/docmind/docmind.yaml");
const row = (tab, key) => tab.locator(`li[id="${key}"]`);
const hits = async (site) => (await site.json("/api/search?q=ferry")).hits.length;
const prepare = (site) => site.ingest(ferries, fixture("boats.md"));

scenario("EE29 a setting is in force without a restart", { prepare }, async ({ site, open }) => {
  mkdirSync(join(site.folder, ".config/docmind"), { recursive: true });
  writeFileSync(file(site), "# mine\nlog:\n  level: warn # quiet\n");
  assert.ok((await hits(site)) > 1);
  const tab = await open("/settings");
  await tab.getByRole("searchbox", { name: "Part of a setting’s name" }).fill("search.k");
  await row(tab, "search.k").getByText("at once").waitFor();
  await tab.getByLabel("search.k", { exact: true }).fill("1");
  await row(tab, "search.k").getByText("not saved").waitFor();
  await tab.getByRole("button", { name: "Save" }).click();
  assert.equal(await announced(tab), "✓ Saved.");
  assert.equal(await hits(site), 1);
  assert.equal(readFileSync(file(site), "utf8"), "# mine\nlog:\n  level: warn # quiet\nsearch:\n  k: 1\n");
  await row(tab, "search.k").getByText(/docmind\.yaml:5/).waitFor();

  await tab.getByRole("searchbox").fill("server.port");
  await row(tab, "server.port").getByText("⟳ restart").waitFor();
  await tab.getByLabel("server.port", { exact: true }).fill("8123");
  await tab.getByRole("button", { name: "Save" }).click();
  await tab.locator("span.ok").getByText("✓ Saved. 1 setting holds after a restart.").waitFor();
  await tab.reload();
  await row(tab, "server.port").getByText("saved, holds after a restart").waitFor();
  await row(tab, "search.k").getByRole("button", { name: "↺ default 10" }).click();
  await tab.getByRole("button", { name: "Save" }).click();
  await tab.locator("span.ok").getByText("✓ Saved.").waitFor();
  assert.ok((await hits(site)) > 1);
});

scenario("a settings file that went bad while docmind serves is named, with what stays in force", { prepare }, async ({ site, open }) => {
  mkdirSync(join(site.folder, ".config/docmind"), { recursive: true });
  writeFileSync(file(site), "search:\n  k: many\n");
  while ((await site.json("/api/settings")).trouble === null);
  const tab = await open("/settings");
  await tab.getByText(/What the files say now is not in force: .*docmind\.yaml:2: search\.k must be a whole number.* The values before stay\./).waitFor();
});

scenario("EE30 a setting that a variable sets is locked and says so", { settings: { DOCMIND_SEARCH__K: "1" }, prepare }, async ({ site, open }) => {
  const tab = await open("/settings#search.k");
  const locked = row(tab, "search.k");
  await locked.getByText("Locked. Set by variable DOCMIND_SEARCH__K. Change it there.").waitFor();
  assert.equal(await locked.getByRole("textbox").count(), 0);
  assert.equal(await locked.getByRole("status").textContent(), "1");
  const refused = await fetch(site.address + "/api/settings", { method: "PATCH", body: '{"changes":{"search.k":5}}' });
  assert.equal(refused.status, 409);
  assert.equal(existsSync(file(site)), false);
  assert.equal(await hits(site), 1);
});

scenario("EE31 a bad setting is refused as it is typed, and the old one stays in force", { prepare }, async ({ site, open }) => {
  const before = await hits(site);
  const tab = await open("/settings");
  await tab.getByRole("searchbox").fill("search.k");
  await tab.getByLabel("search.k", { exact: true }).fill("5000");
  await row(tab, "search.k").getByText(/✕ search\.k must be a whole number from 1 to 1000, not "5000"/).waitFor();
  assert.equal(await tab.getByLabel("search.k", { exact: true }).getAttribute("aria-invalid"), "true");
  await tab.getByRole("button", { name: "Save" }).click();
  await row(tab, "search.k").getByText(/✕ search\.k must be/).waitFor();
  await row(tab, "search.k").getByText("not saved").waitFor();
  assert.equal(await hits(site), before);
  assert.equal(existsSync(file(site)), false);
  await tab.getByRole("button", { name: "Discard" }).click();
  assert.equal(await tab.getByLabel("search.k", { exact: true }).inputValue(), "10");

  await tab.getByRole("searchbox").fill("dense"); // Two that are wrong only together.
  await tab.getByLabel("search.dense").uncheck();
  await tab.getByRole("searchbox").fill("bm25");
  await tab.getByLabel("search.bm25").uncheck();
  await row(tab, "search.bm25").getByText(/search\.bm25 and search\.dense are both off/).waitFor();
  await tab.getByRole("button", { name: "Save" }).click();
  await tab.getByRole("alert").getByText(/^Not saved: search\.bm25 and search\.dense are both off/).waitFor();
  assert.equal(await hits(site), before);
});
