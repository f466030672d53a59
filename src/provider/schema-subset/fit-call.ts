/** The schemas of a call, of its tools and of its answer, fitted to the subset that the vendor takes. Pure. */

import { hasMember, readMember } from '#base/json.ts'
import type { Json, JsonObject } from '#base/json-type.ts'
import { isObject } from '#base/json-type.ts'
import { Problem } from '#base/problem.ts'
import type { Call, Warning } from '#protocol/call.ts'
import type { Adjustment } from '#provider/vendor.ts'
import { noAdjustment } from '#provider/vendor.ts'
import type { Fault } from './fault.ts'
import { faultsOf } from './fault.ts'
import { fitSchema, isObjectSchema } from './fit.ts'

/** Faults of one schema that a warning names. */
const namedMax = 3

/** Where schemas stand, by the call's protocol; `[]` = in each of a list. */
const spots: Readonly<Record<string, readonly { readonly path: readonly string[]; readonly isTool: boolean }[]>> = {
  'openai-chat': [
    { path: ['tools', '[]', 'function', 'parameters'], isTool: true },
    { path: ['functions', '[]', 'parameters'], isTool: true },
    { path: ['response_format', 'json_schema', 'schema'], isTool: false },
  ],
  'anthropic-messages': [
    { path: ['tools', '[]', 'input_schema'], isTool: true },
    { path: ['output_config', 'format', 'schema'], isTool: false },
  ],
}

type Change = (schema: JsonObject, field: string) => JsonObject

type Way = { readonly path: readonly string[]; readonly field: string }

/** The value with the schema at the end of the way changed; what is not there stays so. */
const changeAt = (value: Json, { path, field }: Way, change: Change): Json => {
  const [step, ...rest] = path
  if (step === undefined) return isObject(value) ? change(value, field) : value
  if (step === '[]')
    return Array.isArray(value)
      ? (value as readonly Json[]).map((one, at) => changeAt(one, { path: rest, field: `${field}[${at}]` }, change))
      : value
  if (!isObject(value) || value[step] === undefined) return value
  return { ...value, [step]: changeAt(value[step] ?? null, { path: rest, field: `${field}.${step}` }, change) }
}

const rootFault: Fault = { path: 'root', reason: 'type must be object' }

/** A tool without a type at its top means an object all the same: that is no fault of the caller's. */
const toolFaults = (schema: JsonObject): readonly Fault[] => {
  const faults = faultsOf(schema)
  return schema['type'] === undefined && schema['anyOf'] === undefined && schema['$ref'] === undefined
    ? faults
    : isObjectSchema(schema)
      ? faults
      : [...faults, rootFault]
}

/** Nothing of these is lost on a model. */
const silent = /^(?:\$schema|\$comment|\$anchor|readOnly|writeOnly) is /

const told = (faults: readonly Fault[]): string => {
  const named = faults.slice(0, namedMax).map(({ path, reason }) => `${path}: ${reason}`)
  const more = faults.length - named.length
  return `fitted to the schemas that the vendor takes: ${named.join('; ')}${more > 0 ? `; ${more} more` : ''}`
}

const refusal = (field: string, { path, reason }: Fault, model: string): Problem =>
  new Problem('unsupported_parameter', {
    message: `The model '${model}' cannot take the schema "${field}": at ${path}, ${reason}. Change the schema, or let the target fit it with "params: shim".`,
    param: field,
    facts: { allowed: "the vendor's subset of JSON Schema", model },
  })

export type FitCallOrder = {
  readonly call: Call
  readonly mode: 'shim' | 'strict'
  /** As the upstream names it. */
  readonly model: string
}

/** The adjustment that its schemas need, or in strict mode the Problem `unsupported_parameter` for the first that would change. */
export const fitSchemasOf = ({ call, mode, model }: FitCallOrder): Adjustment | Problem => {
  if (call.payload.kind !== 'json') return noAdjustment
  const { top } = call.payload
  const set: Record<string, string> = {}
  const warnings: Warning[] = []
  const refused: Problem[] = []
  for (const { path, isTool } of spots[call.protocol] ?? []) {
    const [member = '', ...rest] = path
    if (!hasMember(top, member)) continue
    let isChanged = false
    const change: Change = (schema, field) => {
      const fitted = fitSchema(schema, { isTool })
      if (fitted === schema) return schema
      isChanged = true
      const faults = (isTool ? toolFaults(schema) : faultsOf(schema)).filter(({ reason }) => !silent.test(reason))
      const [first] = faults
      if (first === undefined) return fitted
      refused.push(refusal(field, first, model))
      warnings.push({ field, reason: told(faults) })
      return fitted
    }
    const value = changeAt(readMember(top, member) as Json, { path: rest, field: member }, change)
    if (isChanged) set[member] = JSON.stringify(value)
  }
  const [problem] = refused
  if (mode === 'strict' && problem !== undefined) return problem
  const shims = Object.keys(set).map((member) => `${member}:schema-subset`)
  return shims.length === 0 ? noAdjustment : { edits: { set, cut: [], rename: {} }, warnings, shims }
}
