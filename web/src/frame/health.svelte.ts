// Whether our server answers, and how it is: as ambient.ts hears, and as it is looked at.
import { asFailure, failureOf, get } from "../api/http";
import type { Backend, Health } from "../api/types";

class ServerHealth {
  online = $state(true);
  health: Health | null = $state.raw(null);
  backends: Backend[] = $state.raw([]);

  get writer(): Backend | undefined {
    return this.backends.find((one) => one.in_use);
  }

  // Where text goes besides this machine: the backend in use, and shared stores as the health checks name them.
  get remote(): string[] {
    const said = "text goes to ";
    const shared = (this.health?.checks ?? []).filter((one) => one.message.startsWith(said)).map((one) => one.message.slice(said.length));
    return [...this.backends.filter((one) => one.in_use && one.leaves_this_machine).map((one) => one.where), ...shared];
  }

  is(health: Health): void {
    this.health = health;
    this.online = true;
  }

  async look(): Promise<void> {
    try {
      const response = await fetch("/health"); // 503 has the same body.
      if (response.status === 401) throw failureOf(response.status, await response.text());
      this.is((await response.json()) as Health);
      this.backends = (await get<{ backends: Backend[] }>("/api/backends")).backends;
    } catch (thrown) {
      this.online = asFailure(thrown).status !== 0;
    }
  }
}

export const server = new ServerHealth();
