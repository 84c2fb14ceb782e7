// All keys, for the list that "?" shows and for Help.
export const keyList: [string, string][] = [
  ["?", "This list"],
  ["g then c l m d s h", "Go to Chat, Library, Models, Dashboard, Settings, Help"],
  ["Ctrl+K", "Go to, find or do anything by its name"],
  ["n", "New chat"],
  ["/", "To the question, or to the page’s filter"],
  ["F6", "Next part of the page"],
  ["]", "Close or open the panel on the right"],
  ["Esc", "Close the topmost thing, then stop the answer"],
  ["Enter", "Send; Shift+Enter begins a new line"],
  ["↑", "In an empty box: edit the last question"],
  ["j k", "Next and previous turn"],
  ["1 – 9", "Open that source of this answer"],
  ["y e r f i", "Copy with sources, edit, retry, fork, trace"],
  ["← →", "On a number: the next and previous one"],
  ["Space", "On a number: keep its preview open"],
];
