/** What is to be asked: the message, and behind lines what belongs to it now and then. */

import type { ChangeEvent, KeyboardEvent } from 'react'
import { useState } from 'react'
import { Button } from '#parts/button.tsx'
import { Disclosure } from '#parts/disclosure.tsx'
import { ChoiceField, LongField, TextField } from '#parts/field.tsx'
import { useWords } from '#parts/language.tsx'
import type { Ask } from './ask.ts'
import { isList, isRecord, readJson } from './ask.ts'
import { texts } from './texts.ts'

export type Wish = {
  readonly system: string
  readonly message: string
  readonly max: string
  readonly temperature: string
  readonly tools: string
  readonly schema: string
  readonly images: readonly string[]
  readonly isTest: boolean
}

const imagesMax = 4
const imageBytesMax = 4 * 1024 * 1024
const longestDefault = 512

export const noWish: Wish = {
  system: '',
  message: '',
  max: String(longestDefault),
  temperature: '',
  tools: '',
  schema: '',
  images: [],
  isTest: true,
}

export const nothingAsked: Ask = {
  system: '',
  message: '',
  maxTokens: longestDefault,
  temperature: null,
  images: [],
  tools: null,
  schema: null,
}

/** `null` where a field cannot be read yet. */
export const askOf = (wish: Wish): Ask | null => {
  const tools = readJson(wish.tools, isList)
  const schema = readJson(wish.schema, isRecord)
  if ('fault' in tools || 'fault' in schema) return null
  return {
    system: wish.system,
    message: wish.message,
    maxTokens: Math.max(1, Number(wish.max) || longestDefault),
    temperature: wish.temperature === '' ? null : Number(wish.temperature),
    images: wish.images,
    tools: tools.value,
    schema: schema.value,
  }
}

const toolExample = [
  {
    type: 'function',
    function: {
      name: 'weather',
      description: 'The weather at a place.',
      parameters: { type: 'object', properties: { place: { type: 'string' } }, required: ['place'] },
    },
  },
]
const schemaExample = {
  type: 'object',
  properties: { answer: { type: 'string' }, sure: { type: 'boolean' } },
  required: ['answer', 'sure'],
  additionalProperties: false,
}

type JsonProps = {
  readonly what: 'tools' | 'schema'
  readonly text: string
  readonly fault: string | null
  readonly put: (text: string) => void
}

const JsonField = ({ what, text, fault, put }: JsonProps) => {
  const say = useWords(texts)
  const example = what === 'tools' ? toolExample : schemaExample
  return (
    <>
      <LongField
        label={say(what)}
        help={say(what === 'tools' ? 'toolsHelp' : 'schemaHelp')}
        fault={fault === null ? null : say(what === 'tools' ? 'toolsFault' : 'schemaFault', { why: fault })}
        className="textarea yaml"
        rows={8}
        spellCheck={false}
        value={text}
        onChange={(event) => put(event.target.value)}
      />
      <div>
        <Button small onClick={() => put(JSON.stringify(example, null, 2))}>
          {say('example')}
        </Button>
      </div>
    </>
  )
}

const readFile = (file: File): Promise<string> =>
  new Promise((resolve, reject) => {
    const reader = new FileReader()
    reader.onload = () => resolve(String(reader.result))
    reader.onerror = () => reject(reader.error ?? new Error(file.name))
    reader.readAsDataURL(file)
  })

type ImagesProps = { readonly images: readonly string[]; readonly put: (images: readonly string[]) => void }

const Images = ({ images, put }: ImagesProps) => {
  const say = useWords(texts)
  const [fault, setFault] = useState<string | null>(null)
  const take = async (event: ChangeEvent<HTMLInputElement>): Promise<void> => {
    const files = [...(event.target.files ?? [])]
    event.target.value = ''
    const large = files.find(({ size }) => size > imageBytesMax)
    setFault(large === undefined ? null : say('tooLarge', { name: large.name }))
    const read = await Promise.all(files.filter(({ size }) => size <= imageBytesMax).map(readFile))
    put([...images, ...read].slice(0, imagesMax))
  }
  return (
    <>
      <TextField
        label={say('addImage')}
        help={say('imagesHelp')}
        fault={fault}
        type="file"
        accept="image/png,image/jpeg,image/webp,image/gif"
        multiple
        disabled={images.length >= imagesMax}
        onChange={(event) => void take(event)}
      />
      {images.length === 0 ? null : (
        <ul className="pictures">
          {images.map((url, place) => (
            <li key={url}>
              <img src={url} alt={say('image', { number: place + 1 })} />
              <Button
                small
                icon="close"
                aria-label={say('removeImage', { number: place + 1 })}
                onClick={() => put(images.toSpliced(place, 1))}
              />
            </li>
          ))}
        </ul>
      )}
    </>
  )
}

type FormProps = {
  readonly wish: Wish
  readonly change: (patch: Partial<Wish>) => void
  readonly start: () => void
}

const Sampling = ({ wish, change }: Omit<FormProps, 'start'>) => {
  const say = useWords(texts)
  return (
    <div className="form">
      <TextField
        label={say('system')}
        value={wish.system}
        onChange={(event) => change({ system: event.target.value })}
      />
      <TextField
        label={say('max')}
        inputMode="numeric"
        value={wish.max}
        onChange={(event) => change({ max: event.target.value })}
      />
      <TextField
        label={say('temperature')}
        inputMode="decimal"
        placeholder="–"
        value={wish.temperature}
        onChange={(event) => change({ temperature: event.target.value })}
      />
      <ChoiceField
        label={say('with')}
        help={say('keyWhy')}
        value={wish.isTest ? 'test' : 'live'}
        onChange={(event) => change({ isTest: event.target.value === 'test' })}
      >
        <option value="test">{say('sandbox')}</option>
        <option value="live">{say('live')}</option>
      </ChoiceField>
    </div>
  )
}

export const WishForm = ({ wish, change, start }: FormProps) => {
  const say = useWords(texts)
  const tools = readJson(wish.tools, isList)
  const schema = readJson(wish.schema, isRecord)
  const count = 'value' in tools ? (tools.value?.length ?? 0) : 0
  const onKey = (event: KeyboardEvent): void => {
    if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) start()
  }
  return (
    <>
      <LongField
        label={say('message')}
        help={say('messageHelp')}
        rows={3}
        value={wish.message}
        onKeyDown={onKey}
        onChange={(event) => change({ message: event.target.value })}
      />
      <Sampling wish={wish} change={change} />
      <div className="cards">
        <Disclosure title={say('tools')} beside={count === 0 ? undefined : say('used', { count })}>
          <JsonField
            what="tools"
            text={wish.tools}
            fault={'fault' in tools ? tools.fault : null}
            put={(text) => change({ tools: text })}
          />
        </Disclosure>
        <Disclosure title={say('schema')} beside={wish.schema === '' ? undefined : '✓'}>
          <JsonField
            what="schema"
            text={wish.schema}
            fault={'fault' in schema ? schema.fault : null}
            put={(text) => change({ schema: text })}
          />
        </Disclosure>
        <Disclosure
          title={say('images')}
          beside={wish.images.length === 0 ? undefined : say('used', { count: wish.images.length })}
        >
          <Images images={wish.images} put={(images) => change({ images })} />
        </Disclosure>
      </div>
    </>
  )
}
