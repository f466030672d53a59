/** Several writes as one: all of them are kept or none. */

import assert from 'node:assert/strict'
import type { StoreOperation } from './context.ts'
import { write } from './context.ts'

export type AskedWrite = { readonly name: string; readonly input: unknown }

/** Of these operations; in the order in which they are asked. */
export const togetherOperations = (operations: Readonly<Record<string, unknown>>) => ({
  together: write(async (transaction, writes: readonly AskedWrite[]): Promise<void> => {
    for (const { name, input } of writes) {
      const operation = operations[name] as StoreOperation<unknown, unknown> | undefined
      assert(operation?.kind === 'write', `${name} does not write`)
      await operation.run(transaction, input)
    }
  }),
})
