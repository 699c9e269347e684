/** Every call the console makes, one line each, named as in the interface document. */
import { download, get, patch, post, put, type Query } from "./http";
import type * as T from "./types";

const at = encodeURIComponent;

export const auth = {
  me: () => get<T.Me>("me"),
  login: (username: string, password: string) => post<T.Me>("auth/login", { username, password }),
  logout: () => post<null>("auth/logout"),
  savePreferences: (preferences: Record<string, string>) => patch<unknown>("me/preferences", preferences),
};

export const programs = {
  list: () => get<T.Program[]>("programs"),
  review: (name: string) => get<T.ArmReview>(`programs/${at(name)}/arm-review`),
  act: (name: string, verb: "arm" | "disarm" | "unwind", body: { revision: number | null; reason?: string; then?: "finish" | "unwind" }, key: string) =>
    post<T.CommandAccepted>(`programs/${at(name)}/${verb}`, body, key),
  unwindPreview: (name: string) => get<T.Preview>(`programs/${at(name)}/unwind-preview`),
  flattenPreview: (name: string, units: number) => get<T.Preview>(`programs/${at(name)}/flatten-preview`, { units }),
  flatten: (name: string, body: { units: number; held_units: number; reason: string }, key: string) =>
    post<T.CommandAccepted>(`programs/${at(name)}/flatten`, body, key),
  revise: (name: string, body: { base_revision: number; reason: string; terms: Record<string, unknown> }) =>
    put<T.Program>(`programs/${at(name)}/terms`, body),
  command: (id: string) => get<T.Command>(`commands/${at(id)}`),
};

export const pairs = {
  board: <Row>() => get<{ desks: string[]; pairs: Row[] }>("board"),
  detail: (code: string) => get<T.PairDetail>(`pairs/${at(code)}`),
};

export const kill = {
  fire: (body: { level: string; scope: string; reason: string }, key: string) => post<T.CommandAccepted>("kill", body, key),
  requestLift: (body: { scope: string; reason: string }) => post<{ approval_id: number; state: string }>("kill/lift", body),
  decideLift: (id: number, verdict: "approve" | "reject", note: string) => post<unknown>(`kill/lift/${id}/${verdict}`, { note }),
};

export const requests = {
  decide: (id: number, verdict: "approve" | "reject", note: string) => post<T.CommandAccepted>(`requests/${id}/${verdict}`, { note }),
};

export const foreign = {
  list: (desk: string) => get<T.ForeignOrders>(`desks/${at(desk)}/foreign-orders`),
  release: (desk: string, body: { orders: string[]; reason: string }, key: string) => post<T.CommandAccepted>(`desks/${at(desk)}/foreign-orders/release`, body, key),
};

export const executions = {
  list: (query: Query) => get<T.Page<T.ExecutionSummary>>("executions", query),
  detail: (id: string) => get<T.ExecutionDetail>(`executions/${at(id)}`),
  accept: (id: string, body: { naked: number[]; reason: string }, key: string) => post<T.CommandAccepted>(`executions/${at(id)}/accept`, body, key),
};

export const risk = {
  thresholds: () => get<T.Thresholds>("thresholds"),
  change: (id: number, body: { hard: string; warn: string | null; reason: string; base_version: number }) =>
    put<T.Threshold | T.Approval>(`thresholds/${id}`, body),
  approvals: () => get<T.Approval[]>("approvals"),
  decide: (id: number, verdict: "approve" | "reject", note: string) => post<T.Approval>(`approvals/${id}/${verdict}`, { note }),
};

export const positions = {
  list: () => get<{ desks: T.DeskPositions[] }>("positions"),
  adjust: (body: object) => post<T.CommandAccepted>("positions/adjust", body),
};

export const alerts = {
  since: <Alert>(changedSeq: number) => get<Alert[]>("alerts", { after: changedSeq }),
  acknowledge: (seq: number, note: string) => post<unknown>(`alerts/${seq}/ack`, { note }),
};

export const audit = {
  receipts: (query: Query) => get<T.ReceiptPage>("audit/receipts", query),
  verify: (project: string) => get<T.Verification>("audit/verify", { project }),
};

export const projects = {
  list: () => get<T.Project[]>("projects"),
  detail: (code: string) => get<T.ProjectDetail>(`projects/${at(code)}`),
  pdf: (code: string, query: Query) => download(`projects/${at(code)}/report.pdf`, query),
  csv: (code: string, query: Query) => download(`projects/${at(code)}/report.csv`, query),
};

export const venues = {
  list: () => get<T.Venues>("venues"),
  health: () => get<{ environment: string; database: string; redis: string; uptime_s: number }>("health"),
};
