/** What of the log is shown. Text is looked for when it has been entered, not with each letter. */

import type { FormEvent } from 'react'
import { Button } from '#parts/button.tsx'
import { textsOf } from '#parts/field.tsx'
import type { Filters } from '#parts/filters.ts'
import { useWords } from '#parts/language.tsx'
import { texts } from './texts.ts'

const written = ['model', 'provider', 'key', 'account', 'error', 'tag'] as const

/** Filters that the log takes as they are. */
export const filterNames = [...written, 'status', 'end', 'from', 'to', 'conversation', 'call_site'] as const

const statuses = ['2xx', '4xx', '5xx', '400', '401', '402', '429', '500', '502', '503', '504'] as const
const ends = ['complete', 'cut', 'left', 'refused'] as const

type Props = {
  readonly filters: Filters
  readonly change: (patch: Readonly<Record<string, string | undefined>>) => void
}

const Choices = ({ filters, change }: Props) => {
  const say = useWords(texts)
  const choose = (name: string) => (event: { readonly target: { readonly value: string } }) =>
    change({ [name]: event.target.value, before: undefined })
  return (
    <>
      <select className="select" aria-label={say('since')} value={filters['from'] ?? ''} onChange={choose('from')}>
        <option value="">{say('anyTime')}</option>
        <option value="1h">{say('hour')}</option>
        <option value="24h">{say('day')}</option>
        <option value="7d">{say('week')}</option>
      </select>
      <select className="select" aria-label={say('status')} value={filters['status'] ?? ''} onChange={choose('status')}>
        <option value="">{say('anyStatus')}</option>
        {statuses.map((status) => (
          <option key={status}>{status}</option>
        ))}
      </select>
      <select className="select" aria-label={say('end')} value={filters['end'] ?? ''} onChange={choose('end')}>
        <option value="">{say('anyEnd')}</option>
        {ends.map((end) => (
          <option key={end} value={end}>
            {say(end)}
          </option>
        ))}
      </select>
    </>
  )
}

export const CallFilters = ({ filters, change }: Props) => {
  const say = useWords(texts)
  const submit = (event: FormEvent<HTMLFormElement>): void => {
    event.preventDefault()
    const given = textsOf(event.currentTarget)
    change({ ...Object.fromEntries(written.map((name) => [name, given[name]])), before: undefined })
  }
  const isNarrowed = filterNames.some((name) => filters[name] !== undefined)
  const clear = (): void =>
    change({ ...Object.fromEntries(filterNames.map((name) => [name, undefined])), before: undefined })
  return (
    <form
      className="filters"
      aria-label={say('filters')}
      onSubmit={submit}
      key={JSON.stringify(written.map((name) => filters[name]))}
    >
      <Choices filters={filters} change={change} />
      {written.map((name) => (
        <input
          key={name}
          className="input"
          name={name}
          defaultValue={filters[name] ?? ''}
          aria-label={say(name)}
          placeholder={say(name)}
          autoComplete="off"
          onBlur={(event) => {
            if (event.target.value.trim() !== (filters[name] ?? '')) event.target.form?.requestSubmit()
          }}
        />
      ))}
      {isNarrowed ? (
        <Button kind="plain" icon="close" onClick={clear}>
          {say('clear')}
        </Button>
      ) : null}
      <input type="submit" hidden />
    </form>
  )
}
