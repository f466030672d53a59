/** What administration needs kept of providers and models that were applied. Re-exported by `port.ts`. */

import type { TrailRow } from './rows.ts'

export type AppliedKind = 'provider' | 'model'

export type AppliedRow = {
  readonly kind: AppliedKind
  readonly name: string
  /** What a file said of it, as JSON, without credentials. */
  readonly document: string
  /** Its credentials under the server's key, bound to its name and to where they are sent; `null` = it has none. */
  readonly sealed: Uint8Array | null
  /** Keyed hash of them, by which the same ones are known again; `null` = it has none. */
  readonly digest: string | null
  /** When they came. */
  readonly sealedMs: number | null
  readonly changedMs: number
}

/** What is to be kept, and what the trail says of it. */
export type AppliedSetting = { readonly row: AppliedRow; readonly trail: TrailRow }

export type AppliedStore = {
  /** All of them, by kind and name. */
  readonly applied: () => Promise<readonly AppliedRow[]>
  /** Puts each in the place of the one of that name, if any. Rejects with `conflict` where there would be too many. */
  readonly setApplied: (settings: readonly AppliedSetting[]) => Promise<void>
  /** Gives whether there was one. */
  readonly removeApplied: (
    which: { readonly kind: AppliedKind; readonly name: string },
    trail: TrailRow,
  ) => Promise<boolean>
}
