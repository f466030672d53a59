/** Keeps the bodies of a call on its record, where the operator has turned that on; bounded. */

import type { Call } from '#protocol/call.ts'
import type { Draft } from './draft.ts'

/** Of each body no more than this is kept. */
export const keptBodyBytesMax = 262_144

export type BodyKeeper = { readonly keep: (bytes: Uint8Array) => void; readonly finish: () => void }

export const bodyKeeper = (draft: Draft, call: Call): BodyKeeper => {
  const pieces: Uint8Array[] = []
  let leftBytes = keptBodyBytesMax
  return {
    keep: (bytes) => {
      if (leftBytes <= 0) return
      pieces.push(bytes.subarray(0, leftBytes))
      leftBytes -= bytes.length
    },
    finish: () => {
      draft.requestBody =
        call.payload.kind === 'json'
          ? call.payload.top.source.subarray(0, keptBodyBytesMax).toString('utf8')
          : JSON.stringify(call.body()).slice(0, keptBodyBytesMax)
      draft.responseBody = Buffer.concat(pieces).toString('utf8')
    },
  }
}
