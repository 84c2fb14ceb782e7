// Where a quote stands: on the picture of a page, and in the document's text.
import { asFailure, get, part } from "./http";
import type { Citation } from "./types";

export interface MarkedPage {
  page: number;
  label: string | null;
  width: number; // Points.
  height: number;
  quads: [number, number, number, number][]; // x0, y0, x1, y1; origin top left.
}

export interface Marks {
  current: boolean; // The document is still in the version that was cited.
  pages: MarkedPage[];
  moved_to?: { version: string; start: number; end: number; page: number | null } | null; // Where the quote stands now.
}

export interface MarkedText {
  where: string | null;
  runs: { text: string; mark: boolean }[];
  before_cut: boolean;
  after_cut: boolean;
  start?: number; // Bytes of the text that all runs together are.
  end?: number;
  bytes?: number; // Of the whole text.
}

export type Span = Pick<Citation, "document_id" | "version" | "start" | "end">;

const at = ({ document_id }: { document_id: string }) => `/api/documents/${part(document_id)}`;
const query = (span: Span) => `version=${part(span.version)}&start=${span.start}&end=${span.end}`;

// Null where this server does not have it, or not of that version any more.
async function orNull<T>(path: string): Promise<T | null> {
  try {
    return await get<T>(path);
  } catch (thrown) {
    const failure = asFailure(thrown);
    if (failure.missing || failure.status === 409) return null;
    throw failure;
  }
}

// The quote goes along so that it is found again in a document that has changed.
export const marksOf = (span: Span, quote = ""): Promise<Marks | null> =>
  orNull(`${at(span)}/marks?${query(span)}${quote === "" ? "" : `&quote=${part(quote.slice(0, 2000))}`}`);

export const textAround = (span: Span): Promise<MarkedText | null> => orNull(`${at(span)}/text?${query(span)}`);

export const textFrom = (document_id: string, offset: number): Promise<MarkedText | null> =>
  orNull(`${at({ document_id })}/text?offset=${offset}`);

export const pictureOf = (document: string, version: string, page: number, width: number): string =>
  `${at({ document_id: document })}/pages/${page}?version=${part(version)}&width=${width}`;
