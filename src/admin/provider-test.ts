/** Asks a provider whether it is there and takes the key, by a call that costs nothing. */

import { z } from 'zod'
import { nearestOf } from '#base/nearest.ts'
import { Problem } from '#base/problem.ts'
import { askFreely } from '#relay/free-check.ts'
import { operation } from './operation.ts'

const timeoutMs = 10_000
const okMax = 299

const test = operation({
  noun: 'providers',
  verb: 'test',
  summary: 'Ask a provider now whether it is there and takes its first key, by a call that costs nothing.',
  method: 'POST',
  path: '/providers/{name}/test',
  scope: 'write',
  input: z.strictObject({ name: z.string().min(1).max(200).describe('The provider.') }),
  output: z.object({
    name: z.string(),
    ok: z.boolean(),
    status: z.int().nullable().describe('What it answered; null = it could not be reached.'),
    why: z.string().nullable(),
    duration_ms: z.number(),
  }),
  flags: [{ field: 'name', positional: true, describe: 'The provider.' }],
  render: ({ name, ok, why, duration_ms }) =>
    ok ? `${name} answers (${Math.round(duration_ms)} ms)\n` : `${name}: ${why}\n`,
  failure: ({ ok, name, why }) => (ok ? null : `${name}: ${why}`),
  run: async ({ name }, { ports, clock }) => {
    const providers = ports.routing.providers()
    const found = providers.find(({ upstream }) => upstream.provider.name === name)
    if (found === undefined) {
      const names = providers.map(({ upstream }) => upstream.provider.name)
      const near = nearestOf(name, names)[0]
      throw new Problem('not_found', {
        message: `There is no provider '${name}'.${near === undefined ? '' : ` Did you mean ${near}?`}`,
        param: 'name',
      })
    }
    const { upstream } = found
    const startedMs = clock.monotonicMs()
    const answered = await askFreely(upstream, upstream.credentialDigests.length === 0 ? null : 0, { clock, timeoutMs })
    const status = typeof answered === 'number' ? answered : null
    const ok = status !== null && status <= okMax
    const refusal = status === 401 || status === 403 ? 'it refuses the key' : `it answers ${status}`
    return {
      name,
      ok,
      status,
      why: ok ? null : typeof answered === 'string' ? answered : refusal,
      duration_ms: Math.round((clock.monotonicMs() - startedMs) * 10) / 10,
    }
  },
})

export const providerTestOperations = [test] as const
