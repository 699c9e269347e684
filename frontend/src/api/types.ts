/** Answers of the REST interface (OpenAPI at /api/schema/). Decimals are strings; large integers arrive as digit strings. */
type Decimal = string;
type Nanos = number | string;

export interface Page<T> {
  results: T[];
  next: string | null;
  count: number | null;
}

export interface Me {
  username: string;
  display_name: string;
  roles: string[];
  permissions: string[];
  preferences: Record<string, string>;
  environment?: string;
}

export interface Sentence {
  code?: string;
  text: string;
}

export interface ArmReview {
  program: string;
  revision: number;
  environment: string;
  sentences_en: string[];
  sentences_zh: string[];
  legs: { instrument: string; side: string; lots: number; quantity: string; venue?: string; role?: string }[];
  worst_cost: Decimal | null;
  currency?: string;
  executions_max: number;
  ttl_s: number;
  would_fire: boolean | null;
  limits: { kind: string; scope?: string; limit: Decimal; used?: Decimal | null; unit?: string }[];
}

export interface CommandAccepted {
  command_id: string;
}

export interface Command {
  command_id: string;
  state: "pending" | "accepted" | "refused" | "unknown";
  code: string | null;
  text: string | null;
}

export interface Program {
  name: string;
  pair: string;
  project?: string;
  state: string;
  revision: number;
  direction: string;
  measure: string;
  comparator?: string;
  trigger_value: Decimal;
  clip_units: number;
  executions_max: number;
}

export interface ExecutionSummary {
  id: string;
  pair: string;
  program: string;
  project?: string | null;
  direction?: string | null;
  started_at: Nanos;
  ended_at?: Nanos | null;
  outcome: string;
  clips?: number | null;
  leg_gap_ns?: Nanos | null;
  duration_ns?: Nanos | null;
  peak_naked_lots?: number | null;
  naked_ns?: Nanos | null;
  measure?: string | null;
  measure_seen?: Decimal | null;
  measure_got?: Decimal | null;
  slippage?: Decimal | null;
  slippage_rate?: Decimal | null;
  slippage_limit?: Decimal | null;
  fees?: Decimal | null;
  currency?: string | null;
  receipt_hash?: string | null;
  receipt_ok?: boolean | null;
  legs?: { instrument: string; side: string; lots: number }[];
}

export interface Step {
  key: string;
  group: string;
  label_key: string;
  values: Record<string, string | number | null>;
  at_ns: Nanos;
  duration_ns: Nanos | null;
  clock: string;
  leg: number | null;
}

export interface DecisionOption {
  name: string;
  target_units: number | null;
  lots_by_leg: number[];
  cost: Decimal | null;
  reason: string;
  chosen?: boolean;
}

export interface Decision {
  key?: string;
  at_ns: Nanos;
  purpose: string;
  chosen?: string | null;
  options: DecisionOption[];
}

export interface ChildOrder {
  client_order_id: string;
  venue_order_id?: string | null;
  leg: number;
  instrument: string;
  venue?: string;
  side: string;
  lots: number;
  filled_lots: number;
  price: Decimal;
  average_price?: Decimal | null;
  purpose: string;
  state: string;
  time_in_force?: string;
  attempt?: number;
}

export interface Fill {
  fill_id: string;
  client_order_id: string;
  leg: number;
  instrument?: string;
  side?: string;
  lots: number;
  price: Decimal;
  at_ns: Nanos;
  exchange_at_ns?: Nanos | null;
}

export interface ExecutionDetail {
  summary: ExecutionSummary;
  steps: Step[];
  orders: ChildOrder[];
  fills: Fill[];
  decisions: Decision[];
  naked_band: { at_ns: Nanos; lots: number }[];
  receipts: { stream?: string; first?: number; last?: number; ok?: boolean | null; head_hash?: string } | null;
}

export interface Threshold {
  id: number | string;
  kind: string;
  scope_venue: string;
  scope_instrument: string;
  scope_pair: string;
  hard: Decimal;
  warn: Decimal | null;
  unit?: string;
  version: number;
  used?: Decimal | null;
  peak?: Decimal | null;
  pending?: Decimal | null;
  changed_by?: string | null;
  changed_at?: Nanos | string | null;
}

export interface Approval {
  id: number | string;
  kind: string;
  subject: string;
  before: string | null;
  after: string | null;
  reason: string;
  requested_by: string;
  requested_at: Nanos | string;
  base_version: number | null;
  base_is_current?: boolean;
  state: string;
  decided_by?: string | null;
  may_decide?: boolean;
}

export interface Receipt {
  stream: string;
  seq: number;
  at_ns: Nanos;
  kind: string;
  actor: string | null;
  project: string | null;
  pair: string | null;
  program: string | null;
  execution: string | null;
  instruments: string[] | string | null;
  body: string;
  prev_hash: string;
  hash: string;
}

export interface Verification {
  ok: boolean;
  checked: number;
  first_seq?: number | null;
  last_seq?: number | null;
  head_hash?: string | null;
  bad_seq?: number | null;
  expected?: string | null;
  found?: string | null;
  streams?: { stream: string; ok: boolean; checked: number; head_hash?: string | null; bad_seq?: number | null }[];
}

export interface Project {
  code: string;
  name?: string;
  stage: string;
  owner?: string | null;
  pairs?: string[];
  programs?: string[];
  executions?: number;
  receipts?: number;
  started_at?: Nanos | string | null;
}

export interface VenueInfo {
  name: string;
  display_name?: string;
  kind: string;
  side: string;
  is_simulated: boolean;
  input_kind: string;
  input_label: string;
  state: string;
  since?: Nanos | null;
  heartbeat_age_ms?: number | null;
  phase?: string | null;
  time_zone?: string | null;
  host?: string;
  port?: number;
  clock_offset_ms?: Decimal | number | null;
  currency?: string;
  capabilities?: Record<string, unknown>;
  instruments?: { code: string; symbol?: string; tick?: string; multiplier?: string; unit?: string; currency?: string }[];
}
