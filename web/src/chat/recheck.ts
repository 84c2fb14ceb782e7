// Whether quotes still stand in the library: all of a chat in one request.
import { post } from "../api/http";
import type { Citation, Turn } from "../api/types";

const most = 1000; // Citations that the server takes at once; of a longer chat the newest are checked.

export async function recheck(turns: Turn[]): Promise<Turn[]> {
  let room = most;
  const checked = turns.toReversed().filter(({ answer }) => (room -= answer.claims.flatMap((claim) => claim.citations).length) >= 0);
  const claims = checked.flatMap(({ answer }) => answer.claims);
  if (claims.every((claim) => claim.citations.length === 0)) return turns;
  const { citations } = await post<{ citations: { state: Citation["state"] }[] }>("/api/verify", { claims });
  let at = 0;
  const withStates = new Map(
    checked.map((turn) => {
      const now = turn.answer.claims.map((claim) => ({ ...claim, citations: claim.citations.map((one) => ({ ...one, state: citations[at++]?.state ?? one.state })) }));
      return [turn, { ...turn, answer: { ...turn.answer, claims: now } }];
    }),
  );
  return turns.map((turn) => withStates.get(turn) ?? turn);
}
