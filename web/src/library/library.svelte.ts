// The documents that there are, as the server last told.
import { asFailure, type Failure, get } from "../api/http";
import type { DocumentInfo } from "../api/types";

class Library {
  documents: DocumentInfo[] = $state.raw([]);
  known = $state(false);
  trouble: Failure | null = $state.raw(null);

  async read(): Promise<void> {
    try {
      this.documents = (await get<{ documents: DocumentInfo[] }>("/api/documents")).documents;
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
