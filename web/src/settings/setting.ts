// A setting as it is declared (GET /api/settings), and what is typed for it.

export type Value = string | number | boolean | string[] | null;

export interface Setting {
  key: string;
  kind: "bool" | "int" | "number" | "text" | "choice" | "list" | "duration" | "bytes";
  choices: string[] | null;
  min: number | string | null;
  max: number | string | null;
  unit: string | null;
  values: string;
  default: Value;
  value: Value;
  origin: string;
  locked_by: string | null;
  effect: "at_once" | "restart";
  pending: boolean; // Saved, and in force after a restart.
  help: string;
}

export const textOf = (value: Value): string => (Array.isArray(value) ? value.join(", ") : value === null ? "" : String(value));

// What was typed, as the kind of value that the server gave; what is no number stays as typed, for the server to refuse.
export function valueOf(setting: Setting, text: string): Value {
  if (setting.kind === "bool") return text === "true";
  if (Array.isArray(setting.value) || Array.isArray(setting.default)) {
    return text.split(",").map((one) => one.trim()).filter((one) => one !== "");
  }
  if (typeof setting.value === "number" && text.trim() !== "" && Number.isFinite(Number(text))) return Number(text);
  return text;
}

export function range({ kind, min, max, unit, values }: Setting): string {
  if (kind === "text") return values;
  const bounds = min !== null && max !== null ? `${min} to ${max}` : min !== null ? `from ${min}` : max !== null ? `up to ${max}` : "";
  return [bounds, unit ?? ""].filter((one) => one !== "").join(" ");
}

export const effects: Record<Setting["effect"], string> = { at_once: "at once", restart: "⟳ restart" };

export const sectionOf = ({ key }: Setting): string => (key.includes(".") ? key.slice(0, key.indexOf(".")) : "general");

// In their order, each section once.
export function bySection(settings: Setting[]): [string, Setting[]][] {
  const sections = new Map<string, Setting[]>();
  for (const one of settings) sections.set(sectionOf(one), [...(sections.get(sectionOf(one)) ?? []), one]);
  return [...sections];
}
