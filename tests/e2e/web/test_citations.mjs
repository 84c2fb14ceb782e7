// From a sentence to the words it rests on.
import assert from "node:assert/strict";
import { ferries } from "./documents.mjs";
import { ask, faq, fixture, scenario } from "./harness.mjs";

const withFerries = { prepare: (site) => site.ingest(ferries) };
const aurora = "Who built the ferry Aurora?";

scenario("EE9 a preview makes no request, closes with Escape and stays under the pointer", withFerries, async ({ open }) => {
  const tab = await open("/");
  const answer = await ask(tab, aurora);
  await tab.waitForLoadState("networkidle");
  await tab.context().setOffline(true);
  const before = tab.log.requests.filter((url) => !url.endsWith("/health")).length;
  await answer.locator("[data-chip]").first().hover();
  const preview = tab.getByRole("button", { name: "Open page" });
  await preview.waitFor();
  await preview.hover();
  assert.ok(await tab.getByText("✓ word for word").isVisible());
  // It does not cover the sentence that it belongs to.
  const sentence = await answer.locator("[data-claim]").first().boundingBox();
  const box = await tab.locator(".floating").boundingBox();
  assert.ok(box.y >= sentence.y + sentence.height, `${box.y} under ${sentence.y + sentence.height}`);
  assert.equal(tab.log.requests.filter((url) => !url.endsWith("/health")).length, before);
  await tab.mouse.move(5, 5);
  await preview.waitFor({ state: "detached" });
  await answer.locator("[data-chip]").first().focus();
  await tab.keyboard.press("Space");
  await tab.getByRole("dialog", { name: "Source 1" }).waitFor();
  await tab.keyboard.press("Escape");
  await preview.waitFor({ state: "detached" });
  assert.equal(await tab.evaluate(() => document.activeElement.dataset.chip), "1");
  await tab.context().setOffline(false);
});

scenario("EE10 keyboard: from the sentence to the page and back", { prepare: (site) => site.ingest(faq()) }, async ({ open }) => {
  const tab = await open("/");
  const answer = await ask(tab, "What is the Bug Tracking System?");
  const chips = answer.locator("[data-chip]");
  assert.ok((await chips.count()) >= 2);
  await chips.first().focus();
  await tab.keyboard.press("ArrowRight");
  assert.equal(await tab.evaluate(() => document.activeElement.dataset.chip), "2");
  await tab.keyboard.press("Enter");
  const panel = tab.getByRole("complementary", { name: "Page, trace and sources of an answer" });
  await panel.getByText(/^Quote 2 of/).waitFor();
  const quote = (await panel.locator("mark").first().textContent()).replace(/\s+/g, " ");
  assert.ok(quote.length > 20);
  assert.ok(await panel.locator("mark").first().isVisible());
  assert.equal(await tab.evaluate(() => document.activeElement.dataset.chip), "2", "focus stays on the chip");
  await panel.getByRole("tab", { name: "Page" }).focus();
  await tab.keyboard.press("ArrowRight");
  await panel.getByText(/looked at/).waitFor();
  await tab.keyboard.press("Escape");
  await panel.waitFor({ state: "detached" });
  assert.equal(await tab.evaluate(() => document.activeElement.dataset.chip), "2", "focus comes back");
  await tab.evaluate(() => document.activeElement.blur());
  await tab.keyboard.press("1");
  await panel.getByText(/^Quote 1 of/).waitFor();
});

scenario("EE12 sources in documents without pages: by heading", { prepare: (site) => site.ingest(fixture("birds.epub"), fixture("weather.html"), ferries) }, async ({ open }) => {
  const tab = await open("/");
  const answer = await ask(tab, aurora);
  await answer.locator("[data-chip]").first().click();
  const panel = tab.getByRole("complementary");
  await panel.locator("mark").getByText("The ferry Aurora was built in 1901 by Anna Weber in Kiel.").waitFor();
  assert.match(await panel.innerText(), /ferries\.md · Ferries/);
});

scenario("EE14 after a delete the quote is gone from the chat", withFerries, async ({ open }) => {
  const tab = await open("/");
  await ask(tab, aurora);
  const chat = tab.url();
  await tab.getByRole("link", { name: "Library" }).click();
  await tab.getByRole("button", { name: "Delete ferries.md" }).click();
  await tab.getByRole("dialog").getByText("Stays: your own file on disk.").waitFor();
  await tab.getByRole("button", { name: "Delete 1 document" }).click();
  await tab.getByText("Nothing here yet.").waitFor();
  await tab.goto(chat);
  await tab.getByRole("article").first().waitFor();
  assert.equal(await tab.getByText("Anna Weber").count(), 0);
});

scenario("EE13 after a change: the chip says so, and the quote is shown as it was", withFerries, async ({ site, open }) => {
  const tab = await open("/");
  const answer = await ask(tab, aurora);
  await answer.getByText("✓ Checked: 4 of 4 quotes match").waitFor();
  site.ingest({ ...ferries, bytes: ferries.bytes.replace("Anna Weber in Kiel", "Hugo Stein in Bremen") });
  await answer.getByRole("button", { name: "Check again" }).click();
  await answer.getByText(/⚠ Checked: \d of 4 quotes match/).waitFor();
  const chip = answer.locator("[data-chip=\"1\"]");
  assert.match(await chip.getAttribute("aria-label"), /document changed/);
  await tab.reload();
  await answer.getByText(/⚠ Checked/).waitFor();
  await chip.click();
  const panel = tab.getByRole("complementary");
  await panel.getByText("Anna Weber in Kiel").first().waitFor();
});
