// Which address shows what; src/web/files.cc knows the same places.

export const places = ["chat", "library", "search", "doc", "trace", "models", "dashboard", "settings", "help"] as const;
export type Place = (typeof places)[number];

export interface Route {
  place: Place | "unknown";
  id: string; // What stands behind the place: a session, a document, a trace.
  query: URLSearchParams;
  anchor: string; // Behind "#".
}

export function parse(address: URL): Route {
  const [, first = "", ...rest] = address.pathname.split("/");
  const place = first === "" ? "chat" : places.find((one) => one === first);
  return {
    place: place ?? "unknown",
    id: decode(rest.join("/")),
    query: address.searchParams,
    anchor: address.hash.slice(1),
  };
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

export const titles: Record<Place, string> = {
  chat: "Chat",
  library: "Library",
  search: "Search",
  doc: "Document",
  trace: "Trace",
  models: "Models",
  dashboard: "Dashboard",
  settings: "Settings",
  help: "Help",
};
