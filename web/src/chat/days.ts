// Chats under the day they were last changed.
import type { SessionInfo } from "../api/types";

const dayOf = (ms: number) => new Date(ms).setHours(0, 0, 0, 0);

export function byDay(list: SessionInfo[], now: number): [string, SessionInfo[]][] {
  const days = new Map<string, SessionInfo[]>();
  for (const chat of list) {
    const name = dayName(chat.changed_ms, now);
    days.set(name, [...(days.get(name) ?? []), chat]);
  }
  return [...days];
}

function dayName(ms: number, now: number): string {
  const ago = Math.round((dayOf(now) - dayOf(ms)) / 86_400_000);
  if (ago <= 0) return "Today";
  if (ago === 1) return "Yesterday";
  if (ago < 7) return "This week";
  return new Date(ms).toLocaleDateString(undefined, { month: "long", year: "numeric" });
}
