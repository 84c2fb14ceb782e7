// What stands around the box: templates, and how much of the chat model's window is taken.
import assert from "node:assert/strict";
import { ferries } from "./documents.mjs";
import { announced, ask, assertAccessible, scenario, withAxe } from "./harness.mjs";
import { withWriter } from "./written.mjs";

const withFerries = { prepare: (site) => site.ingest(ferries) };
const box = (tab) => tab.getByRole("textbox", { name: "Ask about your documents" });
const selected = (tab) => box(tab).evaluate((area) => area.value.slice(area.selectionStart, area.selectionEnd));
const focused = (tab) => tab.evaluate(() => document.activeElement.textContent.trim() || document.activeElement.id);

scenario("a template is chosen, filled and asked with the keyboard alone", withFerries, async ({ open }) => {
  const tab = await open("/");
  await withAxe(tab);
  const opener = tab.getByRole("button", { name: "Templates" });
  await opener.focus();
  await tab.keyboard.press("Enter");
  const sheet = tab.getByRole("group", { name: "Templates" });
  await sheet.getByRole("button", { name: /Explain a term/ }).waitFor();
  await tab.waitForFunction(() => document.activeElement.textContent.includes("Explain a term"));
  await assertAccessible(tab, "the menu of templates");
  await tab.keyboard.press("ArrowDown");
  assert.match(await focused(tab), /^Compare two terms/);
  await tab.keyboard.press("Escape");
  await sheet.waitFor({ state: "detached" });
  assert.match(await focused(tab), /^Templates/);

  await tab.keyboard.press("Enter");
  await tab.waitForFunction(() => document.activeElement.textContent.includes("Explain a term"));
  await tab.keyboard.press("ArrowDown");
  await tab.keyboard.press("Enter");
  await tab.waitForFunction(() => document.activeElement.id === "question");
  assert.equal(await selected(tab), "{first}");
  await tab.keyboard.type("the ferry Aurora");
  await tab.keyboard.press("Tab");
  assert.equal(await selected(tab), "{second}");

  await tab.keyboard.press("Enter");
  await tab.getByText("Fill in the blank first: {second}").first().waitFor();
  assert.equal(await tab.locator("article[data-turn]").count(), 0, "an unfilled blank was sent");
  assert.equal(await selected(tab), "{second}");
  await tab.keyboard.type("the barge Mathilda");
  await tab.keyboard.press("Tab");
  assert.notEqual(await focused(tab), "question", "behind the last blank Tab goes on");
  await box(tab).focus();
  await tab.keyboard.press("Enter");
  await tab.locator("article[data-turn]").getByText("What is the ferry Aurora, and what is the barge Mathilda?").waitFor();
});

scenario("what stands in the box is saved as a template, replaced and deleted", withFerries, async ({ site, open }) => {
  const own = async () => (await site.json("/api/templates")).templates.filter((one) => !one.built_in).map(({ name, text }) => `${name}: ${text}`);
  const tab = await open("/");
  await withAxe(tab);
  await box(tab).fill("Who built {ship}, {not; a blank}?");
  await tab.getByRole("button", { name: "Templates" }).click();
  const name = tab.getByRole("textbox", { name: "Save what stands in the box as" });
  await name.fill("Builder 船");
  await assertAccessible(tab, "a template being saved");
  await tab.getByRole("button", { name: "Save", exact: true }).click();
  assert.equal(await announced(tab), "Template Builder 船 saved.");
  assert.deepEqual(await own(), ["Builder 船: Who built {ship}, {not; a blank}?"]);
  await name.fill("List");
  assert.ok(await tab.getByRole("button", { name: "Save", exact: true }).isDisabled(), "one that came with DocMind");
  await name.fill("a/b");
  await tab.getByRole("button", { name: "Save", exact: true }).click();
  await tab.locator(".failed").waitFor();

  await tab.getByRole("button", { name: /^Builder 船/ }).click();
  assert.equal(await selected(tab), "{ship}");
  await box(tab).fill("When was {ship} built?");
  await tab.getByRole("button", { name: "Templates" }).click();
  await name.fill("Builder 船");
  await tab.getByRole("button", { name: "Replace" }).click();
  await tab.getByRole("button", { name: /^Builder 船 When was/ }).waitFor();
  assert.deepEqual(await own(), ["Builder 船: When was {ship} built?"]);
  await tab.getByRole("button", { name: "Delete the template Builder 船" }).click();
  await tab.getByRole("button", { name: /^Builder 船/ }).waitFor({ state: "detached" });
  assert.deepEqual(await own(), []);
});

withWriter("the meter tells what of the model's window is taken, and what the draft adds", async ({ site, open, writer }) => {
  writer.text = "Anna Weber built the ferry Aurora in Kiel in 1901 [1].";
  const tab = await open("/");
  await withAxe(tab);
  const meter = tab.getByRole("meter", { name: "Context" });
  assert.equal(await meter.count(), 0, "before the first answer nothing is known");
  await ask(tab, "Who built the ferry Aurora?");
  await meter.waitFor();
  const [{ session }] = (await site.json("/api/sessions")).sessions;
  const { context } = (await site.json(`/api/sessions/${session}`)).messages[0].answer;
  assert.equal(context.limit, 32768);
  const words = (tokens) => `${tokens.toLocaleString("en")} of 32,768 tokens`;
  assert.equal(await meter.getAttribute("aria-valuetext"), words(context.final_tokens));
  assert.equal(await meter.evaluate((one) => one.value), context.final_tokens);
  await tab.getByText(words(context.final_tokens), { exact: true }).waitFor();
  await box(tab).fill("x".repeat(400));
  assert.equal(await meter.getAttribute("aria-valuetext"), `about ${words(context.final_tokens + 100)}`);
  await assertAccessible(tab, "the meter");
});

scenario("without a chat model there is no meter", withFerries, async ({ open }) => {
  const tab = await open("/");
  await ask(tab, "Who built the ferry Aurora?");
  assert.equal(await tab.getByRole("meter").count(), 0);
});

withWriter(
  "an answer that had to leave something out says what",
  async ({ site, open, writer }) => {
    writer.text = "The ferry Aurora carries 240 passengers and 12 bicycles [1]. ".repeat(20);
    const tab = await open("/");
    for (let turn = 1; turn <= 4; turn++) await ask(tab, `How many passengers does the ferry Aurora carry on day ${turn}?`);
    const [{ session }] = (await site.json("/api/sessions")).sessions;
    const { context } = (await site.json(`/api/sessions/${session}`)).messages.at(-1).answer;
    assert.ok(context.trimmed, JSON.stringify(context));
    const turns = context.dropped.filter((one) => one.role === "user").length;
    const tokens = (context.original_tokens - context.final_tokens).toLocaleString("en");
    const what = turns === 1 ? "The oldest turn" : `${turns} oldest turns`;
    await tab.locator("article[data-turn]").last().getByText(`${what} left out (${tokens} tokens) to fit 4,096.`).waitFor();
  },
  (writer) => ((writer.window = 4096), {}),
);
