// One answer from all documents, or one a document.
import assert from "node:assert/strict";
import { ask, assertAccessible, counted, scenario, withAxe } from "./harness.mjs";

const boats = { name: "boats.md", bytes: "# Boats\n\nThe main mast of the boat is 24 metres tall.\n" };
const ships = { name: "ships.md", bytes: "# Ships\n\nThe main mast of the ship is 31 metres tall.\n" };
const bread = { name: "bread.md", bytes: "# Bread\n\nKnead flour and water for ten minutes.\n" };
const question = "How tall is the main mast?";
const withAll = { prepare: (site) => site.ingest(boats, ships, bread) };

const modeOf = (tab) => tab.getByRole("combobox", { name: "Answer" });

// The text of an answer, from one document's heading to the next.
const below = (answer, name) =>
  answer.getByRole("heading", { name, exact: true }).evaluate((heading) => {
    let text = "";
    for (let next = heading.nextElementSibling; next && next.tagName !== "H4" && !next.matches(".hidden"); next = next.nextElementSibling) text += next.textContent;
    return text;
  });

scenario("analysis modes: separate has a heading a document, numbers go on, and what does not say says so", withAll, async ({ site, open }) => {
  const tab = await open("/");
  await withAxe(tab);
  assert.equal(await modeOf(tab).inputValue(), "combined");
  await modeOf(tab).focus();
  await tab.keyboard.press("ArrowDown"); // By keyboard alone.
  assert.equal(await modeOf(tab).inputValue(), "separate");
  const answer = await ask(tab, question);
  assert.match(await below(answer, "boats.md"), /24 metres/);
  assert.match(await below(answer, "ships.md"), /31 metres/);
  await answer.getByText("Do not say: bread.md", { exact: true }).waitFor();
  assert.deepEqual(await answer.locator("[data-chip]").evaluateAll((chips) => chips.map((chip) => chip.dataset.chip)), ["1", "2"]);
  await answer.getByText("✓ Checked: 2 of 2 quotes match").waitFor();
  await tab.waitForFunction(() => document.querySelector("[role=status].hidden").textContent.startsWith("Answer ready: 2 of 3 documents say something, 2 sentences, 2 sources."));

  await answer.locator("[data-chip]").nth(1).click();
  await tab.getByText(/^Quote 2 of 2/).waitFor();
  await answer.getByRole("button", { name: "Trace" }).click();
  await tab.getByRole("link", { name: "Document 1" }).waitFor();

  await assertAccessible(tab, "separate answers");

  // Read again from what was stored, by the tab that remembers how it asks.
  await tab.reload();
  const stored = tab.locator("article[data-turn]");
  assert.match(await below(stored, "ships.md"), /31 metres/);
  assert.equal(await modeOf(tab).inputValue(), "separate");
  await tab.context().grantPermissions(["clipboard-read", "clipboard-write"]);
  await stored.getByRole("button", { name: "Copy" }).click();
  await stored.getByText("Copied with sources").waitFor();
  const copied = await tab.evaluate(() => navigator.clipboard.readText());
  assert.match(copied, /### ships\.md\n\nThe main mast of the ship is 31 metres tall\.\[\^\d\]/);
  assert.match(copied, /### bread\.md\n\nThis document does not say\./);

  await modeOf(tab).selectOption("combined");
  const combined = await ask(tab, question + " ");
  assert.equal(await combined.getByRole("heading", { name: "boats.md", exact: true }).count(), 0);
  assert.equal(await (await open("/")).getByRole("combobox", { name: "Answer" }).inputValue(), "combined", "another tab is its own");
});

scenario(
  "analysis modes: more documents than ten are counted",
  { prepare: (site) => site.ingest(...Array.from({ length: 12 }, (_, n) => ({ name: `boat${n}.md`, bytes: `# Boat ${n}\n\nThe main mast of boat ${n} is ${n + 10} metres tall.\n` }))) },
  async ({ open }) => {
    const tab = await open("/", { viewport: { width: 360, height: 740 } });
    await modeOf(tab).selectOption("separate");
    const answer = await ask(tab, question);
    await answer.getByText("Asked 10 of 12 documents: those with the nearest passages.").waitFor();
    await counted(answer.getByRole("heading", { level: 4 }), 10);
    assert.ok(await tab.evaluate(() => document.documentElement.scrollWidth <= innerWidth), "wider than the screen");
  },
);
