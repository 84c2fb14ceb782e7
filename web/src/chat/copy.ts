// An answer for the clipboard: sentences with footnotes that can be checked again (docmind verify).
import type { Answer, Claim } from "../api/types";
import { documentName, grouped, numberSources, placeName } from "./citations";
import { withoutSentences } from "./words";

export function asMarkdown(answer: Answer): string {
  const numbered = numberSources(answer.claims);
  const line = (claim: Claim): string => {
    const marks = numbered.of(claim).map((source) => `[^${source.number}]`).join("");
    if (claim.origin === "general") return `${claim.text} (not from your documents)`;
    return claim.supported === false ? `${claim.text} (no source)` : claim.text + marks;
  };
  const lines = grouped(answer.claims, answer.parts ?? []).flatMap(({ part, claims }) => [
    ...(part ? [`### ${documentName(part.document)}`] : []),
    ...claims.map(line),
    ...(part && claims.length === 0 ? [withoutSentences(part)] : []),
  ]);
  const notes = numbered.sources.map(({ number, citation }) => {
    const place = placeName(citation);
    const where = [documentName(citation.document), place, `version ${citation.version.slice(0, 8)}`, `bytes ${citation.start}–${citation.end}`];
    return `[^${number}]: “${citation.quote.replaceAll("\n", " ")}” (${where.filter((one) => one !== "").join(", ")})`;
  });
  const text = lines.length > 0 ? lines.join("\n\n") : answer.answer || "Your documents do not say.";
  return notes.length > 0 ? `${text}\n\n${notes.join("\n")}\n` : text + "\n";
}

// Where pages have no right to the clipboard (plain http on another machine), the caller shows the text selected instead.
export async function toClipboard(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return false;
  }
}
