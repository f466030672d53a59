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

const placeEdit = (place: TextPlace, source: string, wanted: Wanted): Edit | null => {
  if (place.node.kind !== 'text' || (place.role !== 'value' && place.role !== 'default')) return null
  const { value } = place.node
  const address = relayAddress(value, wanted.relay)
  if (
    address !== null &&
    !(
      place.label !== null && /^(?:href|docs?|documentation|homepage|placeholder|description|title)$/i.test(place.label)
    )
  )
    return literalEdit(place, source, { text: address, weight: 'blocks', why: `the relay answers instead of ${value}` })
  const isNamed = place.label !== null && modelLabel.test(place.label)
  if (!isNamed || !isForeignChatModel(value, wanted)) return null
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
    .flatMap((place) => placeEdit(place, unit.source, wanted) ?? [])
    .filter(({ start }) => !taken.has(start) && taken.add(start).has(start))
    .toSorted((one, other) => one.start - other.start)
}
