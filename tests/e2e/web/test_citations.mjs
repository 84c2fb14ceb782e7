// From a sentence to the words it rests on.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { ferries } from "./documents.mjs";
import { announced, ask, counted, faq, fixture, scenario, settled } from "./harness.mjs";

const withFerries = { prepare: (site) => site.ingest(ferries) };
const aurora = "Who built the ferry Aurora?";

// What every page asks for, when it is told that something has changed.
const ofTheFrame = /\/api\/(events|sessions\?limit=1000|documents)$/;

scenario("EE9 a preview makes no request, closes with Escape and stays under the pointer", withFerries, async ({ open }) => {
  const tab = await open("/");
  const answer = await ask(tab, aurora);
  await settled(tab);
  await tab.context().setOffline(true);
  const asked = () => tab.log.requests.filter((url) => !ofTheFrame.test(url)).length;
  const before = asked();
  await answer.locator("[data-chip]").first().hover();
  const preview = tab.getByRole("button", { name: "Open page" });
  await preview.waitFor();
  await preview.hover();
  assert.ok(await tab.getByText("✓ word for word").isVisible());
  // It does not cover the sentence that it belongs to.
  const sentence = await answer.locator("[data-claim]").first().boundingBox();
  const box = await tab.locator(".floating").boundingBox();
  assert.ok(box.y >= sentence.y + sentence.height, `${box.y} under ${sentence.y + sentence.height}`);
  assert.equal(asked(), before);
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
  await panel.locator("rect").first().waitFor(); // The page with its marks.
  assert.equal(await tab.evaluate(() => document.activeElement.dataset.chip), "2", "focus stays on the chip");
  await panel.getByRole("button", { name: "Text", exact: true }).press("Enter");
  assert.ok((await panel.locator("mark").first().textContent()).length > 20);
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

// The words of a page with their boxes in points, from a reader that is not ours.
function wordsOf(path, page) {
  const html = execFileSync("pdftotext", ["-f", String(page), "-l", String(page), "-bbox", path, "-"], { encoding: "utf8" });
  return [...html.matchAll(/<word xMin="([\d.]+)" yMin="([\d.]+)" xMax="([\d.]+)" yMax="([\d.]+)">(.*?)<\/word>/g)].map(([, x0, y0, x1, y1, text]) => ({
    x: (Number(x0) + Number(x1)) / 2,
    y: (Number(y0) + Number(y1)) / 2,
    text: text.replaceAll("&amp;", "&"),
  }));
}

scenario("EE8 a mark covers exactly the quoted words of the page, and the picture has ink there", { prepare: (site) => site.ingest(faq()) }, async ({ site, open }) => {
  const tab = await open("/");
  const answer = await ask(tab, "What is the Bug Tracking System?");
  const { messages } = await site.json(`/api/sessions/${tab.url().split("/").at(-1)}`);
  const { quote, page } = messages[0].answer.claims[0].citations[0];
  await answer.locator("[data-chip='1']").click();
  const figure = tab.locator("aside figure");
  await figure.locator("rect").first().waitFor();

  // Where the marks are on the screen, in points of the page.
  const { size, marks, inked } = await figure.evaluate((one) => {
    const picture = one.querySelector("img");
    const frame = picture.getBoundingClientRect();
    const canvas = document.createElement("canvas");
    [canvas.width, canvas.height] = [picture.naturalWidth, picture.naturalHeight];
    const brush = canvas.getContext("2d");
    brush.drawImage(picture, 0, 0);
    const size = { width: Number(picture.getAttribute("width")), height: Number(picture.getAttribute("height")) };
    const rects = [...one.querySelectorAll("rect")].map((rect) => rect.getBoundingClientRect());
    const share = (rect) => [rect.left - frame.left, rect.top - frame.top, rect.width, rect.height].map((v, at) => v / (at % 2 === 0 ? frame.width : frame.height));
    const dark = (rect) => {
      const [x, y, w, h] = share(rect).map((v, at) => Math.round(v * (at % 2 === 0 ? canvas.width : canvas.height)));
      const { data } = brush.getImageData(x, y, w, h);
      let count = 0;
      for (let at = 0; at < data.length; at += 4) if (data[at] < 100) count++;
      return count / (data.length / 4);
    };
    return {
      size,
      marks: rects.map((rect) => share(rect).map((v, at) => v * (at % 2 === 0 ? size.width : size.height))),
      inked: rects.map(dark),
    };
  });
  const words = wordsOf(join(site.folder, "debian-faq.pdf"), page);
  const wanted = quote.split(/\s+/);
  const begin = words.findIndex((_, at) => wanted.slice(0, 5).every((word, n) => words[at + n]?.text === word));
  assert.ok(begin >= 0, `${quote} is on page ${page}`);
  const covered = ({ x, y }) => marks.some(([left, top, width, height]) => x > left && x < left + width && y > top && y < top + height);
  let at = begin;
  for (const word of wanted) {
    const pieces = [words[at++]];
    if (pieces[0].text !== word && pieces[0].text.endsWith("-")) pieces.push(words[at++]); // Parted at the end of a line.
    assert.equal(pieces.map((one) => one.text).join("").replace(/^(.+)-(?=.)/, pieces.length > 1 ? "$1" : "$&"), word);
    for (const piece of pieces) assert.ok(covered(piece), `${piece.text} is marked`);
  }
  for (const beside of [words[begin - 1], words[at]]) assert.ok(!covered(beside), `${beside.text} is not marked`);
  assert.ok(inked.every((share) => share > 0.02), `ink under each mark: ${inked}`);
  assert.ok(size.width > 500 && size.height > 700);
  // In sight, and no more than three requests for it.
  assert.ok(await figure.locator("rect").first().isVisible());
  const asked = tab.log.requests.filter((url) => /\/(marks|text|pages)\b/.test(url));
  assert.ok(asked.length <= 3, `${asked}`);
  assert.match(await announced(tab), /of debian-faq\.pdf, quote 1 marked\.$/);
  await tab.getByRole("button", { name: "Text", exact: true }).click();
  await tab.locator("aside mark").first().waitFor();
});

// The footnotes of a pasted answer, as citations that can be checked: the documents are known by name and version.
function citationsIn(text, documents) {
  const form = /^\[\^\d+\]: “(.+)” \((.+?), .*?version ([0-9a-f]+), bytes (\d+)–(\d+)\)$/gm;
  return [...text.matchAll(form)].map(([, quote, name, version, start, end]) => {
    const found = documents.find((one) => one.document.endsWith(name) && one.version.startsWith(version));
    assert.ok(found, `${name} ${version}`);
    const { document, document_id } = found;
    return { document, document_id, version: found.version, start: Number(start), end: Number(end), quote };
  });
}

scenario("EE15 what is copied has footnotes that can be checked", { prepare: (site) => site.ingest(faq(), ferries) }, async ({ site, open }) => {
  const tab = await open("/");
  await tab.context().grantPermissions(["clipboard-read", "clipboard-write"]);
  const { documents } = await site.json("/api/documents");
  const verify = async (citations) => {
    const body = JSON.stringify({ claims: [{ text: "", citations }] });
    return site.json("/api/verify", { method: "POST", headers: { "Content-Type": "application/json" }, body });
  };
  for (const question of [aurora, "What is the Bug Tracking System?"]) {
    const answer = await ask(tab, question);
    await answer.getByRole("button", { name: "Copy" }).click();
    await answer.getByText("Copied with sources").waitFor();
    // Pasted where a person would.
    const box = tab.getByRole("textbox", { name: "Ask about your documents" });
    await box.focus();
    await tab.keyboard.press("Control+V");
    const pasted = await box.inputValue();
    await box.fill("");
    const citations = citationsIn(pasted, documents);
    const notes = new Set([...pasted.matchAll(/\[\^(\d+)\](?!:)/g)].map(([, n]) => n));
    assert.equal(citations.length, notes.size, pasted);
    assert.ok(citations.length > 0);
    const checked = await verify(citations);
    assert.equal(checked.holds, true, JSON.stringify(checked));
    const [first, ...others] = citations;
    const forged = await verify([{ ...first, start: first.start + 1, end: first.end + 1 }, ...others]);
    assert.equal(forged.holds, false);
  }
});

// A PDF of two pages; the last sentence of the first goes on on the second. What is cited ends with its page; places
// that are looked up (passages of a search, addresses) may go on.
function twoPages() {
  const lines = [
    [...Array.from({ length: 36 }, (_, n) => `Line ${n + 1} of the log tells of wind and weather in the harbour of Hask.`), "The ferry Aurora was built in the year 1901 by Anna Weber, who had"],
    ["learned her trade in the shipyards of Kiel and of Gdansk.", ...Array.from({ length: 20 }, (_, n) => `Entry ${n + 1} of the log tells of the cargo of that day.`)],
  ];
  const streams = lines.map((page) => `BT /F1 11 Tf 72 760 Td 18 TL ${page.map((line) => `(${line}) Tj T*`).join(" ")} ET`);
  const objects = [
    "<< /Type /Catalog /Pages 2 0 R >>",
    "<< /Type /Pages /Kids [4 0 R 6 0 R] /Count 2 >>",
    "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ...streams.flatMap((stream, n) => [
      `<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Resources << /Font << /F1 3 0 R >> >> /Contents ${5 + 2 * n} 0 R >>`,
      `<< /Length ${stream.length} >>\nstream\n${stream}\nendstream`,
    ]),
  ];
  let text = "%PDF-1.4\n";
  const offsets = objects.map((object, n) => {
    const at = text.length;
    text += `${n + 1} 0 obj\n${object}\nendobj\n`;
    return at;
  });
  const table = offsets.map((at) => `${String(at).padStart(10, "0")} 00000 n \n`).join("");
  const xref = text.length;
  text += `xref\n0 ${objects.length + 1}\n0000000000 65535 f \n${table}trailer\n<< /Size ${objects.length + 1} /Root 1 0 R >>\nstartxref\n${xref}\n%%EOF\n`;
  return { name: "log.pdf", bytes: Buffer.from(text, "latin1") };
}

scenario("EE11 a place that goes on on the next page is marked on both", { prepare: (site) => site.ingest(twoPages()) }, async ({ site, open }) => {
  const [{ document_id: id }] = (await site.json("/api/documents")).documents;
  let text = ""; // All of it; the words are ASCII, so that offsets are bytes.
  for (let piece = { end: 0, after_cut: true }; piece.after_cut; text += piece.runs.map((run) => run.text).join("")) {
    piece = await site.json(`/api/documents/${id}/text?offset=${piece.end}`);
  }
  const begin = text.indexOf("The ferry Aurora");
  const end = text.indexOf("Gdansk.") + "Gdansk.".length;
  const tab = await open(`/doc/${id}?start=${begin}&end=${end}`);
  const figures = tab.locator("figure");
  await tab.getByText("goes on on page 2 ▾").waitFor();
  await counted(figures, 2);
  for (const n of [0, 1]) await figures.nth(n).locator("rect").first().waitFor();
  const places = await figures.evaluateAll((all) => all.map((one) => [...one.querySelectorAll("rect")].map((rect) => Number(rect.getAttribute("y")))));
  assert.equal(places.flat().length, 2, "one line on each page");
  assert.ok(places[0][0] > 600, `at the end of page 1: ${places[0]}`);
  assert.ok(places[1][0] < 150, `at the beginning of page 2: ${places[1]}`);
  const marked = (await tab.locator("mark").allTextContents()).join(" ");
  assert.match(marked, /by Anna Weber, who had\s+learned her trade in the shipyards of Kiel and of Gdansk\./);
});
