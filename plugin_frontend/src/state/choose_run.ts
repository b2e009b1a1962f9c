import type { Session } from "./session.ts";

/** Make a run A, or B (again: none). What is A is never B. */
export function chooseRun(session: Session, run: string, asB: boolean): void {
  const { runB, wishedA } = session;
  if (asB) session.set({ runB: runB === run || wishedA === run ? null : run });
  else session.set({ run, runB: runB === run ? null : runB });
}

/** Hide a run in charts, or show it again. */
export function hideRun(session: Session, run: string): void {
  const rest = session.state.hidden.filter((name) => name !== run);
  session.set({ hidden: rest.length < session.state.hidden.length ? rest : [...rest, run] });
}
