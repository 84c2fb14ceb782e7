// The documents that there are, as the server last told.
import { asFailure, type Failure, get } from "../api/http";
import type { DocumentInfo } from "../api/types";

class Library {
  documents: DocumentInfo[] = $state.raw([]);
  known = $state(false);
  private generation = -1;
  private reading: Promise<void> | undefined;
  trouble: Failure | null = $state.raw(null);

  // When there is a newer one: what is on its way may be it.
  async upTo(generation: number): Promise<void> {
    await this.reading;
    if (generation !== this.generation) await this.read();
  }

  read(): Promise<void> {
    return (this.reading = this.ask());
  }

  private async ask(): Promise<void> {
    try {
      const { documents, generation } = await get<{ documents: DocumentInfo[]; generation: number }>("/api/documents");
      this.documents = documents;
      this.generation = generation;
      this.known = true;
      this.trouble = null;
    } catch (thrown) {
      this.trouble = asFailure(thrown);
    }
  }

  get passages(): number {
    return this.documents.reduce((sum, one) => sum + one.chunks, 0);
  }
}

export const library = new Library();
