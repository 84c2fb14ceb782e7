// Which documents the next question is put to; none: all of them.

class Scope {
  documents: { id: string; name: string }[] = $state([]);

  choose(documents: { id: string; name: string }[]): void {
    this.documents = documents;
  }

  drop(id: string): void {
    this.documents = this.documents.filter((one) => one.id !== id);
  }

  get ids(): string[] {
    return this.documents.map((one) => one.id);
  }
}

export const scope = new Scope();
