// How the next question is answered: once from all documents, or each of them by itself. Kept as long as the tab is.
export type AnalysisMode = "combined" | "separate";

const key = "docmind.analysis";

class Analysis {
  chosen: AnalysisMode = $state(sessionStorage.getItem(key) === "separate" ? "separate" : "combined");

  choose(mode: AnalysisMode): void {
    this.chosen = mode;
    sessionStorage.setItem(key, mode);
  }
}

export const analysis = new Analysis();
