// Documents of the scenarios, beside the manuals and fixtures of harness.mjs.
export const ferries = {
  name: "ferries.md",
  bytes: `# Ferries

The ferry Aurora was built in 1901 by Anna Weber in Kiel.

The ferry Aurora carries 240 passengers and 12 bicycles.

The barge Mathilda was built in 1955 in Lübeck.

The barge Mathilda carries gravel and sand.
`,
};
