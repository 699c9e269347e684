/** Answers of the REST interface (OpenAPI at /api/schema/). Decimals are strings; large integers arrive as digit strings. */
type Decimal = string;
type Nanos = number | string;

export interface Page<T> {
  items: T[];
  next: string | null;
  count?: number | null;
}

export interface Me {
  username: string;
  display_name: string;
  roles: string[];
  permissions: string[];
  preferences: Record<string, string>;
}

export interface ArmReview {
  program: string;
  revision: number;
  environment: string;
  sentences_en: string[];
  sentences_zh: string[];
  action_en?: string;
  action_zh?: string;
  legs: { instrument: string; side: string; lots: number; quantity: string; unit?: string; role?: string; price_now?: Decimal | null; currency?: string }[];
  worst_cost: Decimal | null;
  worst_cost_currency?: string;
  executions_max: number;
  ttl_s: number;
  would_fire: boolean | null;
  limits: { kind: string; label_en?: string; label_zh?: string; instrument?: string; after?: Decimal | null; limit: Decimal | null }[];
}

/** `command_id` is null where the server asked a second person instead of sending anything. */
export interface CommandAccepted {
  command_id: string | null;
  approval_id?: number | null;
}

export interface PreviewedOrder {
  instrument: string;
  venue: string;
  leg: number;
  side: string;
  lots: number;
  price: Decimal;
  offset: string;
}

/** What an unwind or a flatten would trade first, as the engine sees the books now. */
export interface Preview {
  orders: PreviewedOrder[];
  cost: Decimal | null;
  held_units: number;
  units: number;
  clips: number;
  naked: number[];
  obstacle: string;
  as_of: Nanos;
  expires_at: Nanos;
  takes_two_people?: boolean;
}

export interface ForeignOrders {
  desk: string;
  orders: string[];
}

export interface Command {
  command_id: string;
  state: "pending" | "accepted" | "refused" | "unknown";
  code: string | null;
  text: string | null;
}

export interface LegFacts {
  instrument: string;
  venue: string;
  symbol?: string;
  role: "domestic" | "foreign";
  ratio_lots: number;
  hedge_flag?: string;
  prompt?: string;
  tick: Decimal;
  multiplier: Decimal;
  unit: string;
  currency: string;
  time_zone?: string;
  is_simulated?: boolean;
  source?: string;
}

export interface Program {
  name: string;
  desk?: string;
  pair: string;
  project?: string;
  revision: number;
  terms: Record<string, unknown>;
  state: string;
  reason?: string;
  armed_by?: string;
}

export interface PairDetail {
  code: string;
  project: string;
  common_unit: string;
  unit_quantity: string;
  fx_instrument: string | null;
  leg_age_max_ms: number;
  leg_skew_max_ms: number;
  fx_age_max_ms: number;
  hedgeable_min_s?: number;
  parity: Record<string, string> | null;
  legs: LegFacts[];
  programs: Program[];
  positions?: { instrument: string; long_lots?: number; short_lots?: number; net_lots: number; today_lots?: number; yesterday_lots?: number }[];
}

export interface ExecutionSummary {
  id: string;
  pair: string;
  program: string;
  project: string;
  direction: string;
  clips: number;
  outcome: string;
  started_at_ns: Nanos;
  ended_at_ns: Nanos | null;
  total_ns: Nanos | null;
  measure: string;
  measure_value: Decimal | null;
  trigger_value: Decimal | null;
  leg_gap_ns: Nanos | null;
  naked_peak_lots: Decimal | null;
  naked_lot_ms: Decimal | null;
  slippage: Decimal | null;
  fees: Decimal | null;
  currency: string;
  purpose?: string;
  mode?: string;
  lead_leg?: number | null;
  route?: number;
  shares?: { program: string; wanted_units: number; granted_units: number; reason: string }[];
  residual_lots?: number[];
  residual_owner?: string;
  residual_reason?: string;
  last_seq: number;
}

export interface Step {
  key: string;
  seq: number;
  group: string;
  label_key: string;
  values: Record<string, string>;
  at_ns: Nanos;
  duration_ns: Nanos | null;
  clock: string;
  leg: number | null;
}

export interface DecisionOption {
  name: string;
  target_units: number;
  lots_by_leg: number[];
  cost: Decimal | null;
  reason: string;
}

export interface Decision {
  seq: number;
  at_ns: Nanos;
  purpose: string;
  measure_value: Decimal | null;
  trigger_value: Decimal | null;
  limits_version: string;
  orders: string[];
  options: DecisionOption[];
}

export interface ChildOrder {
  client_order_id: string;
  venue_order_id: string;
  venue: string;
  instrument: string;
  leg: number;
  attempt: number;
  purpose: string;
  side: string;
  lots: number;
  filled_lots: number;
  price: Decimal;
  time_in_force: string;
  offset: string;
  state: string;
  sent_at_ns: Nanos | null;
  accepted_at_ns: Nanos | null;
  closed_at_ns: Nanos | null;
  close_reason: string;
  reject_code: string;
  reject_text: string;
}

export interface Fill {
  client_order_id: string;
  fill_id: string;
  venue: string;
  instrument: string;
  leg: number;
  side: string;
  lots: number;
  price: Decimal;
  exchange_at_ns: Nanos | null;
  recorded_at_ns: Nanos;
}

export interface ExecutionDetail {
  summary: ExecutionSummary;
  t0_ns: Nanos;
  steps: Step[];
  orders: ChildOrder[];
  fills: Fill[];
  decisions: Decision[];
  naked_band: { at_ns: Nanos; lots: Decimal }[];
  receipts: { stream: string; first_seq: number; last_seq: number; count: number } | null;
}

export interface Approval {
  id: number;
  kind: string;
  subject: string;
  request: Record<string, unknown> | null;
  base_version: number | null;
  reason: string;
  requested_by: string;
  requested_at: string;
  expires_at: string | null;
  state: string;
  decided_by: string;
  decided_at: string | null;
  note: string;
  is_expired: boolean;
  can_decide: boolean;
}

export interface Threshold {
  id: number;
  desk: string;
  kind: string;
  unit: string;
  label_en: string;
  label_zh: string;
  scope_venue: string;
  scope_instrument: string;
  scope_pair: string;
  hard: Decimal;
  warn: Decimal | null;
  version: number;
  changed_at: string | null;
  changed_by: string;
  reason: string;
  pending: Approval | null;
}

export interface Thresholds {
  versions: { desk: string; version: number; hash: string; in_force_version: number | null }[];
  thresholds: Threshold[];
}

export interface Receipt {
  stream: string;
  seq: number;
  at_ns: Nanos;
  kind: string;
  actor: string;
  project: string;
  pair: string;
  program: string;
  execution: string;
  instruments: string[];
  body: string;
  prev_hash: string;
  hash: string;
}

/** Counting stops at 10,000. */
export interface ReceiptPage {
  items: Receipt[];
  count: number;
  next_cursor: string;
}

export interface StreamVerdict {
  stream: string;
  records: number;
  first_seq: number;
  last_seq: number;
  head_hash: string;
  checkpoints: number;
  project_records: number | null;
  is_sound: boolean;
  first_break: { seq: number; problem: string; expected: string; found: string } | null;
}

export interface Verification {
  sound: boolean;
  project: string;
  streams: StreamVerdict[];
}

export interface Project {
  code: string;
  name: string;
  name_zh: string;
  stage: string;
  stage_since: string;
  owner: string;
  members: string[];
}

export interface ProjectDetail extends Project {
  records: number;
  exports: { format: string; file_name: string; requested_by: string; at_ns: Nanos; from_ns: Nanos | null; until_ns: Nanos | null; records: number; sha256: string }[];
}

export interface VenueInstrument {
  code: string;
  symbol?: string;
  is_pricing_only?: boolean;
  time_zone?: string;
  sessions?: { phases: string[][]; valid_from: string; source: string } | null;
  input_kind?: string;
  input_label?: string;
}

export interface VenueInfo {
  desk?: string;
  venue: string;
  kind: string;
  side: string;
  currency?: string;
  is_simulated: boolean;
  input_kind: string;
  input_label: string;
  is_around_the_clock?: boolean;
  address?: string;
  account?: string;
  instruments: VenueInstrument[];
  live: Record<string, unknown> | null;
}

export interface EngineInfo {
  desk: string;
  epoch: number;
  state: string;
  reason: string;
  journal_seq: number;
  recorded_at_ns: Nanos;
  copied_at_ns: Nanos;
  problem: string;
  live: Record<string, unknown> | null;
}

export interface Venues {
  venues: VenueInfo[];
  engines: EngineInfo[];
}

export interface PositionSide {
  today: number;
  yesterday: number;
  frozen: number;
}

export interface PositionLine {
  venue: string;
  instrument: string;
  hedge_flag: string;
  prompt: string;
  long: PositionSide;
  short: PositionSide;
  net: number;
  venue_lots: { long: number; short: number } | null;
  is_broken: boolean;
  is_current: boolean;
}

export interface PairPosition {
  pair: string;
  unit: string;
  unit_quantity: string;
  matched_units: number;
  legs: { instrument: string; role: string; ratio_lots: number; lots: number; quantity: Decimal; residual_lots: number; residual: Decimal }[];
  net_quantity: Decimal;
  is_naked: boolean;
}

export interface DeskPositions {
  desk: string;
  live: boolean;
  at: Nanos | null;
  venues: { venue: string; trading_day: string; offset_rule: string; tells_positions: boolean; is_compared: boolean; reported_at: Nanos | null }[];
  lines: PositionLine[];
  pairs: PairPosition[];
}
