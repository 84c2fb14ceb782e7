// The documents that there are, as the server last told.
import { asFailure, type Failure, get } from "../api/http";
import type { DocumentInfo } from "../api/types";

class Library {
  documents: DocumentInfo[] = $state.raw([]);
  known = $state(false);
  generation = -1;
  trouble: Failure | null = $state.raw(null);

  async read(): Promise<void> {
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
