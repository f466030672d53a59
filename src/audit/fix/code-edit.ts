/** Edits of literals in code: addresses and, with a target, models. Never of keys, of what is compared, or of lists of models. */

import type { ModelNames } from '#audit/rule/model-name.ts'
import { modelProvider } from '#audit/rule/model-name.ts'
import type { TextPlace, Unit } from '#audit/trace/scope.ts'
import { relayAddress } from './address.ts'
import type { Edit } from './edit.ts'

export type Wanted = {
  /** The relay's address, ending with `/v1`. */
  readonly relay: string
  /** The model to name instead; `null` = models stay. */
  readonly model: string | null
  readonly names: ModelNames
  /** Whether a name on this line stays, whatever the target: who asks for it does not come to the relay. */
  readonly stays?: (name: string, line: number) => boolean
}

/** Models that do not chat: their calls stay as they are. */
const notChat =
  /embed|whisper|tts|dall-e|image|moderation|rerank|realtime|audio|transcri|imagen|veo|davinci|babbage|instruct/i
const modelLabel = /^(?:model|model_?name|model_?id|default_?model|chat_?model|llm_?model|engine)$/i

/** Whether the text names a model that chats and belongs to another vendor than the target. */
export const isForeignChatModel = (text: string, { model, names }: Wanted): boolean =>
  model !== null &&
  text !== model &&
  modelProvider(names, text) !== null &&
  !notChat.test(text) &&
  modelProvider(names, text) !== modelProvider(names, model)

const literalEdit = (
  { node }: TextPlace,
  source: string,
  { text, ...rest }: Pick<Edit, 'text' | 'weight' | 'why'>,
): Edit | null => {
  if (node.kind !== 'text') return null
  const raw = source.slice(node.start, node.end)
  const at = raw.indexOf(node.value)
  // A text that is written with escapes is left alone.
  return at === -1
    ? null
    : { start: node.start + at, end: node.start + at + node.value.length, text, line: node.line, ...rest }
}

const baseLabel = /(?:base_?ur[il]|api_?base|uri_?base|endpoint|^url$|_url$)/i

/** How a language reads the variable and falls back to a text, where the file shows that it can. */
const readers: Readonly<Record<string, (source: string, text: string) => string | null>> = {
  javascript: (source, text) => (/\bprocess\.env\b/.test(source) ? `process.env.OPENAI_BASE_URL ?? ${text}` : null),
  typescript: (source, text) => (/\bprocess\.env\b/.test(source) ? `process.env.OPENAI_BASE_URL ?? ${text}` : null),
  python: (source, text) => (/^import os\b/m.test(source) ? `os.environ.get("OPENAI_BASE_URL", ${text})` : null),
  ruby: (_source, text) => `ENV.fetch("OPENAI_BASE_URL", ${text})`,
}

/** The base address as a read of one variable, so that going back is one flip. */
const variableEdit = (place: TextPlace, unit: Unit, address: string): Edit | null => {
  const { node, label, role } = place
  if (node.kind !== 'text' || role !== 'value' || label === null || !baseLabel.test(label)) return null
  const raw = unit.source.slice(node.start, node.end)
  const [quote = ''] = raw
  if (!/^["']$/.test(quote) || raw !== `${quote}${node.value}${quote}`) return null
  const text = readers[unit.language]?.(unit.source, `${quote}${address}${quote}`) ?? null
  if (text === null) return null
  const before = unit.source.slice(Math.max(0, node.start - 120), node.start)
  // It is read already: what is written here is its default.
  if (/OPENAI_BASE_URL["'\]) ]*(?:\|\||\?\?|\bor\b)\s*$/.test(before)) return null
  const why = `the address comes from OPENAI_BASE_URL, so that going back is one flip; it was ${node.value}`
  // `a || b ?? c` is no JavaScript.
  const isMixed = /(?:\|\||&&)\s*$/.test(before) || /^\s*(?:\|\||&&)/.test(unit.source.slice(node.end, node.end + 20))
  return {
    start: node.start,
    end: node.end,
    text: isMixed ? `(${text})` : text,
    line: node.line,
    weight: 'blocks',
    why,
  }
}

const placeEdit = (place: TextPlace, unit: Unit, wanted: Wanted): Edit | null => {
  const { source } = unit
  if (place.node.kind !== 'text' || (place.role !== 'value' && place.role !== 'default')) return null
  const { value } = place.node
  const address = relayAddress(value, wanted.relay)
  if (
    address !== null &&
    !(
      place.label !== null && /^(?:href|docs?|documentation|homepage|placeholder|description|title)$/i.test(place.label)
    )
  ) {
    const byVariable = address === wanted.relay ? variableEdit(place, unit, address) : null
    if (byVariable !== null) return byVariable
    return literalEdit(place, source, { text: address, weight: 'blocks', why: `the relay answers instead of ${value}` })
  }
  const isNamed = place.label !== null && modelLabel.test(place.label)
  if (!isNamed || !isForeignChatModel(value, wanted) || wanted.stays?.(value, place.node.line) === true) return null
  return literalEdit(place, source, {
    text: wanted.model ?? value,
    weight: 'blocks',
    why: `the target is called ${wanted.model}, not ${value}`,
  })
}

/** The edits of a file of code, in order. */
export const codeEdits = (unit: Unit, wanted: Wanted): readonly Edit[] => {
  // Notebooks and components are read as another text than the file has.
  const taken = new Set<number>()
  return unit.texts
    .flatMap((place) => placeEdit(place, unit, wanted) ?? [])
    .filter(({ start }) => !taken.has(start) && taken.add(start).has(start))
    .toSorted((one, other) => one.start - other.start)
}
