/** A rehearsal in which nothing is asked and everything is well: for tests of what is done with it. */

import type { Preflight } from '#migration/preflight.ts'
import type { Errands } from '#relay/errand.ts'

const noErrands: Errands = {
  mostOf: () => ({ nanoUsd: 0n, tokens: 0 }),
  send: () => Promise.reject(new Error('no provider can be asked here')),
}

export const testRehearsal = {
  declared: async () => [],
  errands: noErrands,
  preflight: async (): Promise<Preflight> => ({ atMs: 0, checks: [], nanoUsd: '0' }),
}
