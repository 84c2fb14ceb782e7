// A question from another place than the composer. Never from an address: a link must not ask.
export const wanted = $state({ question: "" });
