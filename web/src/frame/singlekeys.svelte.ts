// Keys without Ctrl or Alt: they rest while one types, and whoever speaks to a computer can switch them off (WCAG 2.1.4).
const kept = "docmind.single-keys";

class SingleKeys {
  on = $state(read());

  choose(on: boolean): void {
    this.on = on;
    try {
      localStorage.setItem(kept, on ? "on" : "off");
    } catch {
      // A browser that keeps nothing: the choice holds until the page is closed.
    }
  }

  // Whether this event is one of them, for us.
  mine(event: KeyboardEvent): boolean {
    if (!this.on || event.defaultPrevented || event.isComposing) return false;
    if (event.ctrlKey || event.metaKey || event.altKey) return false;
    return !(event.target as HTMLElement).closest("input, textarea, select, dialog");
  }
}

function read(): boolean {
  try {
    return localStorage.getItem(kept) !== "off";
  } catch {
    return true;
  }
}

export const singleKeys = new SingleKeys();
