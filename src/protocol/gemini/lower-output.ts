/** A shorter answer of Gemini: its maximum lies in the settings of the answer, in either spelling. */

import assert from 'node:assert/strict'
import { Buffer } from 'node:buffer'
import { hasMember, memberText, scanTopLevel, spliceTopLevel } from '#base/json.ts'
import type { LowerOutput } from '#protocol/lower-output.ts'

const emptyConfig = Buffer.from('{}')

export const lowerOutput: LowerOutput = ({ payload }, tokensMax) => {
  assert(payload.kind === 'json', 'Gemini is asked in JSON')
  const { top } = payload
  const config = ['generationConfig', 'generation_config'].find((name) => hasMember(top, name)) ?? 'generationConfig'
  const stated = memberText(top, config)
  const inner = scanTopLevel(stated === undefined || stated[0] !== 0x7b ? emptyConfig : stated)
  const given = ['maxOutputTokens', 'max_output_tokens'].filter((name) => hasMember(inner, name))
  const names = given.length > 0 ? given : ['maxOutputTokens']
  const set = Object.fromEntries(names.map((name) => [name, tokensMax.toString()]))
  return {
    edits: { set: { [config]: spliceTopLevel(inner, { set }).toString('utf8') }, cut: [], rename: {} },
    warnings: [{ field: `${config}.${names[0]}`, reason: `lowered to ${tokensMax}` }],
  }
}
