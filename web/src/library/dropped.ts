// Files out of a drop or a chosen folder, folders gone through, each under its path below what was dropped.

export interface Named {
  name: string;
  file: File;
}

export const fromInput = (list: FileList | null): Named[] =>
  [...(list ?? [])].map((file) => ({ name: file.webkitRelativePath || file.name, file })).filter(wanted);

export async function fromDrop(transfer: DataTransfer): Promise<Named[]> {
  const entries = [...transfer.items].map((item) => item.webkitGetAsEntry()).filter((entry) => entry !== null);
  if (entries.length === 0) return fromInput(transfer.files);
  return (await Promise.all(entries.map(filesOf))).flat().filter(wanted);
}

// Hidden files (".DS_Store") are not documents.
const wanted = ({ name }: Named) => !name.split("/").at(-1)!.startsWith(".");

async function filesOf(entry: FileSystemEntry): Promise<Named[]> {
  if (entry.isFile) {
    const file = await new Promise<File>((resolve, reject) => (entry as FileSystemFileEntry).file(resolve, reject));
    return [{ name: entry.fullPath.replace(/^\//, ""), file }];
  }
  const reader = (entry as FileSystemDirectoryEntry).createReader();
  const all: Named[] = [];
  for (;;) {
    // A reader gives a hundred or so at a time.
    const some = await new Promise<FileSystemEntry[]>((resolve, reject) => reader.readEntries(resolve, reject));
    if (some.length === 0) return all;
    all.push(...(await Promise.all(some.map(filesOf))).flat());
  }
}
