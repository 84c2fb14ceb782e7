// Series into charts: those of one name are one chart. "search_ms.p50" and "search_ms.p95" are two lines of the chart "search", in ms.
import type { Values } from "./chart";

export interface Group {
  title: string;
  unit: string;
  series: [string, Values][];
}

const units: [RegExp, string][] = [
  [/[._]ms$/, "ms"],
  [/[._](seconds|s)$/, "s"],
  [/[._](percent|share|ratio)$/, "%"],
  [/[._]bytes$/, "MiB"],
  [/[._]gib$/, "GiB"],
  [/[._](per_second|per_s|rate)$/, "1/s"],
];

const titles: Record<string, string> = { resident: "Memory", answer: "Answer time", coordination: "Coordination between agents", search: "Search time", gpu_memory_used: "GPU memory used" };

// Without what lies before the first value of any of them: a server that has just started shows what it has.
export function begun(series: Record<string, Values>): { series: Record<string, Values>; skipped: number } {
  const least = 24;
  const length = Math.max(0, ...Object.values(series).map((values) => values.length));
  const firsts = Object.values(series).map((values) => values.findIndex((one) => one !== null)).filter((at) => at >= 0);
  const skipped = Math.max(0, Math.min(length - least, ...firsts));
  return { series: Object.fromEntries(Object.entries(series).map(([name, values]) => [name, values.slice(skipped)])), skipped };
}

export function groupsOf(series: Record<string, Values>): Group[] {
  const groups = new Map<string, Group>();
  for (const [name, values] of Object.entries(series)) {
    const [base = name, line = ""] = name.split(/[.{]/, 2);
    const unit = units.find(([pattern]) => pattern.test(base))?.[1] ?? "";
    const bare = base.replace(units.find(([pattern]) => pattern.test(base))?.[0] ?? "", "");
    const words = bare.replaceAll("_", " ");
    const title = titles[bare] ?? words.charAt(0).toUpperCase() + words.slice(1);
    const group = groups.get(base) ?? { title, unit, series: [] };
    const shown = unit === "MiB" ? values.map((one) => (one === null ? null : one / 2 ** 20)) : values;
    group.series.push([line.replace(/}$/, "") || title, shown]);
    groups.set(base, group);
  }
  return [...groups.values()];
}
