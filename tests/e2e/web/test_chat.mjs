// Asking, and what is written beside answers.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { ferries } from "./documents.mjs";
import { announced, ask, begin, counted, fixture, scenario } from "./harness.mjs";
import { withWriter } from "./written.mjs";

const aurora = "Who built the ferry Aurora?";
const withFerries = { prepare: (site) => site.ingest(ferries) };

withWriter("EE7 ask: the question stands there at once, then steps and sentences with their sources", async ({ open, writer }) => {
  const release = writer.hold();
  writer.text = "Anna Weber built the ferry Aurora in Kiel in 1901 [1].";
  const tab = await open("/");
  await begin(tab, aurora);
  const running = tab.getByRole("article", { name: "The question being answered" });
  await running.getByText(aurora).waitFor();
  await tab.getByRole("button", { name: "Stop" }).waitFor();
  assert.equal(await tab.locator("article[data-turn]").count(), 0);
  release();
  const answer = tab.locator("article[data-turn]");
  await answer.getByText("Anna Weber built the ferry Aurora in Kiel in 1901.").waitFor();
  await answer.getByText("✓ Checked: 1 of 1 quote matches").waitFor();
  await answer.getByText("5 steps").click();
  await answer.getByRole("row", { name: /synthesizer/ }).waitFor();
  assert.equal(await announced(tab), "Answer ready: 1 sentence, 1 source.");
});

withWriter("EE16 a sentence without a source is marked and spoken, and copied as such", async ({ open, writer }) => {
  writer.text = "Anna Weber built the ferry Aurora in Kiel in 1901 [1]. It was painted green by Hugo Stein in 1934 [1].";
  const tab = await open("/");
  const answer = await ask(tab, aurora);
  const sentences = answer.locator("[data-claim]");
  await counted(sentences, 2);
  assert.match(await sentences.nth(1).innerText(), /painted green.*⚠ no source/s);
  assert.doesNotMatch(await sentences.nth(0).innerText(), /no source/);
  assert.equal(await sentences.nth(1).getByRole("button").count(), 0, "no chip");
  // The mark is in the text that is read out, not only drawn.
  assert.match(await sentences.nth(1).textContent(), /no source.*No passage in your documents says this\./s);
  assert.equal(await announced(tab), "Answer ready: 2 sentences, 1 source, 1 without source.");
  await tab.context().grantPermissions(["clipboard-read", "clipboard-write"]);
  await answer.getByRole("button", { name: "Copy" }).click();
  await answer.getByText("Copied with sources").waitFor();
  const copied = await tab.evaluate(() => navigator.clipboard.readText());
  assert.match(copied, /in 1901\.\[\^1\]/);
  assert.match(copied, /in 1934\. \(no source\)/);
  assert.match(copied, /\[\^1\]: “The ferry Aurora was built in 1901 by Anna Weber in Kiel\.” \(ferries\.md, Ferries, version [0-9a-f]{8}, bytes \d+–\d+\)/);
});

withWriter("EE21 stop: the question is kept, and can be asked again", async ({ open, writer }) => {
  const release = writer.hold();
  writer.text = "Anna Weber built the ferry Aurora in Kiel in 1901 [1].";
  const tab = await open("/");
  await begin(tab, aurora);
  await tab.getByRole("button", { name: "Stop" }).click();
  const stopped = tab.getByText("Stopped. No sentence was finished.");
  await stopped.waitFor();
  release();
  await tab.getByRole("button", { name: "Retry" }).click();
  await tab.locator("article[data-turn]").getByText("Anna Weber built").waitFor();
  await stopped.waitFor({ state: "detached" });
});

withWriter(
  "EE17 general knowledge is marked as not from the documents, and has no chip",
  async ({ open, writer }) => {
    writer.text = "NOT IN THE DOCUMENTS";
    writer.general = "A ferry is a boat that carries people over water.";
    const tab = await open("/");
    const answer = await ask(tab, "Who painted the ferry Aurora?");
    const claim = answer.locator("[data-claim]");
    await claim.getByText("◇ Not from your documents.").waitFor();
    assert.match(await claim.innerText(), /A ferry is a boat/);
    assert.equal(await answer.locator("[data-chip]").count(), 0);
    await answer.getByRole("heading", { name: "Nearest passages, not an answer" }).waitFor();
  },
  () => ({ DOCMIND_ASK__GENERAL_KNOWLEDGE: "true" }),
);

scenario("EE18 abstention: nearest passages, no chips", withFerries, async ({ open }) => {
  const tab = await open("/");
  const answer = await ask(tab, "Who won the chess championship in 1985?");
  await answer.getByText("Your documents do not say.").waitFor();
  await answer.getByRole("heading", { name: "Nearest passages, not an answer" }).waitFor();
  assert.equal(await answer.locator("[data-chip]").count(), 0);
  assert.equal(await announced(tab), "Answer ready: your documents do not say.");
  await answer.getByRole("link", { name: "Search all passages" }).click();
  await tab.waitForURL("**/search?q=*");
  await tab.getByText("best first").waitFor();
});

scenario("EE19 a count states what was read", { prepare: (site) => site.ingest(fixture("boats.md")) }, async ({ open }) => {
  const tab = await open("/");
  const answer = await ask(tab, "How many boats were built after 1905?");
  await answer.locator("[data-claim]").getByText(/^1 row of the table .*Guillemot/).waitFor();
  await answer.getByText(/∑\s*Read 2 of 2 rows\./).waitFor();
});

scenario("EE20 follow-up: what was searched is shown, and can be searched as typed", withFerries, async ({ open }) => {
  const tab = await open("/");
  await ask(tab, aurora);
  const second = await ask(tab, "How many passengers does it carry?");
  await second.getByText("Searched “How many passengers does the ferry Aurora carry?”, because “it” points back.").waitFor();
  await second.getByText("240 passengers").first().waitFor();
  await second.getByRole("button", { name: "Search my words" }).click();
  await tab.getByText("2/2").waitFor();
  assert.equal(await tab.getByText("points back").count(), 0);
});

scenario("EE35 two tabs, two chats: never mixed", withFerries, async ({ site, open }) => {
  const gravel = "What does the barge Mathilda carry?";
  const questions = (tab) => tab.locator("article[data-turn] header p").allTextContents();
  const one = await open("/");
  const other = await open("/");
  await ask(one, aurora);
  await ask(other, gravel);
  await ask(one, "How many passengers does it carry?");
  assert.deepEqual(await questions(one), [aurora, "How many passengers does it carry?"]);
  assert.deepEqual(await questions(other), [gravel]);
  const { sessions } = await site.json("/api/sessions");
  assert.deepEqual(sessions.map((one) => one.turns).sort(), [1, 2]);
  assert.notEqual(one.url(), other.url());
  // The first tab shows the second chat when it is chosen, and its own again.
  await one.reload();
  await one.getByRole("navigation").getByRole("link", { name: gravel }).click();
  await one.getByRole("heading", { level: 1, name: gravel }).waitFor();
  await one.locator("article[data-turn]").first().waitFor();
  assert.deepEqual(await questions(one), [gravel]);
  await one.goBack();
  await one.getByRole("heading", { level: 1, name: aurora }).waitFor();
  await one.locator("article[data-turn]").nth(1).waitFor();
  assert.deepEqual(await questions(one), [aurora, "How many passengers does it carry?"]);
});

scenario("EE36 edit, retry and fork lose no branch", withFerries, async ({ site, open }) => {
  const tab = await open("/");
  await ask(tab, aurora);
  const second = await ask(tab, "How many passengers does it carry?");
  await second.getByRole("button", { name: "Edit" }).click();
  await second.getByRole("textbox", { name: "Your question" }).fill("What does the barge Mathilda carry?");
  await tab.keyboard.press("Enter");
  await tab.getByText("2/2").waitFor();
  const turns = tab.locator("article[data-turn]");
  await turns.nth(1).getByText("gravel and sand").first().waitFor();
  await counted(turns, 2);

  await turns.nth(1).getByRole("button", { name: "Version before" }).click();
  await turns.nth(1).getByText("240 passengers").first().waitFor();
  await turns.nth(1).getByText("1/2").waitFor();
  await turns.nth(1).getByRole("button", { name: "Retry" }).click();
  await turns.nth(1).getByText("3/3").waitFor();

  await turns.nth(0).getByRole("button", { name: "Edit" }).click();
  await tab.getByRole("textbox", { name: "Your question" }).fill("When was the barge Mathilda built?");
  await tab.getByRole("button", { name: "Ask", exact: true }).click();
  await turns.nth(0).getByText("1955").first().waitFor();
  await turns.nth(0).getByText("2/2").waitFor();
  await counted(turns, 1);

  // A reload shows the same, for it is the server that keeps them; the list has one line for all of them.
  await tab.reload();
  await turns.nth(0).getByText("2/2").waitFor();
  await turns.nth(0).getByRole("button", { name: "Version before" }).click();
  await turns.nth(1).getByText("3/3").waitFor();
  await counted(tab.getByRole("navigation").locator("a.chat"), 1);

  await turns.nth(0).getByRole("button", { name: "Fork" }).click();
  await tab.getByRole("navigation").locator("a.chat").nth(1).waitFor();
  await counted(turns, 1);
  const { sessions } = await site.json("/api/sessions");
  assert.equal(sessions.length, 5);
});

scenario("EE34 ten tabs: each shows its chat and answers", withFerries, async ({ open }) => {
  const first = await open("/");
  await ask(first, aurora);
  const tabs = await Promise.all(Array.from({ length: 9 }, () => open(new URL(first.url()).pathname)));
  for (const tab of tabs) await tab.locator("article[data-turn]").first().waitFor();
  await ask(tabs[8], "What does the barge Mathilda carry?");
  await ask(first, "How many passengers does it carry?");
  await first.locator("article[data-turn='2']").getByText("What does the barge Mathilda carry?").waitFor(); // The turn of the other tab is here, too.
  await counted(first.locator("article[data-turn]"), 3);
});

scenario("EE40 a long chat opens, takes typing, and its text is found", { prepare: longChat }, async ({ open }) => {
  const tab = await open("/chat/long");
  await tab.locator("article[data-turn]").nth(79).waitFor();
  await tab.getByRole("textbox", { name: "Ask about your documents" }).pressSequentially("typed");
  assert.equal(await tab.getByRole("textbox", { name: "Ask about your documents" }).inputValue(), "typed");
  // The browser's own search reaches text that is not laid out.
  assert.ok(await tab.evaluate(() => window.find("question number 3 of", false, false, true)));
});

async function longChat(site) {
  site.ingest(ferries);
  for (let at = 1; at <= 80; at++) {
    const body = JSON.stringify({ question: `Who built the ferry Aurora, question number ${at} of many?`, as_typed: true });
    await site.json("/api/sessions/long/ask", { method: "POST", headers: { "Content-Type": "application/json" }, body });
  }
}

scenario("a chat is downloaded as a PDF with its words", withFerries, async ({ open }) => {
  const tab = await open("/");
  await ask(tab, aurora);
  await tab.getByRole("link", { name: "Export as Markdown" }).waitFor();
  const coming = tab.waitForEvent("download");
  await tab.getByRole("link", { name: "Export as PDF" }).click();
  const file = await coming;
  assert.match(file.suggestedFilename(), /^chat-.+\.pdf$/);
  const words = execFileSync("pdftotext", [await file.path(), "-"], { encoding: "utf8" }).replace(/\s+/g, " ");
  assert.match(words, /Who built the ferry Aurora\?/);
  assert.match(words, /1\. .*ferries\.md, Ferries: “The ferry Aurora was built in 1901 by Anna Weber in Kiel\.”/);
});
