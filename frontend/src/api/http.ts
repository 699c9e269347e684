/** One way to the server: session cookie, CSRF token, JSON both ways, and one error type with a stable code. */

export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    readonly fields: Record<string, string[]> = {},
  ) {
    super(message);
  }

  /** No answer reached us: the request may or may not have been carried out. */
  get isUnanswered(): boolean {
    return this.status === 0;
  }
}

export type Query = Record<string, string | number | null | undefined>;

let onUnauthorized: () => void = () => undefined;
export const whenUnauthorized = (run: () => void) => (onUnauthorized = run);

export function address(path: string, query: Query = {}): string {
  const params = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) if (value != null && value !== "") params.set(name, String(value));
  const text = params.toString();
  return `/api/${path}${text ? `?${text}` : ""}`;
}

function cookie(name: string): string {
  return document.cookie.split("; ").find((pair) => pair.startsWith(`${name}=`))?.slice(name.length + 1) ?? "";
}

/** Integers beyond 2^53 (nanoseconds) stay exact: they become digit strings. */
export function parseExact(text: string): unknown {
  type Context = { source?: string } | undefined;
  const revive = (_key: string, value: unknown, context?: Context) =>
    typeof value === "number" && !Number.isSafeInteger(value) && Number.isInteger(value) && context?.source ? context.source : value;
  return JSON.parse(text, revive as (key: string, value: unknown) => unknown);
}

async function failure(response: Response): Promise<ApiError> {
  let body: Record<string, unknown> = {};
  try {
    body = (await response.json()) as Record<string, unknown>;
  } catch {
    body = {};
  }
  const code = typeof body.code === "string" ? body.code : `http_${response.status}`;
  const message = typeof body.message === "string" ? body.message : typeof body.detail === "string" ? body.detail : response.statusText;
  return new ApiError(response.status, code, message, (body.fields ?? {}) as Record<string, string[]>);
}

export interface Options {
  query?: Query;
  body?: unknown;
  idempotencyKey?: string;
  timeoutMs?: number;
}

export async function request<T>(method: string, path: string, options: Options = {}): Promise<T> {
  const headers: Record<string, string> = { Accept: "application/json" };
  if (options.body !== undefined) headers["Content-Type"] = "application/json";
  if (method !== "GET") headers["X-CSRFToken"] = cookie("__Host-csrftoken") || cookie("csrftoken");
  if (options.idempotencyKey) headers["Idempotency-Key"] = options.idempotencyKey;
  let response: Response;
  try {
    response = await fetch(address(path, options.query), {
      method, headers, credentials: "same-origin",
      body: options.body === undefined ? undefined : JSON.stringify(options.body),
      signal: AbortSignal.timeout(options.timeoutMs ?? 15_000),
    });
  } catch (error) {
    throw new ApiError(0, "unreachable", error instanceof Error ? error.message : String(error));
  }
  if (response.ok) return (response.status === 204 ? null : parseExact(await response.text())) as T;
  const error = await failure(response);
  if (error.status === 401 || error.code === "not_authenticated") onUnauthorized();
  throw error;
}

export const get = <T>(path: string, query?: Query) => request<T>("GET", path, { query });
export const post = <T>(path: string, body: unknown = {}, idempotencyKey?: string) => request<T>("POST", path, { body, idempotencyKey });
export const put = <T>(path: string, body: unknown) => request<T>("PUT", path, { body });
export const patch = <T>(path: string, body: unknown) => request<T>("PATCH", path, { body });

export interface Download {
  name: string;
  content: Blob;
  sha256: string;
}

/** Fetches a file; a refusal becomes an ApiError instead of a file full of JSON. */
export async function download(path: string, query: Query): Promise<Download> {
  let response: Response;
  try {
    response = await fetch(address(path, query), { credentials: "same-origin", signal: AbortSignal.timeout(120_000) });
  } catch (error) {
    throw new ApiError(0, "unreachable", error instanceof Error ? error.message : String(error));
  }
  if (!response.ok) throw await failure(response);
  const name = /filename="([^"]+)"/.exec(response.headers.get("Content-Disposition") ?? "")?.[1];
  return { name: name ?? path.split("/").slice(-2).join("-"), content: await response.blob(), sha256: response.headers.get("X-Content-SHA256") ?? "" };
}
