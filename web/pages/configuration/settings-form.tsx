/** drover.yaml as a form: values are changed, the difference of the file is seen, and only then it is written. One call, and one for each look. */

import { useState } from 'react'
import type { Output } from '#actions/contract.ts'
import { useChange, useRead } from '#actions/queries.ts'
import { Button } from '#parts/button.tsx'
import { Dialog } from '#parts/dialog.tsx'
import { Disclosure } from '#parts/disclosure.tsx'
import { ChoiceField, TextField } from '#parts/field.tsx'
import { useFilters } from '#parts/filters.ts'
import { FindField } from '#parts/find-field.tsx'
import { usePreferences, useWord, useWords } from '#parts/language.tsx'
import { Empty, Loaded, ProblemNote } from '#parts/states.tsx'
import { useToast } from '#parts/toast.tsx'
import { helpOf } from './help.ts'
import { blockTitles, texts } from './texts.ts'

type Settings = Output<'settings show'>
type Field = Settings['fields'][number]
type Preview = Output<'settings set'>
type Edits = Readonly<Record<string, string>>

/** `server.cors.origins` -> `cors.origins`: the block is the heading. */
const labelOf = ({ path, block }: Field): string => path.slice(block.length).replace(/^\./, '') || path

const valueNow = (field: Field, edits: Edits): string => edits[field.path] ?? field.value ?? ''

const changedOf = (fields: readonly Field[], edits: Edits): readonly Field[] =>
  fields.filter((field) => valueNow(field, edits) !== (field.value ?? ''))

type InputProps = { readonly field: Field; readonly value: string; readonly put: (value: string) => void }

const SettingInput = ({ field, value, put }: InputProps) => {
  const say = useWords(texts)
  const { language } = usePreferences()
  const { kind, fallback, choices, editable, required } = field
  const shared = {
    label: labelOf(field),
    help: `${helpOf(field, language)}${editable ? '' : ` ${say('fileAlone')}`}`,
    value,
    disabled: !editable,
    required,
  }
  if (kind !== 'switch' && kind !== 'choice')
    return (
      <TextField
        {...shared}
        placeholder={fallback ?? ''}
        spellCheck={false}
        autoComplete="off"
        {...(kind === 'number' ? { inputMode: 'decimal' as const } : {})}
        onChange={(event) => put(event.target.value)}
      />
    )
  return (
    <ChoiceField {...shared} onChange={(event) => put(event.target.value)}>
      {required ? null : <option value="">{fallback === null ? say('unset') : say('asDefault', { fallback })}</option>}
      {(kind === 'switch' ? ['true', 'false'] : choices).map((one) => (
        <option key={one} value={one}>
          {one}
        </option>
      ))}
    </ChoiceField>
  )
}

type PreviewProps = {
  readonly preview: Preview
  readonly busy: boolean
  readonly error: Error | null
  readonly write: () => void
  readonly onClose: () => void
}

const DifferenceDialog = ({ preview, busy, error, write, onClose }: PreviewProps) => {
  const say = useWords(texts)
  return (
    <Dialog title={say('difference')} look="sheet" onClose={onClose}>
      <div className="stack">
        <p className="soft mono break">{preview.file}</p>
        {preview.difference.length === 0 ? <p>{say('none')}</p> : null}
        {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls is reached by keyboard. */}
        <pre className="diff" tabIndex={0}>
          {preview.difference.map(({ sign, text }, place) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: lines have nothing else.
            <span key={place} className={sign === '+' ? 'come' : sign === '-' ? 'gone' : 'kept'}>
              {`${sign} ${text}\n`}
            </span>
          ))}
        </pre>
        {preview.restart.length === 0 ? null : (
          <div className="note warn">
            <p>{say('restart', { settings: preview.restart.join(', ') })}</p>
          </div>
        )}
        {error === null ? null : <ProblemNote error={error} />}
        <div className="actions">
          <Button onClick={onClose}>{say('back')}</Button>
          <Button kind="first" busy={busy} disabled={preview.difference.length === 0} onClick={write}>
            {say('write')}
          </Button>
        </div>
      </div>
    </Dialog>
  )
}

type SectionsProps = {
  readonly settings: Settings
  readonly edits: Edits
  readonly put: (path: string) => (value: string) => void
}

const Sections = ({ settings, edits, put }: SectionsProps) => {
  const say = useWords(texts)
  const word = useWord()
  const { language } = usePreferences()
  const [{ find = '' }] = useFilters()
  const wanted = find.trim().toLowerCase()
  const isWanted = (field: Field): boolean =>
    `${field.path} ${field.help} ${helpOf(field, language)}`.toLowerCase().includes(wanted)
  const sections = settings.blocks
    .map((block) => ({ ...block, fields: settings.fields.filter((one) => one.block === block.name && isWanted(one)) }))
    .filter(({ fields }) => fields.length > 0)
  if (sections.length === 0) return <Empty title={say('nothingFound')} command={null} />
  return sections.map(({ name, fields }) => (
    <Disclosure
      key={`${name} ${wanted !== ''}`}
      title={word(blockTitles[name] ?? [name, name])}
      beside={say('said', { count: fields.filter(({ value }) => value !== null).length })}
      open={wanted !== ''}
    >
      <div className="form">
        {fields.map((field) => (
          <SettingInput key={field.path} field={field} value={valueNow(field, edits)} put={put(field.path)} />
        ))}
      </div>
    </Disclosure>
  ))
}

const Form = ({ settings }: { readonly settings: Settings }) => {
  const say = useWords(texts)
  const toast = useToast()
  const [edits, setEdits] = useState<Edits>({})
  const [preview, setPreview] = useState<Preview | null>(null)
  const look = useChange('settings set')
  const write = useChange('settings set', ['settings show'])
  const changed = changedOf(settings.fields, edits)
  const changes = changed.map((field) => `${field.path}=${valueNow(field, edits).trim()}`)
  const asked = { changes, digest: settings.digest }
  const put = (path: string) => (value: string) => setEdits({ ...edits, [path]: value })
  const keep = (): void =>
    write.mutate(asked, {
      onSuccess: () => {
        toast(say('written'))
        setPreview(null)
        setEdits({})
      },
    })
  return (
    <div className="stack settings-form">
      <Sections settings={settings} edits={edits} put={put} />
      {look.error === null ? null : <ProblemNote error={look.error} />}
      <div className="row spread save-bar">
        <span role="status">{say('changes', { count: changed.length })}</span>
        <span className="row">
          <Button disabled={changed.length === 0} onClick={() => setEdits({})}>
            {say('discard')}
          </Button>
          <Button
            kind="first"
            busy={look.isPending}
            disabled={changed.length === 0}
            onClick={() => look.mutate({ ...asked, dry_run: true }, { onSuccess: setPreview })}
          >
            {say('preview')}
          </Button>
        </span>
      </div>
      {preview === null ? null : (
        <DifferenceDialog
          preview={preview}
          busy={write.isPending}
          error={write.error}
          write={keep}
          onClose={() => setPreview(null)}
        />
      )}
    </div>
  )
}

export const SettingsForm = () => {
  const say = useWords(texts)
  const query = useRead('settings show', {})
  return (
    <Loaded query={query}>
      {(settings) => (
        <div className="stack">
          <div className="filters">
            <FindField label={say('find')} />
            <span className="soft mono break">{settings.file}</span>
          </div>
          <Form key={settings.digest} settings={settings} />
        </div>
      )}
    </Loaded>
  )
}
