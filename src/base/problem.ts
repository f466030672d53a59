/**
 * The one table of expected failures. A code here is the code on the wire, and docs/reference/errors.md lists
 * the same codes and no other (held by a test).
 */

import type { Sentence } from './sentence.ts'

/** Who has to act: the caller, an operator's policy, the upstream provider, or Drover itself. */
export type Blame = 'caller' | 'policy' | 'upstream' | 'drover'

/** Whether a repeat of the same call can succeed: not at all, after a wait, or at once. */
export type Retry = 'never' | 'later' | 'now'

export type ProblemRow = {
  readonly status: number
  readonly blame: Blame
  readonly retry: Retry
  /** What the books do with a call that ends so: nothing is charged, or what was delivered is. */
  readonly bill: 'nothing' | 'delivered'
  /** The `error.type` that the OpenAI SDKs expect beside the status. */
  readonly type: string
  /** One sentence for the manual: cause and mend. */
  readonly mend: string
}

const row = (
  status: number,
  [blame, retry]: readonly [Blame, Retry],
  rest: { type: string; mend: string; bill?: 'delivered' },
): ProblemRow => ({ status, blame, retry, bill: rest.bill ?? 'nothing', type: rest.type, mend: rest.mend })

export const problems = {
  invalid_api_key: row(401, ['caller', 'never'], {
    type: 'invalid_request_error',
    mend: 'Send a current key of this server as "Authorization: Bearer KEY". The message says why this one was refused.',
  }),
  ambiguous_credentials: row(400, ['caller', 'never'], {
    type: 'invalid_request_error',
    mend: 'Two headers carry different credentials. Remove the one that the message names.',
  }),
  model_not_found: row(400, ['caller', 'never'], {
    type: 'invalid_request_error',
    mend: 'Use an id that GET /v1/models lists for this key; the message names the nearest ones.',
  }),
  model_retired: row(400, ['caller', 'never'], {
    type: 'invalid_request_error',
    mend: 'The vendor has switched this model off. Use the successor that the message names.',
  }),
  invalid_request_error: row(400, ['caller', 'never'], {
    type: 'invalid_request_error',
    mend: 'Correct the field that "param" and the message name.',
  }),
  invalid_json: row(400, ['caller', 'never'], {
    type: 'invalid_request_error',
    mend: 'The body is not a JSON object. The message gives the byte where reading stopped.',
  }),
  unsupported_parameter: row(400, ['caller', 'never'], {
    type: 'invalid_request_error',
    mend: 'The model cannot take this value. Leave the field out, or let the target adjust it with "params: shim".',
  }),
  content_blocked: row(400, ['policy', 'never'], {
    type: 'invalid_request_error',
    mend: 'A guardrail of the operator refused the content. The message names the rule.',
  }),
  price_unknown: row(400, ['policy', 'never'], {
    type: 'invalid_request_error',
    mend: 'This account pays, and the model has no price. Ask the operator to set one.',
  }),
  context_length_exceeded: row(400, ['caller', 'never'], {
    type: 'invalid_request_error',
    mend: 'Shorten the input, or choose a model with a longer context.',
  }),
  credit_exhausted: row(402, ['policy', 'never'], {
    type: 'insufficient_quota',
    mend: 'Add credit. The message gives the balance and what the call needs.',
  }),
  ip_not_allowed: row(403, ['policy', 'never'], {
    type: 'permission_error',
    mend: 'This key may not be used from this address. Call from an allowed one, or change the key.',
  }),
  invalid_credentials: row(401, ['caller', 'never'], {
    type: 'invalid_request_error',
    mend: 'The mail address, the password or the code is wrong. Which of them is not told. Reset the password if it is forgotten.',
  }),
  second_factor_required: row(401, ['caller', 'never'], {
    type: 'invalid_request_error',
    mend: 'The password is right, and a code is asked for. Send "totp" or "recovery_code" with it.',
  }),
  step_up_required: row(403, ['caller', 'never'], {
    type: 'permission_error',
    mend: 'Prove again who you are for the action that "facts" names (POST /api/v1/session/step-up), then repeat the request.',
  }),
  signed_out: row(401, ['caller', 'never'], {
    type: 'invalid_request_error',
    mend: 'There is no session, or it has ended. Sign in again.',
  }),
  permission_denied: row(403, ['policy', 'never'], {
    type: 'permission_error',
    mend: 'This credential may not do that. Use one with the role that the message names.',
  }),
  not_found: row(404, ['caller', 'never'], {
    type: 'invalid_request_error',
    mend: 'No such path or object here. The message suggests the nearest path.',
  }),
  method_not_allowed: row(405, ['caller', 'never'], {
    type: 'invalid_request_error',
    mend: 'The path exists, with another method. The allow header lists those.',
  }),
  request_timeout: row(408, ['caller', 'now'], {
    type: 'invalid_request_error',
    mend: 'The request body did not arrive in time. Send it again.',
  }),
  conflict: row(409, ['caller', 'never'], {
    type: 'invalid_request_error',
    mend: 'The object is in another state, or the name is taken. Read it again before changing it.',
  }),
  idempotency_in_progress: row(409, ['caller', 'later'], {
    type: 'invalid_request_error',
    mend: 'The first call under this Idempotency-Key still runs. Repeat after "retry-after": its answer will be given again.',
  }),
  idempotency_not_replayable: row(409, ['caller', 'never'], {
    type: 'invalid_request_error',
    mend: 'The call under this Idempotency-Key has ended, was charged, and its answer is not kept. The message says why and names the call; send a new key to call anew.',
  }),
  body_too_large: row(413, ['caller', 'never'], {
    type: 'invalid_request_error',
    mend: 'The body is over the limit that the message gives ("server.body_limit", "server.upload_limit").',
  }),
  unsupported_media_type: row(415, ['caller', 'never'], {
    type: 'invalid_request_error',
    mend: 'Send the content-type that the message names.',
  }),
  idempotency_key_reused: row(422, ['caller', 'never'], {
    type: 'invalid_request_error',
    mend: 'This Idempotency-Key was sent with another request before. Use a new key for every new request.',
  }),
  headers_too_large: row(431, ['caller', 'never'], {
    type: 'invalid_request_error',
    mend: 'The request headers are over 16 KiB. Send fewer or smaller ones.',
  }),
  rate_limit_exceeded: row(429, ['policy', 'later'], {
    type: 'rate_limit_error',
    mend: 'Wait for "retry-after", or raise the limit that the message names.',
  }),
  budget_exceeded: row(429, ['policy', 'never'], {
    type: 'insufficient_quota',
    mend: 'The budget that the message names is spent until its reset.',
  }),
  no_available_provider: row(503, ['upstream', 'later'], {
    type: 'server_error',
    mend: 'No target of this model could be used. The message lists what was tried.',
  }),
  overloaded: row(503, ['drover', 'later'], {
    type: 'server_error',
    mend: 'The relay sheds load. Repeat after "retry-after".',
  }),
  store_unavailable: row(503, ['drover', 'later'], {
    type: 'server_error',
    mend: 'The store does not answer. Repeat after "retry-after"; the operator should look at it.',
  }),
  loop_detected: row(508, ['policy', 'never'], {
    type: 'invalid_request_error',
    mend: 'The request has come through four relays, as one does that two of them send to each other. The operator must name a vendor as the provider of one of them.',
  }),
  upstream_error: row(502, ['upstream', 'now'], {
    type: 'server_error',
    bill: 'delivered',
    mend: "The provider failed, refused the operator's credential, or answered something that is not its protocol.",
  }),
  upstream_overloaded: row(503, ['upstream', 'later'], {
    type: 'server_error',
    mend: 'The provider is at its limit, after retries. Repeat after "retry-after".',
  }),
  upstream_timeout: row(504, ['upstream', 'now'], {
    type: 'server_error',
    bill: 'delivered',
    mend: 'The provider did not answer within the deadline that the message names.',
  }),
  internal_error: row(500, ['drover', 'now'], {
    type: 'server_error',
    mend: 'A fault of Drover. Report it with the request id.',
  }),
} as const satisfies Record<string, ProblemRow>

export type ProblemCode = keyof typeof problems

/** An upstream's own answer, kept raw beside the unified problem. */
export type RawAnswer = {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: Uint8Array
  /** Written in another format than the caller's, so that it never passes as it came. */
  readonly foreign?: true
}

export type ProblemDetail = {
  /** What happened, why, and what to do: whole sentences, without secrets and without bodies. */
  readonly message: string
  /** The message as data, for those that are shown in several languages: `saying` of `refusal.ts`. */
  readonly said?: Sentence
  /** The request field at fault, as a path (`messages[2].content`). */
  readonly param?: string | null
  /** Overrides the row's status: only for an upstream's own 400/404/422 and for the sandbox. */
  readonly status?: number
  readonly retryAfterMs?: number
  /** Extra response headers, lower-case. */
  readonly headers?: Readonly<Record<string, string>>
  /** Facts for machines, placed beside the message where the protocol has room. */
  readonly facts?: Readonly<Record<string, string | number | boolean | null>>
  readonly raw?: RawAnswer
  readonly cause?: unknown
}

/** An expected failure. Thrown by code that awaits, returned by pure deciders. */
export class Problem extends Error {
  readonly code: ProblemCode
  readonly detail: ProblemDetail

  constructor(code: ProblemCode, detail: ProblemDetail) {
    super(detail.message, detail.cause === undefined ? undefined : { cause: detail.cause })
    this.name = 'Problem'
    this.code = code
    this.detail = detail
  }

  get row(): ProblemRow {
    return problems[this.code]
  }

  get status(): number {
    return this.detail.status ?? this.row.status
  }
}

/** The problem itself, or an `internal_error` around anything else that was thrown. */
export const asProblem = (thrown: unknown): Problem =>
  thrown instanceof Problem
    ? thrown
    : new Problem('internal_error', { message: 'Drover failed while handling this request.', cause: thrown })
