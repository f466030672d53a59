/** What is still to be done for a job of fine-tuning. */

import type { JsonObject } from '#base/json-type.ts'
import type { Bindings } from '#resource/bindings.ts'
import type { BindingRow } from '#resource/port.ts'

export type TuningWork = {
  /** The call whose hold pays; there may be none for it. */
  readonly call: string
  /** The model to train from, as the caller wrote it. */
  readonly model: string
  /** As the provider knows it. */
  readonly target: string
  readonly tags: Readonly<Record<string, string>>
  readonly callSite: string | null
  readonly session: string | null
}

export const tuningWorkOf = (bindings: Bindings, row: BindingRow): TuningWork | null =>
  bindings.workOf(row) as unknown as TuningWork | null

export const sealedTuning = (
  bindings: Bindings,
  named: Pick<BindingRow, 'id' | 'holder'>,
  work: TuningWork,
): Uint8Array => bindings.sealWork(named, work as unknown as JsonObject)
