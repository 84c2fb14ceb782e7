// What the palette offers, and which of it fits what was typed.
import type { Backend, DocumentInfo, SessionInfo } from "../api/types";
import { documentName } from "../chat/citations";

export interface Row {
  group: "Go to" | "Chats" | "Documents" | "Actions" | "Settings" | "Models";
  name: string;
  keys?: string; // The key that does the same.
  refused?: string; // Why it cannot be done now.
  run: () => void;
}

export interface Offer {
  places: Row[];
  actions: Row[];
  chats: SessionInfo[];
  documents: DocumentInfo[];
  settings: string[];
  backends: Backend[];
  go: (address: string) => void;
  use: (backend: string) => void;
}

const prefixes: Record<string, Row["group"]> = { ">": "Actions", "@": "Documents", "#": "Chats" };
const most = 8; // Rows of one group, unless it alone is asked for.

export function rowsFor(typed: string, offer: Offer): Row[] {
  const only = prefixes[typed[0] ?? ""];
  const words = (only ? typed.slice(1) : typed).toLocaleLowerCase().split(/\s+/).filter(Boolean);
  const groups: Row[][] = [
    offer.places,
    offer.actions,
    offer.chats.map((one) => ({ group: "Chats", name: one.title, run: () => offer.go(`/chat/${encodeURIComponent(one.session)}`) })),
    offer.documents.map((one) => ({ group: "Documents", name: documentName(one.document), run: () => offer.go(`/doc/${encodeURIComponent(one.document_id)}`) })),
    offer.backends.map((one) => ({
      group: "Models",
      name: `Use ${one.name}`,
      ...(one.in_use ? { refused: "in use" } : {}),
      run: () => offer.use(one.name),
    })),
    // Settings are many: only when something was typed.
    words.length === 0 ? [] : offer.settings.map((key) => ({ group: "Settings", name: key, run: () => offer.go(`/settings#${key}`) })),
  ];
  const fits = (row: Row) => words.every((word) => row.name.toLocaleLowerCase().includes(word));
  return groups.flatMap((rows) => {
    if (only && rows[0]?.group !== only) return [];
    return rows.filter(fits).slice(0, only ? 50 : most);
  });
}
