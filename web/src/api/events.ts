// Server-sent events (WHATWG HTML, 9.2) out of text that arrives in pieces.

export interface ServerEvent {
  name: string;
  data: string;
  id: string;
}

export class EventReader {
  private rest = "";

  // The events that are whole with this piece; what is not waits for the next.
  take(piece: string): ServerEvent[] {
    this.rest += piece.replaceAll("\r\n", "\n");
    const blocks = this.rest.split("\n\n");
    this.rest = blocks.pop() ?? "";
    return blocks.map(read).filter((event) => event.data !== "");
  }
}

function read(block: string): ServerEvent {
  const event: ServerEvent = { name: "message", data: "", id: "" };
  const data: string[] = [];
  for (const line of block.split("\n")) {
    const colon = line.indexOf(":");
    if (colon <= 0) continue;
    const value = line.slice(line[colon + 1] === " " ? colon + 2 : colon + 1);
    const field = line.slice(0, colon);
    if (field === "data") data.push(value);
    if (field === "event") event.name = value;
    if (field === "id") event.id = value;
  }
  event.data = data.join("\n");
  return event;
}

export async function* pieces(response: Response): AsyncGenerator<string> {
  const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    yield value;
  }
}
