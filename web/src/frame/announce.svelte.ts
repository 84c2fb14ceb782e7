// What is said to those who listen instead of look: one polite region and one for alerts, there from the start. Running text
// never goes here, only its borders ("Answer ready: 4 sentences").

class Announcer {
  polite = $state("");
  alert = $state("");

  say(text: string): void {
    this.polite = text === this.polite ? text + "\u00a0" : text; // The same words again are spoken only when they differ.
  }

  warn(text: string): void {
    this.alert = text === this.alert ? text + "\u00a0" : text;
  }
}

export const announcer = new Announcer();
