// Documents in and out.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ferries } from "./documents.mjs";
import { ask, faq, fixture, policy, reference, scenario } from "./harness.mjs";

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

scenario("EE6 a queued file names what it waits for", {}, async ({ site, open }) => {
  const tab = await open("/library");
  await tab.getByLabel("Files to add").setInputFiles([faq(), ferries, fixture("boats.md")].map((one) => site.file(one)));
  const line = (name) => tab.getByRole("region", { name: "Files being added" }).getByRole("listitem").filter({ hasText: name }).first();
  await tab.getByText("waits for debian-faq.pdf, 2nd in line").waitFor();
  await tab.getByText("waits for debian-faq.pdf, 3rd in line").waitFor();
  assert.equal(await line("waits for debian-faq.pdf").getByRole("progressbar").getAttribute("value"), "0");
  await tab.getByRole("heading", { name: "3 of 3 files" }).waitFor({ timeout: 180_000 });
  assert.equal(await tab.getByText(/waits for/).count(), 0);
});

scenario("EE4 cancel keeps what is finished", {}, async ({ site, open }) => {
  const tab = await open("/library");
  await tab.getByLabel("Files to add").setInputFiles([ferries, faq(), reference(), policy()].map((one) => site.file(one)));
  await tab.getByRole("link", { name: "ferries.md" }).waitFor();
  await tab.getByRole("region", { name: "Files being added" }).getByRole("button", { name: "Cancel" }).click();
  await tab.getByText("Cancelled. Nothing of this file is kept.").last().waitFor();
  await tab.getByText("cancelling…").waitFor({ state: "detached" });
  const said = await tab.getByRole("region", { name: "Files being added" }).getByRole("listitem").allInnerTexts();
  assert.ok(said.at(-1).includes("Cancelled"), "the last one has not begun");
  await tab.reload();
  await tab.getByRole("link", { name: "ferries.md" }).waitFor();
  const kept = said.filter((line) => line.includes("✓ ready")).map((line) => line.split("\n")[0]);
  assert.deepEqual((await site.json("/api/documents")).documents.map((one) => one.document).sort(), kept.sort());
});

// The process that reads documents for that one, as soon as there is one.
async function readerOf(server) {
  for (const end = Date.now() + 60_000; Date.now() < end; ) {
    try {
      for (const thread of readdirSync(`/proc/${server}/task`)) {
        for (const child of readFileSync(`/proc/${server}/task/${thread}/children`, "utf8").split(" ").filter(Boolean)) {
          if (readFileSync(`/proc/${child}/cmdline`, "utf8").includes("faq")) return Number(child);
        }
      }
    } catch {
      // It has ended meanwhile.
    }
    await new Promise((soon) => setTimeout(soon, 1));
  }
  throw new Error("no process came to read the document");
}

scenario("EE5 the reader is killed: the file says so and is read again, and the counts are those of an undisturbed library", {}, async ({ site, open }) => {
  const tab = await open("/library");
  const files = [ferries, faq()].map((one) => site.file(one));
  const killed = readerOf(site.process.pid).then((reader) => process.kill(reader, "SIGKILL"));
  await tab.getByLabel("Files to add").setInputFiles(files);
  await killed;
  const line = tab.getByRole("region", { name: "Files being added" }).getByRole("listitem").filter({ hasText: "debian-faq.pdf" });
  await line.getByText("the system ended it").waitFor();
  await tab.getByRole("link", { name: "ferries.md" }).waitFor();
  await line.getByRole("button", { name: "Retry" }).click();
  await tab.getByRole("link", { name: "debian-faq.pdf" }).waitFor();
  const facts = ({ documents }) => documents.map(({ title, pages, chunks }) => ({ title, pages, chunks })).sort((a, b) => a.chunks - b.chunks);
  const disturbed = facts(await site.json("/api/documents"));
  site.docmind("--data", join(site.folder, "other"), "ingest", ...files);
  assert.deepEqual(disturbed, facts(site.docmind("--data", join(site.folder, "other"), "library")));
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

// Every file of the data directory that has one of the words in it, whatever kind of file it is.
function filesWith(folder, words) {
  const found = [];
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath ?? entry.path, entry.name);
    const bytes = readFileSync(path);
    for (const word of words) {
      const forms = [word, word.toLowerCase()].flatMap((form) => [Buffer.from(form), Buffer.from(form, "utf16le")]);
      if (forms.some((form) => bytes.includes(form))) found.push(`${word} in ${path}`);
    }
  }
  return found;
}

scenario("EE37 after a delete its words are in no file of the data directory", { settings: { DOCMIND_CACHE__ENABLED: "true" }, prepare: (site) => site.ingest(ferries) }, async ({ site, open }) => {
  const words = ["Quarvelzin", "Borthywex", "Mizzlethrum", "Vexorphan"];
  const secret = {
    name: "secret.md",
    bytes: `# Vexorphan papers\n\nThe lighthouse of Marrow was painted by Quarvelzin in 1931.\n\nThe lighthouse of Marrow has a Borthywex of copper.\n\nIts keeper writes the Mizzlethrum every evening.\n`,
  };
  const data = join(site.folder, "data");
  const tab = await open("/library");
  await tab.getByLabel("Files to add").setInputFiles(site.file(secret));
  await tab.getByRole("link", { name: "secret.md" }).waitFor();
  await tab.getByRole("link", { name: "Chat", exact: true }).click();
  for (const question of ["Who painted the lighthouse of Marrow?", "What does the lighthouse of Marrow have?", "Who painted the lighthouse of Marrow?"]) {
    const answer = await ask(tab, question);
    await answer.locator("[data-chip]").first().waitFor();
  }
  const chat = tab.url();
  for (const word of words.slice(0, 2)) assert.ok(filesWith(data, [word]).length > 0, `${word} is there before`);
  await tab.getByRole("link", { name: "Library" }).click();
  await tab.getByRole("button", { name: "Delete secret.md" }).click();
  await tab.getByRole("button", { name: "Delete 1 document" }).click();
  await tab.getByRole("link", { name: "secret.md" }).waitFor({ state: "detached" });
  // The erasing is a job of its own, which ends soon.
  for (let left = filesWith(data, words), tries = 0; left.length > 0; left = filesWith(data, words)) {
    assert.ok(tries++ < 100, left.join("; "));
    await new Promise((done) => setTimeout(done, 200));
  }
  await tab.goto(chat);
  await tab.getByRole("article").first().waitFor();
  assert.equal(await tab.getByText(/Quarvelzin|Borthywex/).count(), 0);
  await tab.getByRole("link", { name: "Library" }).click();
  await tab.getByRole("link", { name: "ferries.md" }).waitFor();
  assert.ok(filesWith(data, ["Mathilda"]).length > 0, "other documents stay");
});

// What a page shows of changes that it had no part in. Where a browser gives no locks each tab listens by itself.
async function othersAreSeen(site, tab) {
  const reading = spawn(site.binary, ["--data", join(site.folder, "data"), "ingest", site.file(ferries), site.file(faq())], { env: site.environment, stdio: "ignore" });
  const ended = new Promise((done) => reading.on("exit", done));
  const others = tab.getByRole("region", { name: "Read for others" });
  await others.getByText(/2 paths.*passages/s).waitFor();
  await tab.getByRole("link", { name: "ferries.md" }).waitFor();
  await others.getByRole("button", { name: "Stop reading 2 paths" }).click();
  await others.waitFor({ state: "detached" });
  assert.notEqual(await ended, 0);
  await site.json("/api/sessions/elsewhere/ask", { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify({ question: "Who built the ferry Aurora?" }) });
  await tab.getByRole("navigation").getByRole("link", { name: "Who built the ferry Aurora?" }).waitFor();
}

scenario("what the command line reads and asks is seen in every tab, by one stream", {}, async ({ site, open }) => {
  const first = await open("/library");
  const second = await first.context().newPage();
  await second.goto(first.url());
  await othersAreSeen(site, second);
  await first.getByRole("navigation").getByRole("link", { name: "Who built the ferry Aurora?" }).waitFor();
  assert.equal(first.log.requests.filter((one) => one.endsWith("/api/events")).length, 1);
});

scenario("the same where a browser gives no locks, and a tab that is not seen listens no more", {}, async ({ site, open }) => {
  const tab = await open("/help");
  await tab.addInitScript(() => Object.defineProperty(navigator, "locks", { value: undefined }));
  await tab.goto(new URL("/library", site.address).href);
  await othersAreSeen(site, tab);
  const streams = () => tab.log.requests.filter((one) => one.endsWith("/api/events")).length;
  const before = streams();
  await tab.evaluate(() => {
    Object.defineProperty(document, "hidden", { value: true, configurable: true });
    document.dispatchEvent(new Event("visibilitychange"));
  });
  await site.restart();
  const joined = tab.waitForRequest("**/api/events");
  assert.equal(streams(), before);
  await tab.evaluate(() => {
    Object.defineProperty(document, "hidden", { value: false, configurable: true });
    document.dispatchEvent(new Event("visibilitychange"));
  });
  await joined;
});
