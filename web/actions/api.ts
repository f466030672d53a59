/** Calls of the relay's admin API: one function, typed by the contract. */

import type { Input, Known, Output } from './contract.ts'
import { places } from './contract.ts'

/** A sentence of the relay as data: its code, what is filled in, and its English. */
export type SaidHere = {
  readonly code: string
  readonly given: Readonly<Record<string, unknown>>
  readonly text: string
}

const prefix = '/api/v1'
const timeoutMs = 60_000

/** A refusal, as the relay worded it: what, why, and what to do. */
export class ApiProblem extends Error {
  readonly status: number
  readonly code: string
  readonly param: string | null
  readonly requestId: string | null
  /** The message as data; `null` = it has no code, and is English. */
  readonly said: SaidHere | null

  constructor(facts: {
    readonly status: number
    readonly code: string
    readonly message: string
    readonly param?: string | null
    readonly requestId?: string | null
    readonly said?: SaidHere | null
  }) {
    super(facts.message)
    this.name = 'ApiProblem'
    this.status = facts.status
    this.code = facts.code
    this.param = facts.param ?? null
    this.requestId = facts.requestId ?? null
    this.said = facts.said ?? null
  }
}

/** Whoever is listened to when the session has ended. */
export const signedOutEvent = 'drover:signed-out'

type ErrorBody = {
  readonly error?: {
    readonly message?: string
    readonly code?: string
    readonly param?: string | null
    readonly said?: SaidHere
  }
}

/** The problem that an answer is. */
export const problemOf = async (response: Response): Promise<ApiProblem> => {
  const requestId = response.headers.get('x-request-id')
  const body = (await response.json().catch(() => ({}))) as ErrorBody
  const { message, code, param, said } = body.error ?? {}
  return new ApiProblem({
    status: response.status,
    code: code ?? 'unreadable',
    message: message ?? `The relay answered ${response.status} without a reason.`,
    param: param ?? null,
    requestId,
    said: said ?? null,
  })
}

/** One request to the relay; what cannot be reached is a problem as well. */
export const send = async (path: string, init: RequestInit): Promise<Response> => {
  try {
    return await fetch(path, { credentials: 'same-origin', signal: AbortSignal.timeout(timeoutMs), ...init })
  } catch (cause) {
    if (init.signal?.aborted) throw cause
    throw new ApiProblem({ status: 0, code: 'unreachable', message: 'The relay cannot be reached from this browser.' })
  }
}

const textOf = (value: unknown): string => (Array.isArray(value) ? value.join(',') : String(value))

/** Where a request goes and with what: names in braces are taken out of the input. */
const requestOf = (words: Known, input: Readonly<Record<string, unknown>>) => {
  const [method, pattern] = places[words]
  const rest = new Map(Object.entries(input).filter(([, value]) => value !== undefined && value !== ''))
  const path = pattern.replace(/\{(\w+)\+?\}/g, (_whole, name: string) => {
    const value = textOf(rest.get(name) ?? '')
    rest.delete(name)
    return encodeURIComponent(value)
  })
  if (method === 'GET' || method === 'DELETE') {
    const query = new URLSearchParams([...rest].map(([name, value]) => [name, textOf(value)]))
    return { method, path: `${prefix}${path}${query.size === 0 ? '' : `?${query}`}`, body: null }
  }
  return { method, path: `${prefix}${path}`, body: JSON.stringify(Object.fromEntries(rest)) }
}

/** The address of an operation that is read, for a link that downloads. */
export const addressOf = <W extends Known>(words: W, input: Input<W>): string =>
  requestOf(words, input as Readonly<Record<string, unknown>>).path

const once = async <W extends Known>(words: W, input: Input<W>, signal?: AbortSignal): Promise<Output<W>> => {
  const { method, path, body } = requestOf(words, input as Readonly<Record<string, unknown>>)
  const response = await send(path, {
    method,
    headers: { accept: 'application/json', ...(body === null ? {} : { 'content-type': 'application/json' }) },
    body,
    ...(signal === undefined ? {} : { signal }),
  })
  if (response.ok) return (await response.json()) as Output<W>
  throw await problemOf(response)
}

/** What the page is told when a person must prove again who they are, and how it answers. */
export type StepUpRequest = { readonly action: string; readonly proven: () => void; readonly refused: () => void }
export const stepUpEvent = 'drover:step-up'

/** Asks the person; rejects with the refusal where they would not. */
const askForProof = (action: string, refusal: ApiProblem): Promise<void> =>
  new Promise((resolve, reject) => {
    const detail: StepUpRequest = { action, proven: resolve, refused: () => reject(refusal) }
    window.dispatchEvent(new CustomEvent(stepUpEvent, { detail }))
  })

/**
 * Runs an operation. Where it wants a fresh proof of who asks, the person is asked for it and it runs once more.
 * @throws ApiProblem where the relay refused or cannot be reached.
 */
export const call = async <W extends Known>(words: W, input: Input<W>, signal?: AbortSignal): Promise<Output<W>> => {
  try {
    return await once(words, input, signal)
  } catch (fault) {
    if (!(fault instanceof ApiProblem)) throw fault
    if (fault.code === 'step_up_required') {
      await askForProof(words, fault)
      return await once(words, input, signal)
    }
    if (fault.code === 'signed_out') window.dispatchEvent(new Event(signedOutEvent))
    throw fault
  }
}
