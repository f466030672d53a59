/** Checks of a server that runs: what it says of itself, and secrets that it cannot fetch. */

import { isObject } from '#base/json-type.ts'
import { askServer } from '#cli/ask-server.ts'
import type { Finding } from './check.ts'
import { ok, warn } from './check.ts'

const answerTimeoutMs = 5000

export type Running = { readonly version: string | null; readonly ready: boolean; readonly words: readonly string[] }

const textsIn = (value: unknown): readonly string[] =>
  Array.isArray(value) ? value.filter((one) => typeof one === 'string') : []

const checksIn = (value: unknown): readonly string[] =>
  Array.isArray(value)
    ? value.flatMap((one) => (isObject(one) && one['ok'] === false ? [String(one['detail'] ?? one['name'])] : []))
    : []

type Place = { readonly url: string; readonly certificate: string | null }

const page = async (
  { url, certificate }: Place,
  path: string,
): Promise<{ readonly isOk: boolean; readonly body: Readonly<Record<string, unknown>> }> => {
  const signal = AbortSignal.timeout(answerTimeoutMs)
  const { status, text } = await askServer({ url: new URL(`${url}${path}`), signal, certificate })
  const body: unknown = JSON.parse(text)
  return { isOk: status === 200, body: isObject(body) ? body : {} }
}

/** What the server says; `null` = it gives no answer that can be read. */
export const askRunning = async (server: Place): Promise<Running | null> => {
  try {
    const [alive, ready] = [await page(server, '/health/liveness'), await page(server, '/health/readiness')]
    const { version } = alive.body
    return {
      version: typeof version === 'string' ? version : null,
      ready: ready.isOk,
      words: [...checksIn(ready.body['checks']), ...textsIn(ready.body['warnings'])],
    }
  } catch {
    // That it does not answer is what the check of the lock says.
    return null
  }
}

/** `null` = none runs. */
export const checkReadiness = (running: Running | null): Finding => {
  const words = { id: 'readiness', title: 'Readiness' }
  if (running === null) return ok({ ...words, detail: 'no server to ask' })
  const detail = running.words.length === 0 ? 'ready, without a warning' : running.words.join('; ')
  if (running.ready && running.words.length === 0) return ok({ ...words, detail })
  return warn({ ...words, detail, mend: 'Do what the words say; docs/operate has a page for each part.' })
}

/** Whether the command line and the server are of one version. */
export const checkVersion = (running: Running | null, own: string): Finding => {
  const words = { id: 'version', title: 'Version' }
  if (running === null || running.version === null || running.version === own) return ok({ ...words, detail: own })
  return warn({
    ...words,
    detail: `the server is ${running.version}, this command line ${own}`,
    mend: "Restart the server with the new version, or use the command line of the server's.",
  })
}

/** Whether secrets that are kept elsewhere could be fetched just now. */
export const checkSecretManagers = (isUsed: boolean, warnings: readonly string[]): Finding => {
  const words = { id: 'secret-managers', title: 'Secret managers' }
  if (warnings.length > 0)
    return warn({
      ...words,
      detail: warnings.join('; '),
      mend: 'Mend the way to it, or its policy (docs/operate/secret-managers.md).',
    })
  return ok({ ...words, detail: isUsed ? 'asked, and answered' : 'none is asked' })
}
