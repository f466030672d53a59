/** A call on its way to an upstream of the same protocol: spliced, never written anew. */

import type { Buffer } from 'node:buffer'
import type { TopLevel } from '#base/json.ts'
import { hasMember, readMember, spliceTopLevel } from '#base/json.ts'
import type { Call, Converted, Edits } from '#protocol/call.ts'
import type { OutgoingCall, RequestTarget } from '#protocol/protocol.ts'
import { boundaryOf, writeForm } from './outgoing-form.ts'

/** Drover's own request fields: no provider knows them, but for one that a vendor sets again. */
const ownFields: readonly string[] = ['usage', 'models', 'provider']

/** Wishes about the API itself that callers of this family tell in headers. */
export const callerHeaders: readonly string[] = ['openai-beta', 'anthropic-beta', 'accept']

/** All changes of one call: the caller's edits, the model, and Drover's own fields out unless `edits.set` keeps them. */
const allEdits = (call: Call, { model, edits }: RequestTarget, stated: unknown): Edits => ({
  // Where the model stands in the address, a body that names it is refused.
  set: stated === model || edits.cut.includes('model') ? edits.set : { ...edits.set, model: JSON.stringify(model) },
  cut: [
    ...(call.kind === 'chat' || call.kind === 'completion' ? ownFields : ['models', 'provider']),
    ...edits.cut,
  ].filter((name) => !(name in edits.set)),
  rename: edits.rename,
})

const writeJson = (top: TopLevel, edits: Edits): Buffer => {
  const touched = [...Object.keys(edits.set), ...Object.keys(edits.rename), ...edits.cut]
  const idle = Object.keys(edits.set).length === 0 && !touched.some((name) => hasMember(top, name))
  return idle ? top.source : spliceTopLevel(top, edits)
}

/** The call as bytes for this target. What no edit names keeps its bytes; a form is streamed, its files read anew. */
export const writeRequest = (call: Call, target: RequestTarget): Converted<OutgoingCall> => {
  const { payload } = call
  if (payload.kind === 'form') {
    const boundary = boundaryOf(call.id)
    const body = writeForm(payload.form, { edits: allEdits(call, target, undefined), boundary })
    const value = { path: call.endpoint, contentType: `multipart/form-data; boundary=${boundary}`, body }
    return { value, warnings: [] }
  }
  const edits = allEdits(call, target, readMember(payload.top, 'model'))
  const bytes = writeJson(payload.top, edits)
  const value = { path: call.endpoint, contentType: 'application/json', body: { kind: 'bytes', bytes } as const }
  return { value, warnings: [] }
}
