// All chats, the last changed first. Branches of one chat (branches.ts) are one line of the list.
import { get, part, remove } from "../api/http";
import type { SessionInfo } from "../api/types";
import { rootOf } from "./branches";

class Chats {
  all: SessionInfo[] = $state.raw([]);
  known = $state(false);
  trouble = $state(false);
  last = $state("");

  get list(): SessionInfo[] {
    const seen = new Set<string>();
    return this.all.filter(({ session }) => !seen.has(rootOf(session)) && seen.add(rootOf(session)));
  }

  get lastAddress(): string {
    return this.last === "" ? "/" : `/chat/${part(this.last)}`;
  }

  sameChat(one: string, other: string): boolean {
    return rootOf(one) === rootOf(other);
  }

  familyOf(session: string): string[] {
    return this.all.map((one) => one.session).filter((one) => this.sameChat(one, session));
  }

  async read(): Promise<void> {
    try {
      this.all = (await get<{ sessions: SessionInfo[] }>("/api/sessions?limit=1000")).sessions;
      this.trouble = false;
      this.known = true;
    } catch {
      this.trouble = true;
    }
  }

  async remove(session: string): Promise<void> {
    for (const one of this.familyOf(session)) await remove(`/api/sessions/${part(one)}`);
    if (this.sameChat(this.last, session)) this.last = "";
    await this.read();
  }
}

export const chats = new Chats();
