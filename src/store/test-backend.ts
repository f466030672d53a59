/** A backend as the contracts need it. */

import type { TestContext } from 'node:test'
import type { Clock } from '#base/clock.ts'
import type { Store } from './face.ts'

export type OpenBackend = {
  readonly name: string
  /** An empty store, closed when the test is over. */
  readonly open: (context: TestContext, clock: Clock) => Promise<Store>
}
