/** What is probed. */

import type { Wire } from '#probe/probe.ts'

export type Endpoint = {
  /** With the version segment, no trailing slash. */
  readonly baseUrl: string
  readonly model: string
  /** `null` = none is sent. */
  readonly key: string | null
}

export type Target = Endpoint & {
  readonly wire: Wire
  /** Of another site of the same vendor. */
  readonly otherKey: string | null
  readonly reference: Endpoint | null
}

/** Every credential that must not be shown. */
export const secretsOf = ({ key, otherKey, reference }: Target): readonly string[] =>
  [key, otherKey, reference?.key ?? null].filter((secret) => secret !== null && secret !== '').map(String)
