/** What went wrong on the way to an upstream, in Drover's words. */

import { Problem } from '#base/problem.ts'

const dnsCodes: ReadonlySet<string> = new Set(['ENOTFOUND', 'EAI_AGAIN', 'EAI_FAIL', 'EAI_NODATA', 'EAI_NONAME'])
const connectCodes: ReadonlySet<string> = new Set([
  'ECONNREFUSED',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'EHOSTDOWN',
  'ENETDOWN',
  'EADDRNOTAVAIL',
  'EMFILE',
  'ENFILE',
])
const timeoutCodes: ReadonlySet<string> = new Set(['ETIMEDOUT', 'UND_ERR_CONNECT_TIMEOUT'])
const resetCodes: ReadonlySet<string> = new Set([
  'ECONNRESET',
  'EPIPE',
  'UND_ERR_SOCKET',
  'UND_ERR_CLOSED',
  'UND_ERR_DESTROYED',
])
const tlsForm =
  /^(?:ERR_TLS|ERR_SSL|EPROTO|CERT_|UNABLE_TO_|SELF_SIGNED|DEPTH_ZERO|HOSTNAME_MISMATCH|INVALID_CA|ERR_OSSL)/

export type Fault = 'dns' | 'connect' | 'tls' | 'reset' | 'protocol'

const sentences: Readonly<Record<Fault, string>> = {
  dns: "The provider's host cannot be resolved",
  connect: 'The provider cannot be reached',
  tls: 'No secure connection to the provider could be made',
  reset: 'The provider closed the connection before its answer was complete',
  protocol: 'The provider answered something that is not HTTP/1.1',
}

const codeOf = (error: unknown): string => {
  const { code, errors } = error as { code?: unknown; errors?: readonly unknown[] }
  if (typeof code === 'string') return code
  return errors?.[0] === undefined ? '' : codeOf(errors[0])
}

const faultOf = (code: string): Fault => {
  if (dnsCodes.has(code)) return 'dns'
  if (connectCodes.has(code)) return 'connect'
  if (tlsForm.test(code)) return 'tls'
  return resetCodes.has(code) ? 'reset' : 'protocol'
}

/** The deadline is `connect` or `headers`; the message names it. */
export const deadlineProblem = (deadline: 'connect' | 'headers', timeoutMs: number): Problem => {
  const what = deadline === 'connect' ? 'did not accept a connection' : 'did not begin to answer'
  return new Problem('upstream_timeout', {
    message: `The provider ${what} within ${timeoutMs} ms, the deadline "${deadline}".`,
    facts: { deadline, timeout_ms: timeoutMs },
  })
}

/** A fault by its name, with the system's own error inside. */
export const faultProblem = (fault: Fault, cause: unknown): Problem => {
  const code = codeOf(cause)
  return new Problem('upstream_error', {
    message: `${sentences[fault]}${code === '' ? '' : ` (${code})`}.`,
    facts: { fault },
    cause,
  })
}

/** The problem behind an error of the network, whatever layer it came from. A problem stays itself. */
export const networkProblem = (error: unknown, connectTimeoutMs: number): Problem => {
  if (error instanceof Problem) return error
  const { cause } = error as { cause?: unknown }
  if (cause instanceof Problem) return cause
  const code = codeOf(error)
  if (timeoutCodes.has(code)) return deadlineProblem('connect', connectTimeoutMs)
  return faultProblem(faultOf(code), error)
}
