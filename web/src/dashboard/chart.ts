// A line over time as an SVG path: x from 0 to `width`, y from `height` (nothing) to 0 (`top`). Gaps stay gaps.
export type Values = (number | null)[];

export function linePath(values: Values, top: number, width: number, height: number): string {
  let path = "";
  let pen = false;
  for (const [at, value] of values.entries()) {
    if (value === null) {
      pen = false;
      continue;
    }
    const x = (at / Math.max(1, values.length - 1)) * width;
    const y = height - (Math.min(value, top) / top) * height;
    path += `${pen ? "L" : "M"}${x.toFixed(1)} ${y.toFixed(1)}`;
    pen = true;
  }
  return path;
}

// At most `most` points: the largest of each run, so that a peak is never lost.
export function thin(values: Values, most: number): Values {
  if (values.length <= most) return values;
  const run = Math.ceil(values.length / most);
  return Array.from({ length: Math.ceil(values.length / run) }, (_, at) => {
    const some = values.slice(at * run, at * run + run).filter((one) => one !== null);
    return some.length === 0 ? null : Math.max(...some);
  });
}

// The next of 1, 2, 5, 10, ... that is not less.
export function roundUp(value: number): number {
  if (value <= 0) return 1;
  const power = 10 ** Math.floor(Math.log10(value));
  return [1, 2, 5, 10].map((one) => one * power).find((one) => one >= value)!;
}

export const last = (values: Values): number | null => values.findLast((one) => one !== null) ?? null;

export const figure = (value: number): string =>
  Math.abs(value) >= 100 ? Math.round(value).toLocaleString("en") : Number(value.toPrecision(3)).toString();
