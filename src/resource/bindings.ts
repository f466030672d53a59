/** Bindings with what is still to be done for them, which is read by nobody but this server. */

import { Buffer } from 'node:buffer'
import type { JsonObject } from '#base/json-type.ts'
import type { Seal } from '#secret/seal.ts'
import type { BindingRow, BindingStore } from './port.ts'

type Named = Pick<BindingRow, 'id' | 'holder'>

export type Bindings = BindingStore & {
  /** What is to be done for a binding, sealed for it alone. */
  readonly sealWork: (named: Named, work: JsonObject) => Uint8Array
  /** `null` = there is nothing to do. */
  readonly workOf: (row: Pick<BindingRow, 'id' | 'holder' | 'work'>) => JsonObject | null
}

const placeOf = ({ id, holder }: Named): string => `binding/${holder}/${id}`

/** Over a store of rows. */
export const makeBindings = (store: BindingStore, seal: Seal): Bindings => ({
  keepBinding: store.keepBinding,
  binding: store.binding,
  bindings: store.bindings,
  changeBinding: store.changeBinding,
  dropBinding: store.dropBinding,
  dueBindings: store.dueBindings,
  claimBinding: store.claimBinding,
  boundModels: store.boundModels,
  sweepBindings: store.sweepBindings,
  sealWork: (named, work) => seal.close(placeOf(named), Buffer.from(JSON.stringify(work))),
  workOf: (row) =>
    row.work === null ? null : (JSON.parse(seal.open(placeOf(row), row.work).toString('utf8')) as JsonObject),
})
