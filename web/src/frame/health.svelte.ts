// Whether our server answers, and how it is. Asked every 5 seconds while the page can be seen.
import { asFailure, failureOf, get } from "../api/http";
import type { Backend, Health } from "../api/types";

const everySeconds = 5;

class ServerHealth {
  online = $state(true);
  health: Health | null = $state.raw(null);
  backends: Backend[] = $state.raw([]);
  private timer = 0;

  constructor() {
    document.addEventListener("visibilitychange", () => this.look());
    void this.look();
  }

  get writer(): Backend | undefined {
    return this.backends.find((one) => one.in_use);
  }

  // Where text goes besides this machine: the backend in use, and shared stores as the health checks name them.
  get remote(): string[] {
    const said = "text goes to ";
    const shared = (this.health?.checks ?? []).filter((one) => one.message.startsWith(said)).map((one) => one.message.slice(said.length));
    return [...this.backends.filter((one) => one.in_use && one.leaves_this_machine).map((one) => one.where), ...shared];
  }

  async look(): Promise<void> {
    clearTimeout(this.timer);
    if (document.hidden) return;
    try {
      const response = await fetch("/health"); // 503 has the same body.
      if (response.status === 401) throw failureOf(response.status, await response.text());
      this.health = (await response.json()) as Health;
      this.backends = (await get<{ backends: Backend[] }>("/api/backends")).backends;
      this.online = true;
    } catch (thrown) {
      this.online = asFailure(thrown).status !== 0;
    }
    this.timer = setTimeout(() => void this.look(), everySeconds * 1000);
  }
}

export const server = new ServerHealth();
