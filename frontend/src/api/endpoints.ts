/** Every call the console makes, one line each, named as in the interface document. */
import { address, get, patch, post, put, type Query } from "./http";
import type * as T from "./types";

const at = encodeURIComponent;

export const auth = {
  me: () => get<T.Me>("me"),
  login: (username: string, password: string) => post<T.Me>("auth/login", { username, password }),
  logout: () => post<null>("auth/logout"),
  savePreferences: (preferences: Record<string, string>) => patch<unknown>("me/preferences", preferences),
};

export const programs = {
  list: () => get<T.Program[] | T.Page<T.Program>>("programs"),
  review: (name: string) => get<T.ArmReview>(`programs/${at(name)}/arm-review`),
  act: (name: string, verb: "arm" | "disarm" | "unwind", body: { revision: number | null; reason?: string }, key: string) =>
    post<T.CommandAccepted>(`programs/${at(name)}/${verb}`, body, key),
  command: (id: string) => get<T.Command>(`commands/${at(id)}`),
};

export const pairs = {
  board: <Row>() => get<{ desk: string; pairs: Row[] }>("board"),
  detail: (code: string) => get<Record<string, unknown>>(`pairs/${at(code)}`),
};

export const kill = {
  fire: (body: { level: string; scope: string; reason: string }, key: string) => post<T.CommandAccepted>("kill", body, key),
  requestLift: (reason: string, key: string) => post<{ id?: number | string }>("kill/lift", { reason }, key),
  approveLift: (id: number | string) => post<unknown>(`kill/lift/${at(String(id))}/approve`),
};

export const executions = {
  list: (query: Query) => get<T.Page<T.ExecutionSummary>>("executions", query),
  detail: (id: string) => get<T.ExecutionDetail>(`executions/${at(id)}`),
};

export const risk = {
  thresholds: () => get<T.Threshold[] | T.Page<T.Threshold>>("thresholds"),
  change: (id: number | string, body: { hard: string; warn: string | null; reason: string; base_version: number }) =>
    put<Record<string, unknown>>(`thresholds/${at(String(id))}`, body),
  approvals: () => get<T.Approval[] | T.Page<T.Approval>>("approvals"),
  decide: (id: number | string, verdict: "approve" | "reject", note: string) => post<unknown>(`approvals/${at(String(id))}/${verdict}`, { note }),
};

export const alerts = {
  since: (seq: number) => get<unknown>("alerts", { after: seq }),
  acknowledge: (seq: number, note: string) => post<unknown>(`alerts/${seq}/ack`, { note }),
};

export const audit = {
  receipts: (query: Query) => get<T.Page<T.Receipt>>("audit/receipts", query),
  verify: (project: string) => get<T.Verification>("audit/verify", { project }),
};

export const projects = {
  list: () => get<T.Project[] | T.Page<T.Project>>("projects"),
  detail: (code: string) => get<T.Project & Record<string, unknown>>(`projects/${at(code)}`),
  pdf: (code: string, query: Query) => address(`projects/${at(code)}/report.pdf`, query),
  csv: (code: string, query: Query) => address(`projects/${at(code)}/report.csv`, query),
};

export const venues = {
  list: () => get<T.VenueInfo[] | { venues: T.VenueInfo[] }>("venues"),
  health: () => get<Record<string, unknown>>("health"),
};

/** Lists come plain or paged; the screen wants the rows. */
export function rowsOf<R>(answer: R[] | T.Page<R> | Record<string, unknown>, name = "results"): R[] {
  if (Array.isArray(answer)) return answer;
  const found = (answer as Record<string, unknown>)[name] ?? (answer as Record<string, unknown>).results;
  return Array.isArray(found) ? (found as R[]) : [];
}
