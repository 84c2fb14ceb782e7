// Numbers of an answer's sources: one for each distinct place, from 1, in the order they first appear.
import type { Citation, Claim, Part } from "../api/types";

export interface Source {
  number: number;
  citation: Citation;
}

const placeOf = (one: Citation) => `${one.document_id}/${one.version}/${one.start}-${one.end}`;

export interface Numbered {
  sources: Source[];
  of(claim: Claim): Source[];
}

export function numberSources(claims: Claim[]): Numbered {
  const sources = new Map<string, Source>();
  for (const citation of claims.flatMap((claim) => claim.citations)) {
    const place = placeOf(citation);
    if (!sources.has(place)) sources.set(place, { number: sources.size + 1, citation });
  }
  return {
    sources: [...sources.values()],
    of: (claim) => [...new Set(claim.citations.map((one) => sources.get(placeOf(one))!))],
  };
}

// The claims of each document, where each was asked by itself; else all of them, of none.
export function grouped(claims: Claim[], parts: Part[]): { part: Part | null; claims: Claim[] }[] {
  if (parts.length === 0) return [{ part: null, claims }];
  return parts.map((part) => ({ part, claims: claims.slice(part.first, part.first + part.count) }));
}

// The last part of a path: what people call a document.
export const documentName = (path: string): string => path.split("/").at(-1) || path;

// Where in its document: "page 14 (printed “6”)", "pages 14–15", a heading, or nothing.
export function placeName(one: Citation): string {
  if (one.page === null) return one.locator ?? "";
  const last = one.page_end ?? one.page;
  const pages = last > one.page ? `pages ${one.page}–${last}` : `page ${one.page}`;
  const label = one.page_label !== null && one.page_label !== String(one.page) ? ` (printed “${one.page_label}”)` : "";
  return pages + label;
}

export const stateWords: Record<Citation["state"], { mark: string; words: string; long: string }> = {
  current: { mark: "✓", words: "matches", long: "Word for word as in the document." },
  changed: { mark: "↻", words: "document changed", long: "The document has changed since. This is how it read then." },
  deleted: { mark: "✕", words: "document deleted", long: "The document was deleted." },
  forged: { mark: "✕", words: "quote differs", long: "Quote and stored text differ." },
};

export function chipName({ number, citation }: Source): string {
  const place = placeName(citation);
  return `Source ${number}, ${documentName(citation.document)}${place === "" ? "" : ", " + place}, ${stateWords[citation.state].words}.`;
}

// Characters that change the direction of what follows are shown, not obeyed, in names and quotes.
const bidi = /[\u202a-\u202e\u2066-\u2069\u200e\u200f]/g;
export const plain = (text: string): string =>
  text.replace(bidi, (one) => `⟨U+${one.charCodeAt(0).toString(16).toUpperCase()}⟩`);

// The beginning of a text, cut between words.
export function beginning(text: string, longest: number): string {
  if (text.length <= longest) return text;
  const cut = text.slice(0, longest);
  return cut.slice(0, Math.max(cut.lastIndexOf(" "), longest / 2)) + " …";
}
