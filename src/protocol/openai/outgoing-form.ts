/** A multipart form written again for an upstream: same parts in the same order, files streamed from where they lie. */

import { encodeForm } from '#http/encode-form.ts'
import type { Form, FormPart } from '#http/inbound.ts'
import type { UpstreamBody } from '#http/transport.ts'
import type { Edits } from '#protocol/call.ts'

/** No file can hold this line: the caller does not know the call's id before its body is sent. */
export const boundaryOf = (callId: string): string => `drover-${callId}`

const fieldPart = (name: string, value: string): FormPart => ({ kind: 'field', name, value, contentType: null })

/** JSON text as a form says it: a string without quotes, all else as it is. */
const fieldText = (json: string): string => {
  const value: unknown = JSON.parse(json)
  return typeof value === 'string' ? value : json
}

/** The parts after the edits: fields are set in place, at their first occurrence, or added before the first file. */
const edited = (form: Form, edits: Edits): readonly FormPart[] => {
  const set = new Map(Object.entries(edits.set).map(([name, json]) => [name, fieldText(json)]))
  const cut = new Set(edits.cut)
  const written = new Set<string>()
  const parts: FormPart[] = []
  for (const part of form.parts) {
    if (cut.has(part.name)) continue
    const name = edits.rename[part.name] ?? part.name
    const value = set.get(name)
    if (value === undefined) parts.push({ ...part, name })
    else if (!written.has(name)) parts.push(fieldPart(name, value))
    written.add(name)
  }
  const added = [...set].filter(([name]) => !written.has(name)).map(([name, value]) => fieldPart(name, value))
  return [...added, ...parts]
}

/** The form as a body of known length that can be read once per attempt. */
export const writeForm = (form: Form, options: { readonly edits: Edits; readonly boundary: string }): UpstreamBody =>
  encodeForm(edited(form, options.edits), options.boundary)
