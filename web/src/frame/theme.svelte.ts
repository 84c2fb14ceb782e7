// Light, dark, or as the system has it. Kept in this browser.
export type Theme = "system" | "light" | "dark";
const key = "docmind.theme";

class ThemeChoice {
  current: Theme = $state("system");

  constructor() {
    const kept = read();
    if (kept === "light" || kept === "dark") this.choose(kept);
  }

  choose(theme: Theme): void {
    this.current = theme;
    if (theme === "system") document.documentElement.removeAttribute("data-theme");
    else document.documentElement.setAttribute("data-theme", theme);
    try {
      localStorage.setItem(key, theme);
    } catch {
      // A browser that keeps nothing: the choice holds until the page is closed.
    }
  }
}

function read(): string | null {
  try {
    return localStorage.getItem(key);
  } catch {
    return null;
  }
}

export const theme = new ThemeChoice();
