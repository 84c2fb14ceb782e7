// The blanks of a template in the box: {topic} and the like, by the names that the server found.

// The first one that begins at or after `from`, as a selection; null: there is none.
export function nextBlank(text: string, names: string[], from: number): { name: string; start: number; end: number } | null {
  const found = names
    .map((name) => ({ name, start: text.indexOf(`{${name}}`, from) }))
    .filter((one) => one.start >= 0)
    .sort((one, other) => one.start - other.start)[0];
  return found ? { ...found, end: found.start + found.name.length + 2 } : null;
}
