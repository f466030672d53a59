/** What administration asks of the room that reads applied providers and models. */

import type { FileFault } from '#base/read-document.ts'
import type { AppliedRow } from './applied-store.ts'

export type AppliedWish = {
  /** As a file has them, by name. */
  readonly providers: Readonly<Record<string, unknown>>
  readonly models: Readonly<Record<string, unknown>>
  /** Whoever asks is on the machine of the server. */
  readonly isHere: boolean
}

/** `before`: `null` = it is new. */
export type AppliedChange = { readonly row: AppliedRow; readonly before: AppliedRow | null }

export type AppliedReading = {
  /** Everything that is wrong, with its place; never the value of a secret. */
  readonly faults: readonly FileFault[]
  readonly changes: readonly AppliedChange[]
  readonly unchanged: number
}

/** Providers and models that are applied, as the running relay takes them. */
export type AppliedPorts = {
  /** Holds what a file says against drover.yaml and what was applied before. Keeps nothing. */
  readonly read: (wish: AppliedWish) => Promise<AppliedReading>
  /** Tells the running relay that they have changed; resolves when its snapshot holds the change. */
  readonly changed: () => Promise<void>
}
