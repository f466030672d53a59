/** What the process gives to every room: its clock, its chance, its streams, where its files lie. */

import type { Clock } from '#base/clock.ts'
import type { Ids } from '#base/id.ts'

export type Machine = {
  readonly clock: Clock
  readonly ids: Ids
  /** The package: catalog/, assets/. */
  readonly root: URL
  /** Drover's own. */
  readonly version: string
  readonly pid: number
  readonly environment: Readonly<Record<string, string | undefined>>
  readonly stdout: (text: string) => void
  readonly stderr: (text: string) => void
  /** Aborts when the process is to end: a signal, or the death of the npm that started it. */
  readonly stopping: AbortSignal
}
