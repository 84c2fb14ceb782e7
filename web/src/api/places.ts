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

export interface MarkedText {
  where: string | null;
  runs: { text: string; mark: boolean }[];
  before_cut: boolean;
  after_cut: boolean;
}

type Span = Pick<Citation, "document_id" | "version" | "start" | "end">;

const query = (span: Span) => `version=${part(span.version)}&start=${span.start}&end=${span.end}`;

// Pages with rectangles; empty where the document has no pages, or this server does not draw them.
export async function marksOf(span: Span): Promise<MarkedPage[]> {
  try {
    const { pages } = await get<{ pages: MarkedPage[] }>(`/api/documents/${part(span.document_id)}/marks?${query(span)}`);
    return pages.filter((page) => page.quads.length > 0);
  } catch (thrown) {
    if (asFailure(thrown).missing) return [];
    throw thrown;
  }
}

// The text around a span; null where this server does not give it.
export async function textOf(span: Span): Promise<MarkedText | null> {
  try {
    return await get<MarkedText>(`/api/documents/${part(span.document_id)}/text?${query(span)}`);
  } catch (thrown) {
    if (asFailure(thrown).missing) return null;
    throw thrown;
  }
}

export const pictureOf = (document: string, version: string, page: number, width: number): string =>
  `/api/documents/${part(document)}/pages/${page}?version=${part(version)}&width=${width}`;
