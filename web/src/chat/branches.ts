// Branches of a chat: an edited or repeated question begins a session of its own, which shares the turns before. The name of
// such a session says where it parts: "NAME~3.2" is chat NAME, but for its turn 3 and what follows, of which it is the second
// other version. Branches of branches go on in the same way, the turns always rising, so a name says all there is to know.

export interface Branch {
  root: string;
  parts: { turn: number; variant: number }[]; // Turns rise.
}

export function read(session: string): Branch {
  const [root = "", ...rest] = session.split("~");
  const parts = rest.map((text) => /^(\d+)\.(\d+)$/.exec(text)).map((found) => found && { turn: Number(found[1]), variant: Number(found[2]) });
  if (parts.some((one) => one === null)) return { root: session, parts: [] };
  return { root, parts: parts as Branch["parts"] };
}

export const write = (branch: Branch): string =>
  [branch.root, ...branch.parts.map(({ turn, variant }) => `${turn}.${variant}`)].join("~");

export const rootOf = (session: string): string => read(session).root;

const before = (branch: Branch, turn: number) => write({ root: branch.root, parts: branch.parts.filter((one) => one.turn < turn) });
const variantAt = (branch: Branch, turn: number) => branch.parts.find((one) => one.turn === turn)?.variant ?? 0;

// The sessions that show another version of this turn, in the order they were made, one each; `family` is all there are.
export function versionsOf(session: string, turn: number, family: string[]): string[] {
  const here = read(session);
  const found = new Map<number, string>();
  for (const other of [session, ...family]) {
    const branch = read(other);
    if (before(branch, turn) !== before(here, turn)) continue;
    const variant = variantAt(branch, turn);
    if (!found.has(variant)) found.set(variant, other);
  }
  return [...found].sort(([a], [b]) => a - b).map(([, name]) => name);
}

// The name for one more version of a turn.
export function nextVersion(session: string, turn: number, family: string[]): string {
  const here = read(session);
  const used = family.map(read).filter((one) => before(one, turn) === before(here, turn)).map((one) => variantAt(one, turn));
  const parts = here.parts.filter((one) => one.turn < turn);
  return write({ root: here.root, parts: [...parts, { turn, variant: Math.max(0, ...used) + 1 }] });
}
