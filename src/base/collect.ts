/** Collections of garbage that are asked for, by whichever thread asks. */

import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

type Collect = (how: { readonly type: 'major'; readonly flavor?: 'last-resort' }) => void

export type Collector = {
  /** Some tens of milliseconds, in which the thread stands still. */
  readonly collect: () => void
  /** Also what V8 keeps for its next work, compiled code among it; some hundred milliseconds. */
  readonly empty: () => void
}

/**
 * V8 has to be told that it may be asked, which `bin/drover` does at the start. To tell it later costs every thread what Node has kept of its
 * compiled code: that is of other flags then.
 */
const askingV8 = (): Collect => {
  if (globalThis.gc !== undefined) return globalThis.gc as Collect
  setFlagsFromString('--expose-gc')
  return runInNewContext('gc') as Collect
}

/** Collects in the thread that calls this. */
export const collector = (): Collector => {
  const gc = askingV8()
  return { collect: () => gc({ type: 'major' }), empty: () => gc({ type: 'major', flavor: 'last-resort' }) }
}
