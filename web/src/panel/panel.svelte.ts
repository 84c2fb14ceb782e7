// What the panel on the right shows: a source on its page, or how an answer came to be.
import type { Answer } from "../api/types";
import type { Source } from "../chat/citations";

export type Tab = "page" | "trace" | "sources";

class Panel {
  open = $state(false);
  tab: Tab = $state("page");
  turn = $state(0);
  answer: Answer | null = $state.raw(null);
  sources: Source[] = $state.raw([]);
  number = $state(0);
  private from: HTMLElement | null = null;

  get source(): Source | undefined {
    return this.sources.find((one) => one.number === this.number);
  }

  show(tab: Tab, turn: number, answer: Answer | null, sources: Source[], number: number, from: HTMLElement | null): void {
    Object.assign(this, { open: true, tab, turn, answer, sources, number });
    this.from = from;
  }

  close(): void {
    this.open = false;
    this.from?.focus();
    this.from = null;
  }
}

export const panel = new Panel();
