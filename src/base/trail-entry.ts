/** Who did what, with the values before and after; secrets masked. Written in the transaction of the change. */
export type TrailEntry = {
  readonly id: string
  readonly timeMs: number
  /** `key:key_…`, `local` (the command line on this machine), `system`. */
  readonly actor: string
  readonly operation: string
  readonly object: string
  readonly before: string | null
  readonly after: string | null
  readonly requestId: string | null
}
