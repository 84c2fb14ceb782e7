// One request to our own server: JSON in, JSON out, and failures with the server's own words.
import { access } from "./access.svelte";

export class Failure extends Error {
  constructor(
    readonly status: number, // 0: the server did not answer.
    readonly code: string,
    message: string,
    readonly hint: string,
    readonly key = "", // Of a setting that was refused.
  ) {
    super(message);
  }

  get missing(): boolean {
    return this.status === 404 || this.status === 405;
  }
}

const offline = () =>
  new Failure(0, "offline", `DocMind does not answer at ${location.host}.`, "Is it running? It is tried again by itself.");

export function failureOf(status: number, body: string): Failure {
  if (status === 401) access.wanted = true;
  try {
    const { code, message, hint, key } = (JSON.parse(body) as { error: Record<string, string> }).error;
    return new Failure(status, code ?? "internal", message ?? body, hint ?? "", key ?? "");
  } catch {
    return new Failure(status, "internal", `The server answered with status ${status}.`, "");
  }
}

// A Failure for whatever was thrown, but not for a request that we stopped ourselves.
export function asFailure(thrown: unknown): Failure {
  if (thrown instanceof Failure) return thrown;
  if (thrown instanceof DOMException && thrown.name === "AbortError") return new Failure(499, "cancelled", "Stopped.", "");
  return offline();
}

export async function send(method: string, path: string, body?: unknown, signal?: AbortSignal): Promise<Response> {
  const init: RequestInit = { method, headers: { Accept: "application/json" } };
  if (signal) init.signal = signal;
  if (body !== undefined) {
    init.headers = { ...init.headers, "Content-Type": "application/json" };
    init.body = JSON.stringify(body);
  }
  let response: Response;
  try {
    response = await fetch(path, init);
  } catch (thrown) {
    throw asFailure(thrown);
  }
  if (!response.ok) throw failureOf(response.status, await response.text());
  return response;
}

export async function json<T>(method: string, path: string, body?: unknown, signal?: AbortSignal): Promise<T> {
  const response = await send(method, path, body, signal);
  try {
    return (await response.json()) as T;
  } catch (thrown) {
    throw asFailure(thrown);
  }
}

export const get = <T>(path: string, signal?: AbortSignal) => json<T>("GET", path, undefined, signal);
export const post = <T>(path: string, body: unknown = {}, signal?: AbortSignal) => json<T>("POST", path, body, signal);
export const remove = <T>(path: string) => json<T>("DELETE", path);
export const part = encodeURIComponent;
