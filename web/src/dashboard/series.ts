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

export function groupsOf(series: Record<string, Values>): Group[] {
  const groups = new Map<string, Group>();
  for (const [name, values] of Object.entries(series)) {
    const [base = name, line = ""] = name.split(/[.{]/, 2);
    const unit = units.find(([pattern]) => pattern.test(base))?.[1] ?? "";
    const title = base.replace(units.find(([pattern]) => pattern.test(base))?.[0] ?? "", "").replaceAll("_", " ");
    const group = groups.get(base) ?? { title, unit, series: [] };
    const shown = unit === "MiB" ? values.map((one) => (one === null ? null : one / 2 ** 20)) : values;
    group.series.push([line.replace(/}$/, "") || title, shown]);
    groups.set(base, group);
  }
  return [...groups.values()];
}
