// Where we are. What one sees is in the address, so Back and a reload show it again.
import { parse, type Route } from "./routes";

class Location {
  current: Route = $state.raw(parse(new URL(location.href)));

  constructor() {
    addEventListener("popstate", () => this.read());
    document.addEventListener("click", (event) => this.click(event));
  }

  go(address: string, how: "push" | "replace" = "push"): void {
    if (how === "push") history.pushState(null, "", address);
    else history.replaceState(null, "", address);
    this.read();
  }

  private read(): void {
    this.current = parse(new URL(location.href));
  }

  // Links to our own pages do not load the page anew; a new tab or window is the browser's.
  private click(event: MouseEvent): void {
    if (event.defaultPrevented || event.button !== 0 || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
    const link = (event.target as Element).closest("a");
    if (!link || link.origin !== location.origin || link.target !== "" || link.hasAttribute("download")) return;
    if (link.pathname.startsWith("/api/") || link.pathname === "/metrics") return;
    if (link.hash !== "" && link.pathname === location.pathname && link.search === location.search) return;
    event.preventDefault();
    this.go(link.href);
  }
}

export const route = new Location();
