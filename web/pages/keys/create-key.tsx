/** Makes a key and shows it, once. */

import { useQueryClient } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import type { FormEvent } from 'react'
import { ApiProblem } from '#actions/api.ts'
import type { Input, Output } from '#actions/contract.ts'
import { keepNewKey } from '#actions/new-key.ts'
import { useChange } from '#actions/queries.ts'
import { Button } from '#parts/button.tsx'
import { Code, SecretText } from '#parts/code.tsx'
import { Dialog } from '#parts/dialog.tsx'
import { ChoiceField, TextField, textsOf } from '#parts/field.tsx'
import { useWords } from '#parts/language.tsx'
import { ProblemNote } from '#parts/states.tsx'
import { texts } from './texts.ts'

const listOf = (text: string | undefined): string[] | undefined =>
  text
    ?.split(',')
    .map((piece) => piece.trim())
    .filter((piece) => piece !== '')

const numberOf = (text: string | undefined): number | undefined => (text === undefined ? undefined : Number(text))

const inputOf = (form: HTMLFormElement): Input<'keys create'> => {
  const given = textsOf(form)
  const kind = given['kind']
  return {
    name: given['name'] ?? '',
    account: given['account'],
    test: kind === 'test',
    admin: kind === 'admin',
    models: listOf(given['models']),
    addresses: listOf(given['addresses']),
    rpm: numberOf(given['rpm']),
    tpm: numberOf(given['tpm']),
    concurrency: numberOf(given['concurrency']),
    budget: given['budget'],
    budget_period: given['budget_period'] as 'day' | undefined,
    expires: given['expires'],
  }
}

/** The key itself, with a command that uses it. */
export const MadeKey = ({
  made,
  note,
  onClose,
}: {
  readonly made: Output<'keys create'>
  readonly note?: string
  readonly onClose: () => void
}) => {
  const say = useWords(texts)
  const client = useQueryClient()
  const command = `curl ${window.location.origin}/v1/chat/completions \\
  -H "Authorization: Bearer ${made.key}" \\
  -H "Content-Type: application/json" \\
  -d '{"model":"kimi-k2","messages":[{"role":"user","content":"ping"}]}'`
  return (
    <div className="stack">
      <p>{say('madeWhy')}</p>
      <SecretText text={made.key} />
      {note === undefined ? null : <p className="soft">{note}</p>}
      {made.purpose === 'model' ? (
        <>
          <h3>{say('use')}</h3>
          <Code text={command} wrapped />
        </>
      ) : null}
      <div className="actions">
        {made.purpose === 'model' ? (
          <Link className="button" to="/quickstart" onClick={() => keepNewKey(client, made.key)}>
            {say('everyClient')}
          </Link>
        ) : null}
        <Button kind="first" onClick={onClose}>
          {say('done')}
        </Button>
      </div>
    </div>
  )
}

const Limits = ({ faultOf }: { readonly faultOf: (name: string) => string | null }) => {
  const say = useWords(texts)
  const whole = { inputMode: 'numeric', pattern: '[0-9]*', placeholder: '–' } as const
  return (
    <>
      <TextField label={say('rpm')} name="rpm" {...whole} fault={faultOf('rpm')} />
      <TextField label={say('tpm')} name="tpm" {...whole} fault={faultOf('tpm')} />
      <TextField label={say('concurrency')} name="concurrency" {...whole} fault={faultOf('concurrency')} />
      <TextField label={say('budget')} name="budget" inputMode="decimal" placeholder="–" fault={faultOf('budget')} />
      <ChoiceField label={say('period')} name="budget_period" fault={faultOf('budget_period')}>
        <option value="">{say('none')}</option>
        <option value="day">{say('day')}</option>
        <option value="week">{say('week')}</option>
        <option value="month">{say('month')}</option>
      </ChoiceField>
      <ChoiceField label={say('expires')} name="expires" fault={faultOf('expires')}>
        <option value="">{say('never')}</option>
        {[1, 7, 30, 90, 365].map((count) => (
          <option value={`${count}d`} key={count}>
            {say('days', { count })}
          </option>
        ))}
      </ChoiceField>
    </>
  )
}

const KeyForm = ({
  busy,
  error,
  make,
}: {
  readonly busy: boolean
  readonly error: Error | null
  readonly make: (input: Input<'keys create'>) => void
}) => {
  const say = useWords(texts)
  const param = error instanceof ApiProblem ? error.param : null
  const faultOf = (name: string): string | null => (param === name ? (error?.message ?? null) : null)
  const submit = (event: FormEvent<HTMLFormElement>): void => {
    event.preventDefault()
    make(inputOf(event.currentTarget))
  }
  return (
    <form className="stack" onSubmit={submit}>
      <div className="form">
        <TextField
          label={say('name')}
          help={say('nameHelp')}
          name="name"
          required
          maxLength={100}
          autoComplete="off"
          fault={faultOf('name')}
          wide
        />
        <ChoiceField label={say('kind')} name="kind">
          <option value="live">{say('live')}</option>
          <option value="test">{say('test')}</option>
          <option value="admin">{say('admin')}</option>
        </ChoiceField>
        <TextField
          label={say('account')}
          name="account"
          placeholder="default"
          autoComplete="off"
          fault={faultOf('account')}
        />
        <Limits faultOf={faultOf} />
        <TextField
          label={say('models')}
          help={say('modelsHelp')}
          name="models"
          autoComplete="off"
          fault={faultOf('models')}
          wide
        />
        <TextField
          label={say('addresses')}
          help={say('addressesHelp')}
          name="addresses"
          autoComplete="off"
          fault={faultOf('addresses')}
          wide
        />
      </div>
      {error !== null && param === null ? <ProblemNote error={error} /> : null}
      <div className="actions">
        <Button type="submit" kind="first" busy={busy}>
          {say('create')}
        </Button>
      </div>
    </form>
  )
}

export const CreateKey = ({ onClose }: { readonly onClose: () => void }) => {
  const say = useWords(texts)
  const create = useChange('keys create', ['keys list'])
  return (
    <Dialog title={create.data === undefined ? say('createTitle') : say('made')} onClose={onClose}>
      {create.data === undefined ? (
        <KeyForm busy={create.isPending} error={create.error} make={(input) => create.mutate(input)} />
      ) : (
        <MadeKey made={create.data} onClose={onClose} />
      )}
    </Dialog>
  )
}
