/** What is known of a kind of endpoint: where it deviates on purpose or by habit, so that it can pass as what it is. */

import type { Provocations, Wire } from '#probe/probe.ts'

export type Profile = {
  readonly name: string
  /** For people. */
  readonly title: string
  /** Hosts that are this endpoint. */
  readonly hosts: readonly string[]
  readonly wire: Wire
  /** Why a failure of this probe is no surprise. A clear refusal needs no entry: it is `unsupported`. */
  readonly expected: Readonly<Record<string, string>>
  readonly provoke: Provocations
  /** What holds under a key of the endpoint's own sandbox only, which can be told to refuse. */
  readonly sandbox?: Pick<Profile, 'expected' | 'provoke'> & { readonly keyPrefix: string }
}
